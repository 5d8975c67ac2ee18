import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { ITraining } from '../tokens';
// The palette and the sidebar ask for the commands from the start.
// eslint-disable-next-line jupyter/prefer-lazy-imports
import { addComputeCommands } from './commands';
import { COMMANDS } from './names';

/** What can be done about compute targets. */
export const computesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mltrain:computes',
  description:
    'Adds the commands that attach engines, and that create, change and delete clusters.',
  autoStart: true,
  requires: [ITraining],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    training: ITraining,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_mltrain');
    addComputeCommands({ commands: app.commands, training, trans });
    for (const command of [COMMANDS.attach, COMMANDS.createCluster]) {
      palette?.addItem({ command, category: trans.__('Training') });
    }
  }
};
