import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type * as wire from '../api/wire';
import type { ITraining, IWorkspace } from '../tokens';

import type { RunSelection } from './selection';

/** The runs that a command acts on. */
export interface ITarget {
  workspace: IWorkspace;
  runIds: readonly string[];
}

/** Class of the sidebar, whose selection counts while the user is at it. */
export const SIDEBAR_CLASS = 'jp-mltrain-Sidebar';

/** Where the documents are: who goes there has left the sidebar. */
const MAIN_AREA = '#jp-main-dock-panel';

/**
 * Finds the runs that a command is about.
 *
 * That is the run of its arguments; else what is selected in the sidebar, or the run whose page,
 * card or row it is, whichever the user was at last. Whatever shows one run names it by
 * `data-mltrain-workspace` and `data-mltrain-run`.
 */
export class Targets {
  constructor(
    private readonly _training: ITraining,
    private readonly _selection: RunSelection,
    private readonly _shell: JupyterFrontEnd.IShell
  ) {}

  /** Follow where the user is, for as long as the page lives. */
  watch(page: Document): void {
    const see = (event: Event): void => this.see(event.target);
    page.addEventListener('focusin', event => {
      // A menu is about what it was opened on, wherever the focus is put meanwhile.
      if (!page.querySelector('.lm-Menu')) {
        see(event);
      }
    });
    page.addEventListener('pointerdown', see, { capture: true, passive: true });
  }

  /** The user has turned to an element. */
  see(element: EventTarget | null): void {
    if (!(element instanceof Element)) {
      return;
    }
    const isInSidebar = element.closest(`.${SIDEBAR_CLASS}`) !== null;
    // Menus, dialogs and the palette are about what the user was at before.
    if (isInSidebar || element.closest(MAIN_AREA)) {
      this._isInSidebar = isInSidebar;
      this._named = named(element.closest('[data-mltrain-run]'));
    }
  }

  /** The runs of a command with these arguments; `null` for none. */
  of(args: ReadonlyPartialJSONObject): ITarget | null {
    if (typeof args.run === 'string') {
      const workspace =
        typeof args.workspace === 'string'
          ? this._training.workspace(args.workspace)
          : this._training.current;
      return workspace && { workspace, runIds: [args.run] };
    }
    const pointed = this._named?.element.isConnected ? this._named : null;
    if (this._isInSidebar && !pointed) {
      const workspace = this._training.current;
      const runIds = [...this._selection.ids];
      return workspace && runIds.length ? { workspace, runIds } : null;
    }
    const found = pointed ?? named(this._shell.currentWidget?.node);
    return (
      found && { workspace: this._training.workspace(found.workspace), runIds: [found.run] }
    );
  }

  private _isInSidebar = false;
  private _named: INamed | null = null;
}

/** The records of a target as far as the page knows them. */
export function known({ workspace, runIds }: ITarget): wire.Run[] {
  return runIds.flatMap(id => workspace.runs.get(id) ?? []);
}

interface INamed {
  element: Element;
  workspace: string;
  run: string;
}

function named(element: Element | null | undefined): INamed | null {
  if (!(element instanceof HTMLElement)) {
    return null;
  }
  const { mltrainWorkspace: workspace, mltrainRun: run } = element.dataset;
  return workspace === undefined || run === undefined ? null : { element, workspace, run };
}
