import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { environmentsPlugin } from './environments/plugin';
import { formPlugin } from './form/plugin';
import { modelPlugin } from './model/plugin';
import {
  notificationsPlugin,
  runningPlugin,
  sidebarPlugin,
  statusPlugin
} from './panels/plugin';
import { runCardPlugin } from './runcard/plugin';
import { savingPlugin } from './runcard/saving';
import { runPagePlugin } from './runpage/plugin';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  modelPlugin,
  runCardPlugin,
  savingPlugin,
  sidebarPlugin,
  runPagePlugin,
  formPlugin,
  environmentsPlugin,
  statusPlugin,
  notificationsPlugin,
  runningPlugin
];

export default plugins;
