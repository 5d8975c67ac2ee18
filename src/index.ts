import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { computesPlugin } from './computes/plugin';
import { environmentsPlugin } from './environments/plugin';
import { formPlugin } from './form/plugin';
import { modelPlugin } from './model/plugin';
import { modelsPlugin } from './models/plugin';
import {
  notificationsPlugin,
  runningPlugin,
  sidebarPlugin,
  statusPlugin
} from './panels/plugin';
import { runCardPlugin } from './runcard/plugin';
import { savingPlugin } from './runcard/saving';
import { runLinkPlugin } from './runpage/link';
import { runPagePlugin } from './runpage/plugin';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  modelPlugin,
  runCardPlugin,
  savingPlugin,
  sidebarPlugin,
  runPagePlugin,
  runLinkPlugin,
  formPlugin,
  environmentsPlugin,
  modelsPlugin,
  computesPlugin,
  statusPlugin,
  notificationsPlugin,
  runningPlugin
];

export default plugins;
