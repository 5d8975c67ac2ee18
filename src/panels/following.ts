import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import type { ITraining, IWorkspace } from '../tokens';

/** Does something for the current workspace, and again when another one is chosen. */
export class FollowCurrent implements IDisposable {
  /**
   * @param _begin What to do for a workspace; its result is disposed of when another is chosen.
   */
  constructor(
    private readonly _training: ITraining,
    private readonly _begin: (workspace: IWorkspace) => IDisposable
  ) {
    _training.changed.connect(this._onChanged, this);
    this._onChanged();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
      this._begun?.dispose();
    }
  }

  private _onChanged(): void {
    const { current } = this._training;
    if (current !== this._workspace) {
      this._begun?.dispose();
      this._workspace = current;
      this._begun = current && this._begin(current);
    }
  }

  private _workspace: IWorkspace | null = null;
  private _begun: IDisposable | null = null;
  private _isDisposed = false;
}
