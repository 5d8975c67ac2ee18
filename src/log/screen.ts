// The terminal that shows a window of a log. Loaded when the first log is shown.

import type { FitAddon } from '@xterm/addon-fit';
import type { SearchAddon } from '@xterm/addon-search';
import type { IMarker, ITerminalOptions, Terminal } from '@xterm/xterm';

import { onThemeChange, themeOf } from '../parts/theme';
import type { IAnchor, IScreen, IScreenEvents } from './tokens';

/** Memory of the terminal: a cell takes 12 bytes. */
const MOST_CELLS = 1_200_000;
const MOST_ROWS = 10_000;
const WIDEST = 1_000;

const HIDE_CURSOR = '\x1b[?25l';

/** Empties the screen and what is above it, without drawing that. */
const CLEAR = '\x1b[0m\x1b[H\x1b[2J\x1b[3J';

/** Rows of a card's output. */
const COMPACT_ROWS = 15;

/** The parts of xterm.js, loaded once. */
export interface ITerminalModules {
  readonly Terminal: typeof Terminal;
  readonly FitAddon: typeof FitAddon;
  readonly SearchAddon: typeof SearchAddon;
}

/** Load xterm.js, which is not part of what is loaded at start. */
export async function loadTerminal(): Promise<ITerminalModules> {
  const [{ Terminal }, { FitAddon }, { SearchAddon }] = await Promise.all([
    import('@xterm/xterm'),
    import('@xterm/addon-fit'),
    import('@xterm/addon-search')
  ]);
  return { Terminal, FitAddon, SearchAddon };
}

/** Where a slab of the log begins on the screen. */
interface IMark {
  offset: number;
  marker: IMarker;
}

/**
 * xterm.js as a read-only screen.
 *
 * It is given `InertText` only, nothing it says is listened to, and nothing that is typed gets to
 * it: keys are the business of whoever owns the element.
 */
export class Screen implements IScreen {
  /** @param compact As high as its content, up to the height of its element. */
  constructor(
    modules: ITerminalModules,
    host: HTMLElement,
    events: IScreenEvents,
    compact: boolean
  ) {
    this._host = host;
    this._compact = compact;
    this._terminal = new modules.Terminal({
      allowProposedApi: true,
      convertEol: true,
      cursorInactiveStyle: 'none',
      disableStdin: true,
      logLevel: 'off',
      minimumContrastRatio: 4.5,
      scrollOnUserInput: false,
      scrollback: MOST_ROWS,
      ...looksOf(host)
    });
    this._fitAddon = new modules.FitAddon();
    this._searchAddon = new modules.SearchAddon();
    this._terminal.loadAddon(this._fitAddon);
    this._terminal.loadAddon(this._searchAddon);
    this._terminal.open(host);
    const { textarea } = this._terminal;
    if (textarea) {
      // The screen around it has the focus and the name.
      textarea.tabIndex = -1;
      textarea.readOnly = true;
      textarea.setAttribute('inputmode', 'none');
      textarea.setAttribute('aria-hidden', 'true');
    }
    this._terminal.attachCustomKeyEventHandler(() => false);
    this._terminal.onRender(() => events.moved());
    this._terminal.onWriteParsed(() => this._fitHeight());
    this._terminal.onSelectionChange(() => events.selected(this._terminal.hasSelection()));
    this._resizing = new ResizeObserver(() => {
      if (this._measure()) {
        events.resized();
      }
    });
    this._resizing.observe(host);
    this._theming = onThemeChange(() => {
      this._terminal.options = looksOf(host);
    });
    this._measure();
    this._terminal.write(HIDE_CURSOR);
  }

  dispose(): void {
    this._resizing.disconnect();
    this._theming.dispose();
    this._isDisposed = true;
    this._marks = [];
    this._terminal.dispose();
  }

  get columns(): number {
    return this._terminal.cols;
  }

  get rowLimit(): number {
    return this._terminal.options.scrollback ?? MOST_ROWS;
  }

  get atEnd(): boolean {
    const { viewportY, baseY } = this._terminal.buffer.active;
    return viewportY >= baseY;
  }

  get atStart(): boolean {
    return this._terminal.buffer.active.viewportY === 0;
  }

  /** Lines wider than the screen: wrapped, or as wide as `columns` with a scroll bar. */
  setWrap(wrap: boolean, columns: number): void {
    this._wide = wrap ? 0 : Math.min(columns, WIDEST);
    this._measure();
  }

  rewrite(
    parts: Iterable<{ offset: number | null; text: string }>,
    place: () => void
  ): Promise<void> {
    const still = this._still();
    this._terminal.write(CLEAR, () => this._forgetMarks());
    for (const part of parts) {
      void this.write(part.text, part.offset);
    }
    return new Promise(resolve =>
      this._terminal.write('', () => {
        if (!this._isDisposed) {
          place();
        }
        // The terminal draws at the next frame.
        requestAnimationFrame(() => requestAnimationFrame(() => still?.remove()));
        resolve();
      })
    );
  }

  write(text: string, offset: number | null): Promise<void> {
    if (offset !== null) {
      // Behind what is still to be written, so that it is where this text begins.
      this._terminal.write('', () => this._mark(offset));
    }
    return new Promise(resolve => this._terminal.write(text, resolve));
  }

  toEnd(): void {
    this._terminal.scrollToBottom();
  }

  toStart(): void {
    this._terminal.scrollToTop();
  }

  scrollRows(rows: number): void {
    this._terminal.scrollLines(rows);
  }

  scrollPages(pages: number): void {
    this._terminal.scrollLines(pages * Math.max(1, this._terminal.rows - 1));
  }

  anchor(): IAnchor | null {
    const top = this._terminal.buffer.active.viewportY;
    // The first slab that begins in sight; above it there may be rows that were not asked for.
    const mark = this._marks.find(each => each.marker.line >= top) ?? this._marks.at(-1);
    return mark ? { offset: mark.offset, rows: mark.marker.line - top } : null;
  }

  toAnchor(anchor: IAnchor): void {
    const mark = this._marks.find(each => each.offset >= anchor.offset) ?? this._marks.at(-1);
    if (mark) {
      this._terminal.scrollToLine(Math.max(0, mark.marker.line - anchor.rows));
    }
  }

  topOffset(end: number): number | null {
    const top = this._terminal.buffer.active.viewportY;
    const next = this._marks.findIndex(each => each.marker.line > top);
    const at = next < 0 ? this._marks.length - 1 : next - 1;
    const mark = this._marks.at(Math.max(0, at));
    if (!mark) {
      return null;
    }
    const following = this._marks[at + 1] as IMark | undefined;
    const { baseY, cursorY } = this._terminal.buffer.active;
    const rows = Math.max(1, (following?.marker.line ?? baseY + cursorY) - mark.marker.line);
    const bytes = (following?.offset ?? end) - mark.offset;
    const part = Math.min(1, Math.max(0, (top - mark.marker.line) / rows));
    return Math.round(mark.offset + bytes * part);
  }

  search(text: string, backwards: boolean): boolean {
    const before = this._terminal.getSelectionPosition()?.start;
    const found = backwards
      ? this._searchAddon.findPrevious(text)
      : this._searchAddon.findNext(text);
    const after = this._terminal.getSelectionPosition()?.start;
    if (!found || !after) {
      return false;
    }
    // The add-on goes round; beyond the window the whole log is asked.
    const forward =
      !before || after.y > before.y || (after.y === before.y && after.x > before.x);
    if (before && forward === backwards) {
      this._terminal.clearSelection();
      return false;
    }
    return true;
  }

  selectLine(offset: number, text: string | null): void {
    const mark = this._marks.find(each => each.offset === offset);
    const row = mark?.marker.line;
    if (row === undefined || row < 0) {
      return;
    }
    if (text !== null) {
      // The search begins with what is selected.
      this._terminal.select(0, row, 1);
      if (this._searchAddon.findNext(text, { incremental: true })) {
        return;
      }
    }
    this._terminal.selectLines(row, row);
    this._terminal.scrollToLine(Math.max(0, row - 2));
  }

  clearSelection(): void {
    this._terminal.clearSelection();
  }

  selection(): string {
    return this._terminal.getSelection();
  }

  /** All rows of the window, or those that can be seen, as lines. */
  text(which: 'all' | 'seen'): string {
    const { active } = this._terminal.buffer;
    const first = which === 'all' ? 0 : active.viewportY;
    const end = which === 'all' ? active.length : first + this._terminal.rows;
    let text = '';
    for (let y = first; y < end; y++) {
      const line = active.getLine(y);
      const row = line?.translateToString(true) ?? '';
      text += y === first || line?.isWrapped ? row : `\n${row}`;
    }
    return text.trimEnd();
  }

  /** A picture of what is seen, over it, so that nobody sees how it is written anew. */
  private _still(): Element | null {
    const { element } = this._terminal;
    const still = element?.querySelector('.xterm-screen')?.cloneNode(true);
    if (!(still instanceof Element)) {
      return null;
    }
    still.classList.add('jp-mltrain-LogView-still');
    element?.append(still);
    return still;
  }

  private _forgetMarks(): void {
    const marks = this._marks;
    this._marks = [];
    for (const { marker } of marks) {
      marker.dispose();
    }
  }

  private _mark(offset: number): void {
    if (this._isDisposed) {
      return;
    }
    const marker = this._terminal.registerMarker(0);
    const mark = { offset, marker };
    marker.onDispose(() => {
      this._marks = this._marks.filter(each => each !== mark);
    });
    this._marks.push(mark);
  }

  /** Fit to the element; whether the number of columns has changed. */
  private _measure(): boolean {
    if (!this._host.clientWidth) {
      return false;
    }
    const fitting = this._fitAddon.proposeDimensions();
    if (!fitting || Number.isNaN(fitting.cols)) {
      return false;
    }
    const before = this._terminal.cols;
    const columns = Math.max(fitting.cols, this._wide);
    const rows = this._compact ? COMPACT_ROWS : fitting.rows;
    this._terminal.options.scrollback = Math.min(MOST_ROWS, Math.floor(MOST_CELLS / columns));
    if (columns !== before || rows !== this._terminal.rows) {
      this._terminal.resize(columns, rows);
    }
    return columns !== before;
  }

  private _fitHeight(): void {
    if (!this._compact || this._filled) {
      return;
    }
    const { baseY, cursorX, cursorY } = this._terminal.buffer.active;
    const rows = Math.min(COMPACT_ROWS, baseY + cursorY + (cursorX > 0 ? 1 : 0));
    this._filled = rows === COMPACT_ROWS;
    const screen = this._terminal.element?.querySelector('.xterm-screen');
    const height = screen ? screen.clientHeight / this._terminal.rows : 0;
    this._host.style.height = `${Math.ceil(rows * height)}px`;
  }

  private readonly _host: HTMLElement;
  private readonly _compact: boolean;
  private readonly _terminal: Terminal;
  private readonly _fitAddon: FitAddon;
  private readonly _searchAddon: SearchAddon;
  private readonly _resizing: ResizeObserver;
  private readonly _theming: { dispose(): void };
  private _marks: IMark[] = [];
  private _wide = 0;
  private _filled = false;
  private _isDisposed = false;
}

/** Font and colours of the theme. */
function looksOf(host: HTMLElement): ITerminalOptions {
  const theme = themeOf(host);
  const background = theme('--jp-layout-color0', '#fff');
  const foreground = theme('--jp-content-font-color1', '#000');
  const faint = theme('--jp-ui-font-color2', '#888');
  return {
    fontFamily: theme('--jp-code-font-family', 'monospace'),
    fontSize: parseFloat(theme('--jp-code-font-size', '13px')),
    lineHeight: 1.2,
    theme: {
      background,
      foreground,
      cursor: background,
      selectionBackground: theme('--jp-editor-selected-focused-background', '#d7d4f0'),
      selectionInactiveBackground: theme('--jp-editor-selected-focused-background', '#d7d4f0'),
      black: theme('--jp-ui-font-color0', '#000'),
      red: theme('--jp-error-color1', '#d32f2f'),
      green: theme('--jp-success-color1', '#388e3c'),
      yellow: theme('--jp-warn-color1', '#f57c00'),
      blue: theme('--jp-brand-color1', '#1976d2'),
      magenta: theme('--md-purple-500', '#9c27b0'),
      cyan: theme('--jp-info-color1', '#0097a7'),
      white: faint,
      brightBlack: faint,
      brightRed: theme('--jp-error-color2', '#e57373'),
      brightGreen: theme('--jp-success-color2', '#81c784'),
      brightYellow: theme('--jp-warn-color2', '#ffb74d'),
      brightBlue: theme('--jp-brand-color2', '#64b5f6'),
      brightMagenta: theme('--md-purple-300', '#ba68c8'),
      brightCyan: theme('--jp-info-color2', '#4dd0e1'),
      brightWhite: foreground
    }
  };
}
