import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, ellipsesIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import * as React from 'react';

import type * as wire from '../api/wire';
import { COMMANDS } from '../environments/names';
import { Age, environments, stateIcon, useHold, useSignal, words } from '../parts';
import type { Entry } from '../parts/menu';
import { openMenu } from '../parts/menu';
import type { IWorkspace } from '../tokens';

import { Glyph } from './glyph';

export interface IEnvironmentsPanelProps {
  workspace: IWorkspace;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** What runs can execute in, how far each is, and what can be done about it. */
export function EnvironmentsPanel(props: IEnvironmentsPanelProps): React.JSX.Element {
  const { workspace, commands, trans } = props;
  useHold(workspace.environments);
  useSignal(workspace.environments.changed);
  const { list } = workspace.environments;
  const execute = (command: string): void =>
    void commands.execute(command, { workspace: workspace.id });
  if (list === null) {
    return (
      <div className="jp-mltrain-Sidebar-skeleton" aria-hidden="true">
        <span />
        <span />
      </div>
    );
  }
  return (
    <>
      <ul className="jp-mltrain-Environments" aria-label={trans.__('Environments')}>
        {list.map(summary => (
          <Row key={summary.name} {...props} summary={summary} />
        ))}
      </ul>
      <div className="jp-mltrain-Environments-foot">
        <button
          type="button"
          className="jp-mltrain-Sidebar-button"
          onClick={() => execute(COMMANDS.create)}
        >
          <addIcon.react tag={null} />
          {trans.__('New environment')}
        </button>
        {list.some(({ size_bytes }) => size_bytes) && (
          <button
            type="button"
            className="jp-mltrain-Sidebar-link"
            onClick={() => execute(COMMANDS.reclaim)}
          >
            {trans.__('Reclaim space…')}
          </button>
        )}
      </div>
    </>
  );
}

function Row(
  props: IEnvironmentsPanelProps & { summary: wire.EnvironmentSummary }
): React.JSX.Element {
  const { commands, summary, trans, workspace } = props;
  const { build, name, reserved, state } = summary;
  const label = words.shown(name);
  const args = { workspace: workspace.id, environment: name, reserved };
  const open = (): void =>
    build === null
      ? void commands.execute(reserved ? COMMANDS.clone : COMMANDS.edit, args)
      : void commands.execute(COMMANDS.openBuild, { ...args, build });
  return (
    <li
      className="jp-mltrain-EnvironmentRow"
      data-state={state}
      title={tooltip(trans, summary)}
      onContextMenu={event => {
        event.preventDefault();
        event.stopPropagation();
        openMenu(commands, entriesOf({ ...args, build }), event);
      }}
      onKeyDown={event => {
        if (event.key === 'Delete' && !reserved) {
          event.preventDefault();
          void commands.execute(COMMANDS.remove, args);
        }
      }}
    >
      <button type="button" className="jp-mltrain-EnvironmentRow-open" onClick={open}>
        <Glyph icon={stateIcon(environments.lookOf(state))} className="jp-mltrain-StateIcon" />
        <span className="jp-mltrain-EnvironmentRow-name">{label}</span>{' '}
        <span className="jp-mltrain-EnvironmentRow-facts">
          <Fact summary={summary} trans={trans} />{' '}
          <span>
            {reserved
              ? trans.__('comes with mltrain')
              : environments.kindWord(trans, summary.kind)}
          </span>
        </span>
      </button>
      <button
        type="button"
        className="jp-mltrain-RunRow-action"
        aria-label={trans.__('Actions for environment %1', label)}
        aria-haspopup="menu"
        onClick={event =>
          openMenu(commands, entriesOf({ ...args, build }), event.currentTarget)
        }
      >
        <Glyph icon={ellipsesIcon} />
      </button>
    </li>
  );
}

/**
 * The one fact that matters in a state: why, how large, or when it was used.
 *
 * The style leaves out what comes after it where there is no room for both.
 */
function Fact(props: {
  summary: wire.EnvironmentSummary;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { summary, trans } = props;
  const { reason, size_bytes, state, used_at } = summary;
  const word = environments.buildWord(trans, state);
  switch (state) {
    case 'Building':
    case 'Failed':
    case 'Stale':
      return (
        <>
          <span className="jp-mltrain-Unseen">{word}</span>{' '}
          <span>{words.shownStart(reason) || word}</span>
        </>
      );
    case 'Built':
      return (
        <>
          <span className="jp-mltrain-Unseen">{word}</span>{' '}
          {size_bytes === null ? (
            <span>{used_at === null ? word : <Age at={used_at} trans={trans} />}</span>
          ) : (
            <span>{words.size(trans, size_bytes)}</span>
          )}
        </>
      );
    case 'Waiting':
      return summary.reserved ? (
        <span className="jp-mltrain-Unseen">{word}</span>
      ) : (
        <span>{word}</span>
      );
    case 'Canceled':
      return <span>{word}</span>;
  }
}

/** Everything else that a person wants to know at a glance; lines of a tooltip. */
function tooltip(trans: TranslationBundle, summary: wire.EnvironmentSummary): string {
  const at = (instant: string): string => words.instant(new Date(instant));
  const { changed_at, kind, latest, name, reason, size_bytes, state, used_at, versions } =
    summary;
  return [
    `${environments.fullName({ name, version: latest })} · ${environments.buildWord(trans, state)}`,
    words.shownLines(reason),
    trans.__('Made of: %1', environments.kindWord(trans, kind)),
    ...(versions > 1 ? [trans._n('%1 version', '%1 versions', versions)] : []),
    ...(size_bytes === null ? [] : [trans.__('On disk: %1', words.size(trans, size_bytes))]),
    ...(used_at === null ? [] : [trans.__('Last used: %1', at(used_at))]),
    ...(changed_at === null ? [] : [trans.__('Changed: %1', at(changed_at))])
  ]
    .filter(line => line !== '')
    .join('\n');
}

function entriesOf(args: ReadonlyJSONObject): Entry[] {
  return [
    [COMMANDS.build, args],
    [COMMANDS.build, { ...args, fresh: true }],
    null,
    [COMMANDS.edit, args],
    [COMMANDS.clone, args],
    null,
    [COMMANDS.openBuild, args],
    [COMMANDS.openBuild, { ...args, explain: true }],
    null,
    [COMMANDS.remove, args],
    [COMMANDS.reclaim, args]
  ];
}
