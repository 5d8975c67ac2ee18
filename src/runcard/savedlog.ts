import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type * as wire from '../api/wire';
import { DRIVER_LOG } from '../api/wire';
import { runLabel } from '../parts/words';
import type { ILog, IPiece } from '../tokens';

/** The end of an output as it was saved with the notebook. */
export class SavedLog implements ILog {
  constructor(text: string) {
    this.tail = { offset: 0, data: new TextEncoder().encode(text) };
  }

  readonly name = DRIVER_LOG;
  readonly tail: IPiece;
  readonly growing = false;
  readonly problem = null;

  get size(): number {
    return this.tail.data.length;
  }

  get appended(): ISignal<this, IPiece> {
    return this._appended;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  read(from: number, to: number): Promise<IPiece> {
    return Promise.resolve({ offset: from, data: this.tail.data.subarray(from, to) });
  }

  find(): Promise<wire.LogMatch> {
    // All of it is on the screen, where it is searched.
    return Promise.resolve({ offset: null, size_bytes: null, line_offset: null });
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _isDisposed = false;
  private readonly _appended = new Signal<this, IPiece>(this);
  private readonly _changed = new Signal<this, void>(this);
}

/**
 * What a run printed, of the text that is saved beside its card.
 *
 * That text begins with the line, or two, that the card says better, and may end with a line of
 * the outputs.
 */
export function outputOf(text: string, run: wire.Run): string {
  const lines = text.split('\n');
  if (lines[0].includes(runLabel(run))) {
    lines.shift();
    for (const said of [run.reason, run.advice ?? '']) {
      const count = said.split('\n').length;
      if (said !== '' && lines.slice(0, count).join('\n') === said) {
        lines.splice(0, count);
        break;
      }
    }
  }
  if (lines.at(-1)?.startsWith('outputs  ')) {
    lines.pop();
  }
  return lines.join('\n');
}
