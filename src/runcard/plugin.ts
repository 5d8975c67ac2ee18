import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { ITraining } from '../tokens';
// JupyterLab wants a renderer at once; this one loads all the rest when there is a run to show.
import { RUN_MIME, RunCardRenderer } from './renderer';

/** Before `text/plain`, and everything else that JupyterLab knows. */
const RANK = 0;

/** Shows the runs of `%%train` cells in notebooks. */
export const runCardPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mltrain:run-card',
  description: 'Shows a run, live, as the output of the cell that made it.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [ITraining, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    training: ITraining | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_mltrain');
    rendermime.addFactory(
      {
        // It reads only, and takes nothing of what it shows for markup.
        safe: true,
        mimeTypes: [RUN_MIME],
        createRenderer: () => new RunCardRenderer(app, training, trans)
      },
      RANK
    );
  }
};
