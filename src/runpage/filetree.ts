import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import { messageOf } from '../api/error';
import type * as wire from '../api/wire';
import type { IVerbs } from '../tokens';

/**
 * Entries of the first request for a folder. Each costs the service a look at the whole folder, so
 * the next ones bring as many as are there already, or as it takes to where the user has jumped.
 */
export const PAGE = 1_000;
const LARGEST_PAGE = 25_000;

/** One line of the tree as it is shown. */
export interface ITreeRow {
  /** `null` for an entry that is there, but not loaded yet. */
  entry: wire.FolderEntry | null;
  /** The folder that it is in; empty for the top. */
  folder: string;
  /** From 1. */
  level: number;
  /** From 1, among all in its folder. */
  position: number;
  /** How many are in its folder. */
  siblings: number;
  expanded: boolean;
}

interface IFolder {
  entries: readonly wire.FolderEntry[];
  total: number;
  nextAfter: string | null;
  loaded: boolean;
  problem: string | null;
}

/** The files of a run, level by level, as far as the user has looked. */
export class FileTree implements IDisposable {
  constructor(
    private readonly _verbs: Pick<IVerbs, 'folder'>,
    private readonly _runId: string
  ) {}

  /** The rows of the tree, folders that are open followed by what is in them. */
  get rows(): readonly ITreeRow[] {
    this._rows ??= this._flat('', 1);
    return this._rows;
  }

  /** The first answer has come. */
  get ready(): boolean {
    return this._folders.get('')?.loaded ?? false;
  }

  /** Why a folder cannot be listed, or `null`. */
  get problem(): string | null {
    for (const [path, folder] of this._folders) {
      if (folder.problem !== null && (path === '' || this._isOpen(path))) {
        return folder.problem;
      }
    }
    return null;
  }

  /** The row that keys act on; `null` while there is none. */
  get selected(): wire.FolderEntry | null {
    return this._at(this._selected)?.entry ?? null;
  }

  get selectedIndex(): number {
    return this.rows.findIndex(({ entry }) => entry?.path === this._selected);
  }

  /** Rows, selection or problem have changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  select(path: string): void {
    if (path !== this._selected) {
      this._selected = path;
      this._changed.emit();
    }
  }

  /** Open or close a folder. What was open in it stays so. */
  toggle(path: string): void {
    if (this._expanded.delete(path)) {
      if (this._selected?.startsWith(`${path}/`)) {
        this._selected = path;
      }
    } else {
      this._expanded.add(path);
      if (!this._folders.get(path)?.loaded) {
        void this._load(path, PAGE);
      }
    }
    this._update();
  }

  /** Move the selection as a tree does; whether the key meant something. */
  press(key: string, page = 10): boolean {
    const at = this.selectedIndex;
    const row = at < 0 ? undefined : this.rows[at];
    const last = this.rows.length - 1;
    switch (key) {
      case 'ArrowDown':
        return this._go(at + 1);
      case 'ArrowUp':
        return this._go(at < 0 ? last : at - 1);
      case 'PageDown':
        return this._go(at + page);
      case 'PageUp':
        return this._go(at - page);
      case 'Home':
        return this._go(0);
      case 'End':
        return this._go(last);
      case 'ArrowRight':
        if (row?.entry?.is_folder) {
          if (row.expanded) {
            return this.rows[at + 1]?.folder === row.entry.path ? this._go(at + 1) : true;
          }
          this.toggle(row.entry.path);
        }
        return true;
      case 'ArrowLeft':
        if (row?.entry && row.expanded) {
          this.toggle(row.entry.path);
        } else if (row && row.folder !== '') {
          this.select(row.folder);
        }
        return true;
      case 'Enter':
      case ' ':
        if (row?.entry?.is_folder) {
          this.toggle(row.entry.path);
        }
        return true;
      default:
        return false;
    }
  }

  /** Load what is missing of the rows `from` up to, not including, `to`. */
  need(from: number, to: number): void {
    const folders = new Set<string>();
    for (const row of this.rows.slice(Math.max(0, from), to)) {
      if (!row.entry) {
        folders.add(row.folder);
      }
    }
    for (const path of folders) {
      const last = this.rows.slice(0, to).filter(row => row.folder === path);
      const wanted = last[last.length - 1].position;
      void this._more(path, wanted);
    }
  }

  /** Look at every open folder again; what is selected and open stays so. */
  async refresh(): Promise<void> {
    await this._reload('');
    // A folder is there when the one around it says so: the outer ones first.
    for (const path of [...this._expanded].sort()) {
      if (this._isFolder(path)) {
        await this._reload(path);
      }
    }
  }

  private async _reload(path: string): Promise<void> {
    const folder = this._folders.get(path);
    const loaded = folder?.entries.length ?? 0;
    if (folder && loaded > LARGEST_PAGE) {
      // Too much to compare every two seconds: only when something came or went.
      const { total } = await this._verbs
        .folder(this._runId, { path, limit: 1 })
        .catch(() => folder);
      if (total === folder.total) {
        return;
      }
    }
    await this._load(path, Math.max(PAGE, loaded));
  }

  private _isOpen(path: string): boolean {
    return this._expanded.has(path) && this._isFolder(path);
  }

  private _isFolder(path: string): boolean {
    const around = this._folders.get(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
    return around?.entries.some(entry => entry.is_folder && entry.path === path) ?? false;
  }

  private _go(index: number): boolean {
    const to = Math.max(0, Math.min(this.rows.length - 1, index));
    const entry = this.rows[to]?.entry;
    if (entry) {
      this.select(entry.path);
    } else if (to < this.rows.length) {
      this.need(to, to + 1);
    }
    return true;
  }

  /** Pages follow each other: of a folder, one is asked for at a time. */
  private async _more(path: string, wanted: number): Promise<void> {
    for (;;) {
      const folder = this._folders.get(path);
      if (
        !folder?.nextAfter ||
        folder.entries.length >= wanted ||
        this._busy.has(path) ||
        this._isDisposed
      ) {
        return;
      }
      const loaded = folder.entries.length;
      const limit = Math.min(LARGEST_PAGE, Math.max(PAGE, loaded, wanted - loaded));
      if (!(await this._load(path, limit, folder.nextAfter))) {
        return;
      }
    }
  }

  private async _load(path: string, limit: number, after?: string): Promise<boolean> {
    if (this._busy.has(path)) {
      return false;
    }
    this._busy.add(path);
    const before = this._folders.get(path);
    let next: IFolder;
    try {
      const page = await this._verbs.folder(this._runId, { path, limit, after });
      next = {
        entries:
          after === undefined ? page.entries : [...(before?.entries ?? []), ...page.entries],
        total: page.total,
        nextAfter: page.next_after,
        loaded: true,
        problem: null
      };
    } catch (error) {
      const problem = messageOf(error);
      next = { entries: [], total: 0, nextAfter: null, loaded: true, ...before, problem };
    }
    this._busy.delete(path);
    if (this._isDisposed) {
      return false;
    }
    if (!before || !same(before, next)) {
      this._folders.set(path, next);
      this._update();
    }
    return next.problem === null;
  }

  private _flat(path: string, level: number): ITreeRow[] {
    const folder = this._folders.get(path);
    if (!folder) {
      return [];
    }
    const rows: ITreeRow[] = [];
    const siblings = Math.max(folder.total, folder.entries.length);
    folder.entries.forEach((entry, index) => {
      const expanded = entry.is_folder && this._expanded.has(entry.path);
      rows.push({ entry, folder: path, level, position: index + 1, siblings, expanded });
      if (expanded) {
        for (const row of this._flat(entry.path, level + 1)) {
          rows.push(row);
        }
      }
    });
    if (folder.nextAfter !== null) {
      for (let position = folder.entries.length + 1; position <= siblings; position++) {
        rows.push({ entry: null, folder: path, level, position, siblings, expanded: false });
      }
    }
    return rows;
  }

  private _at(path: string | null): ITreeRow | undefined {
    return path === null ? undefined : this.rows.find(({ entry }) => entry?.path === path);
  }

  private _update(): void {
    this._rows = null;
    this._changed.emit();
  }

  private _rows: readonly ITreeRow[] | null = null;
  private _folders = new Map<string, IFolder>();
  /** What the run is for is open from the start. */
  private _expanded = new Set<string>(['outputs']);
  private _busy = new Set<string>();
  private _selected: string | null = null;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}

function same(one: IFolder, other: IFolder): boolean {
  return (
    one.total === other.total &&
    one.nextAfter === other.nextAfter &&
    one.loaded === other.loaded &&
    one.problem === other.problem &&
    one.entries.length === other.entries.length &&
    one.entries.every((entry, index) => {
      const now = other.entries[index];
      return (
        entry.path === now.path &&
        entry.is_folder === now.is_folder &&
        entry.size_bytes === now.size_bytes &&
        entry.modified_at === now.modified_at
      );
    })
  );
}
