import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type * as wire from '../api/wire';
import type { IQueue, IVerbs } from '../tokens';

/** Where to move a waiting run. */
export type QueueMove = 'front' | 'up' | 'down' | 'end';

/** A changed order, and how to ask for it. */
export interface IReordered {
  entries: wire.QueueEntry[];
  request: wire.PriorityRequest;
}

/**
 * The order with one run at another place.
 *
 * @param to Its index afterwards.
 * @returns `null` when nothing would change.
 */
export function reordered(
  entries: readonly wire.QueueEntry[],
  runId: string,
  to: number
): IReordered | null {
  const from = entries.findIndex(entry => entry.run_id === runId);
  const target = Math.max(0, Math.min(to, entries.length - 1));
  if (from < 0 || from === target) {
    return null;
  }
  const others = entries.filter((_, index) => index !== from);
  const request =
    target < from ? { before: others[target].run_id } : { after: others[target - 1].run_id };
  others.splice(target, 0, entries[from]);
  return {
    entries: others.map((entry, index) => ({ ...entry, position: index + 1 })),
    request
  };
}

/** The index that a run has after a move. */
export function indexAfter(
  entries: readonly wire.QueueEntry[],
  runId: string,
  move: QueueMove
): number {
  const index = entries.findIndex(entry => entry.run_id === runId);
  switch (move) {
    case 'front':
      return 0;
    case 'up':
      return index - 1;
    case 'down':
      return index + 1;
    case 'end':
      return entries.length - 1;
  }
}

/**
 * The queue as the user wants it: moved at once, moved back when the server refuses.
 *
 * @param refused Tells the user that a move was refused.
 */
export class QueueOrder implements IDisposable {
  constructor(
    private readonly _queue: IQueue,
    private readonly _verbs: IVerbs,
    private readonly _refused: (entry: wire.QueueEntry, error: unknown) => void
  ) {
    _queue.changed.connect(this._onChanged, this);
  }

  get entries(): readonly wire.QueueEntry[] {
    return this._moved?.entries ?? this._queue.entries;
  }

  /** Where a run is in the queue, from 0; -1 when it does not wait. */
  indexOf(runId: string): number {
    return this.entries.findIndex(entry => entry.run_id === runId);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Put a waiting run at an index.
   *
   * @returns The entry as it is now, or `null` when there was nothing to move.
   */
  move(runId: string, to: number): wire.QueueEntry | null {
    const change = reordered(this.entries, runId, to);
    if (!change) {
      return null;
    }
    const moved = { entries: change.entries, from: this._queue.entries, isDone: false };
    this._moved = moved;
    this._changed.emit();
    const entry = change.entries.find(each => each.run_id === runId) as wire.QueueEntry;
    this._inTurn(() => this._verbs.prioritize(runId, change.request)).then(
      () => {
        moved.isDone = true;
      },
      (error: unknown) => {
        if (this._moved === moved) {
          this._moved = null;
          this._changed.emit();
        }
        this._refused(entry, error);
      }
    );
    return entry;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  /** Ask when what was asked before is answered: sent at once, moves may arrive in another order. */
  private _inTurn(ask: () => Promise<unknown>): Promise<unknown> {
    const answer = this._asked ? this._asked.then(ask) : ask();
    const settled = answer.then(
      () => undefined,
      () => undefined // said by whoever asked
    );
    this._asked = settled;
    void settled.then(() => {
      if (this._asked === settled) {
        this._asked = null;
      }
    });
    return answer;
  }

  private _onChanged(queue: IQueue): void {
    // Once the move is made, the next answer of the server tells the order. A run that has left
    // the queue meanwhile tells it too.
    const moved = this._moved;
    if (moved && queue.entries !== moved.from) {
      if (moved.isDone || queue.entries.length !== moved.from.length) {
        this._moved = null;
      } else {
        moved.from = queue.entries;
      }
    }
    this._changed.emit();
  }

  /** Done when the last move was answered; `null` when all were. */
  private _asked: Promise<void> | null = null;
  private _moved: {
    entries: readonly wire.QueueEntry[];
    from: readonly wire.QueueEntry[];
    isDone: boolean;
  } | null = null;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
