// What the sidebar shows. Loaded when it is first opened.

import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, ellipsesIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { useConnected, useHold, useRunList, useSignal, words } from '../parts';
import { openMenu } from '../parts/menu';
import type { ITraining, IWorkspace } from '../tokens';

import { COMMANDS } from './commands';
import { ComputePanel } from './computepanel';
import { EnvironmentsPanel } from './environmentspanel';
import { FilterBar } from './filterbar';
import type { SidebarModel } from './model';
import { ModelsPanel } from './modelspanel';
import { QueuePanel } from './queuepanel';
import type { QueueOrder } from './queuemoves';
import { RunsList } from './runslist';
import { Section } from './section';
import { ConnectionNote, NoServerNote, Note, statusCommand } from './trouble';

import '../../src/style/sidebar.css';
import '../../src/style/runslist.css';
import '../../src/style/queue.css';
import '../../src/style/environmentspanel.css';
import '../../src/style/clusters.css';
import '../../src/style/modelspanel.css';

export interface ISidebarViewProps {
  training: ITraining;
  model: SidebarModel;
  orderOf: (workspace: IWorkspace) => QueueOrder;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** The sidebar: the workspace, its queue, its runs, environments, compute targets and models. */
export function SidebarView(props: ISidebarViewProps): React.JSX.Element {
  const { training, model, trans } = props;
  useSignal(training.changed);
  useSignal(model.changed);
  const workspace = training.current;
  return (
    <>
      <Header {...props} />
      {training.problem !== null && (
        <NoServerNote
          problem={training.problem}
          trans={trans}
          onRetry={() => void training.refresh()}
        />
      )}
      {workspace ? (
        <WorkspaceView key={workspace.id} {...props} workspace={workspace} />
      ) : (
        training.problem === null && <Skeleton />
      )}
    </>
  );
}

function Header(props: ISidebarViewProps): React.JSX.Element {
  const { training, commands, trans } = props;
  const { workspaces, current } = training;
  const canSubmit = commands.hasCommand(COMMANDS.newRun);
  return (
    <div className="jp-mltrain-SidebarHeader">
      <div className="jp-mltrain-SidebarHeader-line">
        <h2 className="jp-mltrain-SidebarHeader-title">{trans.__('Training')}</h2>
        {canSubmit && (
          <button
            type="button"
            className="jp-mltrain-Sidebar-button jp-mltrain-SidebarHeader-new"
            onClick={() => void commands.execute(COMMANDS.newRun)}
          >
            <addIcon.react tag={null} />
            {trans.__('New run')}
          </button>
        )}
        <button
          type="button"
          className="jp-mltrain-Sidebar-iconButton"
          aria-label={trans.__('More actions')}
          aria-haspopup="menu"
          onClick={event =>
            openMenu(commands, [[COMMANDS.refresh], [COMMANDS.copyFolder]], event.currentTarget)
          }
        >
          <ellipsesIcon.react tag={null} />
        </button>
      </div>
      {workspaces.length > 1 && current && (
        <select
          className="jp-mltrain-Sidebar-select jp-mltrain-SidebarHeader-workspace"
          aria-label={trans.__('Workspace')}
          title={workspaces.find(each => each.id === current.id)?.directory}
          value={current.id}
          onChange={event => training.choose(event.target.value)}
        >
          {workspaces.map(each => (
            <option key={each.id} value={each.id}>
              {each.there
                ? words.shown(each.name)
                : trans.__('%1 (folder is gone)', words.shown(each.name))}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}

type IWorkspaceViewProps = ISidebarViewProps & { workspace: IWorkspace };

function WorkspaceView(props: IWorkspaceViewProps): React.JSX.Element {
  const { workspace, model, training, commands, trans } = props;
  const { connection, queue, computes, environments, models, runs } = workspace;
  useConnected(workspace);
  useHold(queue);
  useHold(computes);
  useSignal(queue.changed);
  useSignal(computes.changed);
  useSignal(environments.changed);
  useSignal(models.changed);
  const list = useRunList(workspace, model.filter);
  useSignal(list.changed);
  const { selection } = model;
  React.useEffect(() => {
    const forget = (_: unknown, runId: string): void => selection.remove(runId);
    runs.deleted.connect(forget);
    return () => {
      runs.deleted.disconnect(forget);
    };
  }, [runs, selection]);
  const run = (command: string, runId: string): void =>
    void commands.execute(command, { workspace: workspace.id, run: runId });
  const open = (runId: string): void => run(COMMANDS.open, runId);
  const info = training.workspaces.find(each => each.id === workspace.id);
  const order = props.orderOf(workspace);

  return (
    <>
      <ConnectionNote
        connection={connection}
        workspace={info?.name ?? workspace.id}
        command={statusCommand(info)}
        trans={trans}
      />
      <FilterBar
        filter={model.filter}
        verbs={workspace.verbs}
        computes={computes.targets?.map(target => target.name) ?? []}
        trans={trans}
        onChange={filter => {
          model.filter = filter;
        }}
      />
      <Section
        name="queue"
        title={trans.__('Queue')}
        count={queue.queued}
        isOpen={model.isOpen('queue')}
        onToggle={() => model.toggle('queue')}
      >
        <QueuePanel
          workspaceId={workspace.id}
          order={order}
          paused={queue.paused}
          trans={trans}
          onOpen={open}
        />
      </Section>
      <Section
        name="runs"
        title={trans.__('Runs')}
        count={list.length}
        isOpen={model.isOpen('runs')}
        onToggle={() => model.toggle('runs')}
      >
        {list.problem !== null && (
          <Note
            title={trans.__('The runs cannot be listed')}
            message={list.problem}
            action={{ label: trans.__('Retry'), run: () => list.need(0, 1) }}
            trans={trans}
          />
        )}
        {list.length === 0 ? (
          <Empty {...props} />
        ) : (
          (list.length !== null || list.problem === null) && (
            <RunsList
              list={list}
              selection={selection}
              trans={trans}
              onOpen={open}
              onCancel={runId => run(COMMANDS.cancel, runId)}
              onDelete={() => void commands.execute(COMMANDS.remove)}
            />
          )
        )}
      </Section>
      <Section
        name="environments"
        title={trans.__('Environments')}
        count={environments.list?.length ?? null}
        isOpen={model.isOpen('environments')}
        onToggle={() => model.toggle('environments')}
      >
        <EnvironmentsPanel workspace={workspace} commands={commands} trans={trans} />
      </Section>
      <Section
        name="compute"
        title={trans.__('Compute')}
        count={null}
        isOpen={model.isOpen('compute')}
        onToggle={() => model.toggle('compute')}
      >
        <ComputePanel workspace={workspace} commands={commands} trans={trans} onOpen={open} />
      </Section>
      <Section
        name="models"
        title={trans.__('Models')}
        count={models.list?.length ?? null}
        isOpen={model.isOpen('models')}
        onToggle={() => model.toggle('models')}
      >
        <ModelsPanel workspace={workspace} commands={commands} trans={trans} />
      </Section>
      <span className="jp-mltrain-Unseen" role="status">
        {model.isFiltered && list.length !== null
          ? trans._n('%1 run found', '%1 runs found', list.length)
          : ''}
      </span>
    </>
  );
}

function Empty({ model, commands, trans }: ISidebarViewProps): React.JSX.Element {
  if (model.isFiltered) {
    return (
      <div className="jp-mltrain-Sidebar-empty">
        <p>{trans.__('No run fits the filter.')}</p>
        <button
          type="button"
          className="jp-mltrain-Sidebar-button"
          onClick={() => {
            model.filter = {};
          }}
        >
          {trans.__('Show all runs')}
        </button>
      </div>
    );
  }
  return (
    <div className="jp-mltrain-Sidebar-empty">
      <p>{trans.__('No runs yet.')}</p>
      <p>{trans.__('Put %1 at the top of a cell, or start one with New run.', '%%train')}</p>
      {commands.hasCommand(COMMANDS.newRun) && (
        <button
          type="button"
          className="jp-mltrain-Sidebar-button"
          onClick={() => void commands.execute(COMMANDS.newRun)}
        >
          {trans.__('New run')}
        </button>
      )}
    </div>
  );
}

/** The shape of what comes; the style shows it only when it takes long enough to be noticed. */
function Skeleton(): React.JSX.Element {
  return (
    <div className="jp-mltrain-Sidebar-skeleton" aria-hidden="true">
      <span />
      <span />
      <span />
      <span />
    </div>
  );
}
