import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker } from '@jupyterlab/notebook';

import { FINAL_STATES } from '../api/wire';
import type { IShownCard } from './renderer';
import { RunCardRenderer } from './renderer';

/**
 * Saves a notebook when a cell of it has submitted a run.
 *
 * A card is found again in the notebook's file. A page that is reloaded before the next save would
 * have lost the way to the run, though not the run.
 */
export const savingPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mltrain:saving',
  description: 'Saves a notebook when one of its cells submits a run, where autosave is on.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [IDocumentManager],
  activate: (
    _app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    documents: IDocumentManager | null
  ): void => {
    const saved = new Set<string>();
    RunCardRenderer.shown.connect((_, { node, run }: IShownCard) => {
      if (saved.has(run.id) || FINAL_STATES.has(run.state) || documents?.autosave === false) {
        return;
      }
      const panel = notebooks.find(each => each.node.contains(node));
      const context = panel?.context;
      if (context?.model.dirty && !context.model.readOnly && context.contentsModel?.writable) {
        saved.add(run.id);
        // One that fails is told by JupyterLab itself, as every save is.
        void context.save();
      }
    });
  }
};
