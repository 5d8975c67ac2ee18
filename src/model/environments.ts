import type { IDisposable } from '@lumino/disposable';
import { Throttler } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { Requests } from '../api/requests';
import type * as wire from '../api/wire';
import type { IEnvironments } from '../tokens';

import { Held } from './held';

/** A build says each of its steps; more often than this nobody is told. */
const TELL_MS = 300;

/** The environments of a workspace. */
export class Environments implements IEnvironments {
  constructor(requests: Requests, workspaceId: string) {
    this._held = new Held(async () => {
      const parts = ['workspaces', workspaceId, 'environments'];
      this.list = await requests.json<wire.EnvironmentSummary[]>(parts, { background: true });
      this._changed.emit();
    });
  }

  list: readonly wire.EnvironmentSummary[] | null = null;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get touched(): ISignal<this, void> {
    return this._touched;
  }

  hold(): IDisposable {
    return this._held.hold();
  }

  /** Something of them may be another. */
  touch(): void {
    this._held.touch();
    void this._tell.invoke();
  }

  private readonly _held: Held;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _touched = new Signal<this, void>(this);
  private readonly _tell = new Throttler(() => this._touched.emit(), {
    limit: TELL_MS,
    edge: 'trailing'
  });
}
