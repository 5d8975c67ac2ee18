import type { IRunningSessions } from '@jupyterlab/running';
import type { TranslationBundle } from '@jupyterlab/translation';
import { stopIcon } from '@jupyterlab/ui-components';
import { DisposableDelegate } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type * as wire from '../api/wire';
import { stateIcon, words } from '../parts';
import type { IRunList, ITraining, IWorkspace } from '../tokens';

import { FollowCurrent } from './following';

/** Most runs that the panel lists; the sidebar has all. */
const MOST = 100;

const OPEN_STATES: readonly wire.RunState[] = [
  'NotStarted',
  'Preparing',
  'Provisioning',
  'Queued',
  'Starting',
  'Running',
  'Finalizing',
  'CancelRequested',
  'NotResponding'
];

export interface IRunningRunsOptions {
  training: ITraining;
  trans: TranslationBundle;
  open: (workspace: string, run: string) => void;
  cancel: (workspace: string, run: string) => void;
}

/** The runs that have not ended, for JupyterLab's panel of what runs. */
export class RunningRuns implements IRunningSessions.IManager {
  constructor(private readonly _options: IRunningRunsOptions) {
    const { trans } = _options;
    this.name = trans.__('Training runs');
    this.shutdownLabel = trans.__('Cancel run');
    this.shutdownAllLabel = trans.__('Cancel all');
    this._following = new FollowCurrent(_options.training, each => this._follow(each));
  }

  readonly name: string;
  readonly shutdownLabel: string;
  readonly shutdownAllLabel: string;
  readonly shutdownItemIcon = stopIcon;

  /** The question before everything is canceled. */
  readonly shutdownAllConfirmationText = (): string => {
    const count = this._runs().filter(words.canCancel).length;
    return this._options.trans._n(
      'Cancel %1 run? What it has written so far is kept.',
      'Cancel %1 runs? What they have written so far is kept.',
      count
    );
  };

  get runningChanged(): ISignal<this, void> {
    return this._changed;
  }

  running(): IRunningSessions.IRunningItem[] {
    const workspace = this._workspace;
    return workspace ? this._runs().map(run => this._item(workspace, run)) : [];
  }

  /** The list is live; this asks for rows that were dropped or refused. */
  refreshRunning(): void {
    this._list?.need(0, MOST);
  }

  shutdownAll(): void {
    const workspace = this._workspace;
    if (workspace) {
      for (const run of this._runs().filter(words.canCancel)) {
        this._options.cancel(workspace.id, run.id);
      }
    }
  }

  dispose(): void {
    this._following.dispose();
    Signal.clearData(this);
  }

  private _item(workspace: IWorkspace, run: wire.Run): IRunningSessions.IRunningItem {
    const { open, cancel, trans } = this._options;
    return {
      className: 'jp-mltrain-RunningRun',
      icon: () => stateIcon(run.state),
      label: () => words.runLabel(run),
      labelTitle: () =>
        `${words.stateWord(trans, run.state)} · ${words.shownStart(run.reason)}`,
      detail: () => words.stateWord(trans, run.state),
      open: () => open(workspace.id, run.id),
      shutdown: words.canCancel(run) ? () => cancel(workspace.id, run.id) : undefined
    };
  }

  private _runs(): wire.Run[] {
    const list = this._list;
    const length = Math.min(list?.length ?? 0, MOST);
    return Array.from({ length }, (_, index) => list?.at(index)).filter(
      run => run !== undefined
    );
  }

  private _follow(workspace: IWorkspace): DisposableDelegate {
    const hold = workspace.connect();
    const list = workspace.runs.list({ states: OPEN_STATES });
    list.changed.connect(this._onListChanged, this);
    this._list = list;
    this._workspace = workspace;
    list.need(0, MOST);
    return new DisposableDelegate(() => {
      this._list = this._workspace = null;
      list.dispose();
      hold.dispose();
      this._changed.emit();
    });
  }

  private _onListChanged(): void {
    this._changed.emit();
  }

  private _workspace: IWorkspace | null = null;
  private _list: IRunList | null = null;
  private readonly _following: FollowCurrent;
  private readonly _changed = new Signal<this, void>(this);
}
