import type { IDisposable } from '@lumino/disposable';
import { Throttler } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IListing } from '../tokens';

import { Held } from './held';

/** Builds and clusters say so much in the same breath: more often than this nobody is told. */
const TELL_MS = 300;

/** What a workspace has of one kind. */
export class Listing<T> implements IListing<T> {
  /** @param load Asks the server. */
  constructor(load: () => Promise<readonly T[]>) {
    this._held = new Held(async () => {
      this.list = await load();
      this._changed.emit();
    });
  }

  list: readonly T[] | null = null;

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
