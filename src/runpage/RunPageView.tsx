import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { useSignal } from '../parts/usesignal';
import { isFinal, isInteractive } from '../parts/words';
import { DetailsTab } from './DetailsTab';
import { FilesTab } from './FilesTab';
import type { FileTree } from './filetree';
import { Header, type IHeaderProps } from './Header';
import { MetricsTab } from './MetricsTab';
import { type RunPageModel, type Tab, TABS } from './model';
import { OutputTab } from './OutputTab';

export interface IRunPageProps extends Pick<
  IHeaderProps,
  'onCancel' | 'onAgain' | 'onMenu' | 'trans'
> {
  /** Unique on the page. */
  id: string;
  model: RunPageModel;
  tree: FileTree;
  /** The page is in front. */
  visible: boolean;
  /** It has been in front. Until then nothing is loaded but the record. */
  seen: boolean;
  onCopy: (text: string) => void;
  onOpen: (runId: string) => void;
  onOpenBuild: (buildId: string) => void;
  onOpenModel: (name: string, version: number) => void;
  /** Register a file or folder of the run as a model. */
  onRegister: (path: string) => void;
  /** The tabs are there, as they are once the run is. */
  onTabs?: () => void;
}

/** A run with everything about it, or why it cannot be shown. */
export function RunPageView(props: IRunPageProps): React.JSX.Element {
  const { model, trans } = props;
  useSignal(model.changed);
  const { gone, problem, run, workspace } = model;
  return (
    <div className="jp-mltrain-RunPage">
      <div role="alert">
        {problem !== null && (
          <p className="jp-mltrain-RunPage-problem">
            {problem}{' '}
            {model.retriable && (
              <button type="button" className="jp-mltrain-Button" onClick={() => model.retry()}>
                {trans.__('Try again')}
              </button>
            )}
          </p>
        )}
      </div>
      {run ? (
        <>
          <Header
            run={run}
            gone={gone}
            zipUrl={workspace.verbs.zipUrl(run.id)}
            trans={trans}
            onCancel={props.onCancel}
            onAgain={props.onAgain}
            onMenu={props.onMenu}
          />
          <Tabs
            id={props.id}
            tab={model.tab}
            trans={trans}
            onTab={tab => (model.tab = tab)}
            onTabs={props.onTabs}
          />
          <div
            className="jp-mltrain-RunPage-panel"
            role="tabpanel"
            id={`${props.id}-panel`}
            aria-labelledby={`${props.id}-tab-${model.tab}`}
            data-tab={model.tab}
          >
            {props.seen && <Panel {...props} />}
          </div>
        </>
      ) : (
        problem === null && (
          <div className="jp-mltrain-Skeleton" aria-label={trans.__('Loading the run')}>
            <span />
            <span />
            <span />
          </div>
        )
      )}
    </div>
  );
}

function Panel(props: IRunPageProps): React.JSX.Element | null {
  const { id, model, trans, tree } = props;
  const { gone, run, workspace } = model;
  if (!run) {
    return null;
  }
  if (gone && model.tab !== 'details') {
    return (
      <p className="jp-mltrain-RunPage-empty">
        {trans.__('Its logs, metrics and files were deleted with it.')}
      </p>
    );
  }
  switch (model.tab) {
    case 'output':
      if (run.parent_id !== null) {
        return (
          <p className="jp-mltrain-RunPage-empty">
            {trans.__('It runs within its parent, whose output is that of both.')}
          </p>
        );
      }
      if (isInteractive(run)) {
        return (
          <p className="jp-mltrain-RunPage-empty">
            {trans.__('It is logged to from a notebook or a program, where its output stays.')}
          </p>
        );
      }
      return <OutputTab id={id} workspace={workspace} run={run} trans={trans} />;
    case 'files':
      return (
        <FilesTab
          id={id}
          tree={tree}
          verbs={workspace.verbs}
          run={run}
          live={!isFinal(run)}
          visible={props.visible}
          trans={trans}
          onRegister={props.onRegister}
        />
      );
    case 'metrics':
      return <MetricsTab workspace={workspace} run={run} trans={trans} />;
    case 'details':
      return (
        <DetailsTab
          workspace={workspace}
          run={run}
          gone={gone}
          trans={trans}
          onCopy={props.onCopy}
          onOpen={props.onOpen}
          onOpenBuild={props.onOpenBuild}
          onOpenModel={props.onOpenModel}
        />
      );
  }
}

function Tabs(props: {
  id: string;
  tab: Tab;
  trans: TranslationBundle;
  onTab: (tab: Tab) => void;
  onTabs?: () => void;
}): React.JSX.Element {
  const { id, tab, trans, onTab, onTabs } = props;
  const list = React.useRef<HTMLDivElement>(null);
  const shown = React.useRef(onTabs);
  React.useEffect(() => shown.current?.(), []);
  const words: Readonly<Record<Tab, string>> = {
    output: trans.__('Output'),
    files: trans.__('Files'),
    metrics: trans.__('Metrics'),
    details: trans.__('Details')
  };
  const move = (index: number): void => {
    const to = TABS[(index + TABS.length) % TABS.length];
    onTab(to);
    list.current?.querySelector<HTMLElement>(`[data-tab="${to}"]`)?.focus();
  };
  return (
    <div
      ref={list}
      className="jp-mltrain-RunPage-tabs"
      role="tablist"
      aria-label={trans.__('Parts of the run')}
      onKeyDown={event => {
        const at = TABS.indexOf(tab);
        const to = {
          ArrowRight: at + 1,
          ArrowLeft: at - 1,
          Home: 0,
          End: TABS.length - 1
        }[event.key];
        if (to !== undefined) {
          event.preventDefault();
          move(to);
        }
      }}
    >
      {TABS.map(each => (
        <button
          key={each}
          type="button"
          role="tab"
          id={`${id}-tab-${each}`}
          data-tab={each}
          aria-selected={each === tab}
          aria-controls={each === tab ? `${id}-panel` : undefined}
          tabIndex={each === tab ? 0 : -1}
          onClick={() => onTab(each)}
        >
          {words[each]}
        </button>
      ))}
    </div>
  );
}
