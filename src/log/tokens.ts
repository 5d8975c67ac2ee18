// Between the reader of a log and what shows it.

import type { IDisposable } from '@lumino/disposable';

/** A row of the screen, as a place in the log: `rows` above the line that begins at `offset`. */
export interface IAnchor {
  offset: number;
  rows: number;
}

export interface IScreenEvents {
  /** Something was drawn, or somebody scrolled. */
  moved(): void;
  /** There are more, or fewer, columns. */
  resized(): void;
  selected(has: boolean): void;
}

/** What shows the text. */
export interface IScreen extends Pick<IDisposable, 'dispose'> {
  readonly columns: number;
  /** So many rows are kept. */
  readonly rowLimit: number;
  /** Whether the last, or the first, row is in sight. */
  readonly atEnd: boolean;
  readonly atStart: boolean;
  setWrap(wrap: boolean, columns: number): void;
  /**
   * Show other text instead, at once. An offset marks where its part begins; `place` scrolls
   * before any of it is seen.
   */
  rewrite(
    parts: Iterable<{ offset: number | null; text: string }>,
    place: () => void
  ): Promise<void>;
  /** Resolves when it has been taken. */
  write(text: string, offset: number | null): Promise<void>;
  toEnd(): void;
  toStart(): void;
  scrollRows(rows: number): void;
  scrollPages(pages: number): void;
  /** What is at the top, and how to have it there again after a rewrite. */
  anchor(): IAnchor | null;
  toAnchor(anchor: IAnchor): void;
  /** About which byte is at the top; `end` is where the text ends. */
  topOffset(end: number): number | null;
  /** Select the next match after what is selected; `false` where there is none further on. */
  search(text: string, backwards: boolean): boolean;
  /** Select a match in the line that begins at an offset; the whole line where there is none. */
  selectLine(offset: number, text: string | null): void;
  clearSelection(): void;
  selection(): string;
  text(which: 'all' | 'seen'): string;
}

/** What the reader says, in the user's language. */
export interface INotes {
  /** Stands where a line was cut. */
  readonly cut: string;
  skipped(bytes: number): string;
  notFound(text: string): string;
  wrapped(text: string): string;
  readonly noError: string;
  failed(reason: string): string;
}
