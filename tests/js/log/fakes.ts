// A log in memory, and a screen that keeps what it is given.

import { Signal } from '@lumino/signaling';

import type * as wire from '../../../src/api/wire';
import { LogReader } from '../../../src/log/reader';
import type { IAnchor, INotes, IScreen, IScreenEvents } from '../../../src/log/tokens';
import type { ILog, ILogQuery, IPiece } from '../../../src/tokens';
import { settle } from '../fakes';

export const LINE = 100;

/** Bytes of lines that say their numbers, 100 bytes each. */
export function lines(from: number, to: number): Uint8Array {
  let text = '';
  for (let line = from; line < to; line++) {
    text += `line ${String(line).padStart(10, '0')} `.padEnd(LINE - 1, '.') + '\n';
  }
  return new TextEncoder().encode(text);
}

export class FakeLog implements ILog {
  readonly name = 'log';
  size: number | null = null;
  growing = true;
  problem: string | null = null;
  isDisposed = false;
  readonly appended = new Signal<this, IPiece>(this);
  readonly changed = new Signal<this, void>(this);
  readonly reads: [number, number][] = [];
  readonly queries: ILogQuery[] = [];
  /** What `find` answers, one after the other. */
  matches: wire.LogMatch[] = [];
  failure: Error | null = null;
  data = new Uint8Array(0);
  tailBytes = 20_000;

  get tail(): IPiece {
    const offset = Math.max(0, this.data.length - this.tailBytes);
    return { offset, data: this.data.subarray(offset) };
  }

  add(data: Uint8Array): void {
    const offset = this.data.length;
    const all = new Uint8Array(offset + data.length);
    all.set(this.data);
    all.set(data, offset);
    this.data = all;
    this.size = all.length;
    this.appended.emit({ offset, data });
    this.changed.emit();
  }

  read(from: number, to: number): Promise<IPiece> {
    this.reads.push([from, to]);
    return this.failure
      ? Promise.reject(this.failure)
      : Promise.resolve({ offset: from, data: this.data.subarray(from, to) });
  }

  find(query: ILogQuery): Promise<wire.LogMatch> {
    this.queries.push(query);
    const none = { offset: null, size_bytes: null, line_offset: null };
    return Promise.resolve(this.matches.shift() ?? none);
  }

  dispose(): void {
    this.isDisposed = true;
  }
}

export class FakeScreen implements IScreen {
  constructor(readonly events: IScreenEvents) {}

  readonly columns = 120;
  readonly rowLimit = 1_000;
  atEnd = true;
  atStart = false;
  text_ = '';
  rewrites = 0;
  disposed = false;
  wide = 0;
  anchored: IAnchor | null = null;
  selected: [number, string | null] | null = null;
  /** What the next searches find. */
  finds: boolean[] = [];
  /** The writes wait while this is set. */
  blocked = false;
  readonly waiting: (() => void)[] = [];

  /** The numbers of the lines that are on the screen. */
  get lines(): number[] {
    return [...this.text_.matchAll(/line (\d+)/g)].map(match => Number(match[1]));
  }

  dispose(): void {
    this.disposed = true;
  }

  setWrap(wrap: boolean, columns: number): void {
    this.wide = wrap ? 0 : columns;
  }

  async rewrite(
    parts: Iterable<{ offset: number | null; text: string }>,
    place: () => void
  ): Promise<void> {
    this.rewrites += 1;
    this.text_ = [...parts].map(({ text }) => text).join('');
    place();
  }

  write(text: string): Promise<void> {
    this.text_ += text;
    return this.blocked
      ? new Promise(resolve => this.waiting.push(resolve))
      : Promise.resolve();
  }

  toEnd(): void {
    this.atEnd = true;
  }

  toStart(): void {
    this.atStart = true;
  }

  scrollRows(): void {
    this.events.moved();
  }

  scrollPages(): void {
    this.events.moved();
  }

  anchor(): IAnchor {
    return { offset: this.lines[0] * LINE, rows: 0 };
  }

  toAnchor(anchor: IAnchor): void {
    this.anchored = anchor;
  }

  topOffset(): number {
    return this.lines[0] * LINE;
  }

  search(): boolean {
    return this.finds.shift() ?? false;
  }

  selectLine(offset: number, text: string | null): void {
    this.selected = [offset, text];
  }

  clearSelection(): void {
    this.selected = null;
  }

  selection(): string {
    return '';
  }

  text(): string {
    return this.text_;
  }

  /** Somebody scrolls. */
  scroll(to: { atEnd?: boolean; atStart?: boolean }): void {
    this.atEnd = to.atEnd ?? false;
    this.atStart = to.atStart ?? false;
    this.events.moved();
  }
}

const NOTES: INotes = {
  cut: '…',
  noError: 'no error',
  skipped: bytes => `${bytes} skipped`,
  notFound: text => `${text} not found`,
  wrapped: text => `${text} wrapped`,
  failed: reason => `failed: ${reason}`
};

/** Let what waits for its time happen; a test of this uses fake timers. */
export async function turn(): Promise<void> {
  await jest.advanceTimersByTimeAsync(100);
  await settle();
}

/** A reader with its screen, of a log that has these bytes. */
export async function aReader(
  bytes: Uint8Array
): Promise<{ log: FakeLog; screen: FakeScreen; reader: LogReader }> {
  const log = new FakeLog();
  if (bytes.length) {
    log.add(bytes);
  }
  const reader = new LogReader(log, NOTES, 50_000);
  let screen: FakeScreen | undefined;
  reader.open(events => (screen = new FakeScreen(events)));
  await turn();
  if (!screen) {
    throw new Error('no screen was made');
  }
  return { log, screen, reader };
}
