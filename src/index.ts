import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { modelPlugin } from './model/plugin';

const plugins: JupyterFrontEndPlugin<unknown>[] = [modelPlugin];

export default plugins;
