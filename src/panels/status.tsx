import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { DisposableDelegate } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import { words } from '../parts';
import type { ITraining, IWorkspace } from '../tokens';

import { FollowCurrent } from './following';
import { trainingIcon } from './icons';

import '../../src/style/status.css';

/** What the status bar says of a workspace. */
export interface IStatus {
  text: string;
  title: string;
  isWarning: boolean;
}

/** One line about a workspace, or `null` when there is nothing to say. */
export function statusOf(trans: TranslationBundle, workspace: IWorkspace): IStatus | null {
  const { connection, queue } = workspace;
  const warning = (text: string): IStatus => ({
    text,
    title: words.shown(connection.message),
    isWarning: true
  });
  switch (connection.state) {
    case 'restarting':
      return warning(trans.__('Training service is being started again'));
    case 'failed':
      return warning(trans.__('Training service cannot start'));
    case 'cut':
      return warning(trans.__('Connection to training is cut'));
    case 'refused':
      return warning(trans.__('Training refuses access'));
    case 'gone':
      return warning(trans.__('Training workspace is gone'));
    case 'connecting':
    case 'up':
      break;
  }
  const parts = [
    ...(queue.running ? [trans.__('%1 running', queue.running)] : []),
    ...(queue.queued ? [trans.__('%1 queued', queue.queued)] : []),
    ...(queue.queued && queue.paused !== null ? [trans.__('paused')] : [])
  ];
  if (!parts.length) {
    return null;
  }
  return {
    text: parts.join(' · '),
    title: queue.paused === null ? trans.__('Show training runs') : words.shown(queue.paused),
    isWarning: queue.paused !== null
  };
}

/** How many runs run and wait, in the status bar; or what is wrong. */
export class StatusItem extends ReactWidget {
  constructor(
    training: ITraining,
    private readonly _trans: TranslationBundle,
    private readonly _show: () => void
  ) {
    super();
    this.addClass('jp-mltrain-Status');
    this._following = new FollowCurrent(training, workspace => this._follow(workspace));
  }

  /** Whether there is anything to show. */
  get isActive(): boolean {
    return this._status !== null;
  }

  get activeChanged(): ISignal<this, void> {
    return this._activeChanged;
  }

  override dispose(): void {
    this._following.dispose();
    Signal.clearData(this);
    super.dispose();
  }

  protected render(): React.JSX.Element {
    const status = this._status;
    if (!status) {
      return <></>;
    }
    return (
      <button
        type="button"
        className={`jp-mltrain-Status-button${status.isWarning ? ' jp-mod-warning' : ''}`}
        title={status.title}
        onClick={this._show}
      >
        <trainingIcon.react tag={null} width="16px" height="16px" />
        <span>{status.text}</span>
      </button>
    );
  }

  private _follow(workspace: IWorkspace): DisposableDelegate {
    const look = (): void => this._set(statusOf(this._trans, workspace));
    const hold = workspace.connect();
    workspace.connection.changed.connect(look, this);
    workspace.queue.changed.connect(look, this);
    look();
    return new DisposableDelegate(() => {
      workspace.connection.changed.disconnect(look, this);
      workspace.queue.changed.disconnect(look, this);
      hold.dispose();
      this._set(null);
    });
  }

  private _set(status: IStatus | null): void {
    if (JSON.stringify(status) === JSON.stringify(this._status)) {
      return;
    }
    const wasActive = this.isActive;
    this._status = status;
    this.update();
    if (wasActive !== this.isActive) {
      this._activeChanged.emit();
    }
  }

  private _status: IStatus | null = null;
  private readonly _following: FollowCurrent;
  private readonly _activeChanged = new Signal<this, void>(this);
}
