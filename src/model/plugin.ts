import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { ITraining } from '../tokens';

// What others require has to be there at once, and it is small.
// eslint-disable-next-line jupyter/prefer-lazy-imports
import { Training } from './training';
import { Upgrades } from './upgrades';

/** Knows the workspaces; asks for nothing before JupyterLab stands. */
export const modelPlugin: JupyterFrontEndPlugin<ITraining> = {
  id: 'jupyter-mltrain:model',
  description:
    'Provides the workspaces of this user, with their runs, queue and compute targets.',
  autoStart: true,
  provides: ITraining,
  optional: [IStateDB, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    state: IStateDB | null,
    translator: ITranslator | null
  ): ITraining => {
    const trans = (translator ?? nullTranslator).load('jupyter_mltrain');
    const training = new Training(
      app.serviceManager.serverSettings,
      trans,
      state,
      app.restored
    );
    new Upgrades(training, trans);
    return training;
  }
};
