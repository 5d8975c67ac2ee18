import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { Requests } from '../api/requests';
import type * as wire from '../api/wire';
import type { IComputes, IQueue } from '../tokens';

import { Held } from './held';

/** The runs that wait. */
export class Queue implements IQueue {
  constructor(requests: Requests, workspaceId: string) {
    this._held = new Held(async () => {
      const parts = ['workspaces', workspaceId, 'queue'];
      this.entries = await requests.json<wire.QueueEntry[]>(parts, { background: true });
      this._changed.emit();
    });
  }

  entries: readonly wire.QueueEntry[] = [];
  running = 0;
  queued = 0;
  paused: string | null = null;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  hold(): IDisposable {
    return this._held.hold();
  }

  /** Take in what the events say. */
  apply({ running, queued, paused }: wire.QueueFrame): void {
    this.running = running;
    this.queued = queued;
    this.paused = paused;
    this._changed.emit();
    this.touch();
  }

  /** The order, or a reason, may have changed. */
  touch(): void {
    this._held.touch();
  }

  private readonly _held: Held;
  private readonly _changed = new Signal<this, void>(this);
}

/** The compute targets. */
export class Computes implements IComputes {
  constructor(requests: Requests, workspaceId: string) {
    this._held = new Held(async () => {
      const parts = ['workspaces', workspaceId, 'computes'];
      this.targets = await requests.json<wire.ComputeStatus[]>(parts, { background: true });
      this._changed.emit();
    });
  }

  targets: readonly wire.ComputeStatus[] | null = null;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  hold(): IDisposable {
    return this._held.hold();
  }

  /** Who holds what may have changed. */
  touch(): void {
    this._held.touch();
  }

  private readonly _held: Held;
  private readonly _changed = new Signal<this, void>(this);
}
