import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { IRunningSessionManagers } from '@jupyterlab/running';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { IStatusBar } from '@jupyterlab/statusbar';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { messageOf } from '../api/error';
import type { IWorkspace } from '../tokens';
import { ITraining } from '../tokens';

import type { Announcer, IAnnouncement } from './announcer';
import { addCommands, COMMANDS, labelOf } from './commands';
import type { Announce } from './endings';
import { trainingIcon } from './icons';
import { isInFront } from './infront';
// What is selected is asked for by the commands from the start.
// eslint-disable-next-line jupyter/prefer-lazy-imports
import { SidebarModel } from './model';
import { QueueOrder } from './queuemoves';
import { Sidebar } from './sidebar';
import { Targets } from './targets';

const DOMAIN = 'jupyter_mltrain';
const SIDEBAR_ID = 'jupyter-mltrain-sidebar';
const SIDEBAR_STATE = 'jupyter-mltrain:sidebar';

/** The sidebar, and the commands that act on runs. */
export const sidebarPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mltrain:sidebar',
  description:
    'Adds the sidebar with queue, runs and compute targets, and the commands on runs.',
  autoStart: true,
  requires: [ITraining],
  optional: [ITranslator, ICommandPalette, ILayoutRestorer, ISettingRegistry, IStateDB],
  activate: (
    app: JupyterFrontEnd,
    training: ITraining,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    settingRegistry: ISettingRegistry | null,
    state: IStateDB | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const { commands, shell } = app;
    const model = new SidebarModel();
    const targets = new Targets(training, model.selection, shell);
    targets.watch(document);

    const orders = new WeakMap<IWorkspace, QueueOrder>();
    const orderOf = (workspace: IWorkspace): QueueOrder => {
      let order = orders.get(workspace);
      if (!order) {
        order = new QueueOrder(workspace.queue, workspace.verbs, (entry, error) => {
          const label = labelOf(workspace.runs.get(entry.run_id), entry.run_id);
          Notification.error(
            trans.__('%1 cannot be moved in the queue: %2', label, messageOf(error)),
            { autoClose: false }
          );
        });
        orders.set(workspace, order);
      }
      return order;
    };

    let asksToDelete = true;
    addCommands({ app, training, targets, trans, orderOf, asksToDelete: () => asksToDelete });
    commands.addCommand(COMMANDS.showSidebar, {
      label: trans.__('Show training runs'),
      caption: trans.__('Show the sidebar with queue, runs and compute targets'),
      icon: trainingIcon,
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => shell.activateById(SIDEBAR_ID)
    });

    const sidebar = new Sidebar({ training, model, orderOf, commands, trans });
    sidebar.id = SIDEBAR_ID;
    sidebar.title.icon = trainingIcon;
    sidebar.title.caption = trans.__('Training');
    sidebar.node.setAttribute('role', 'region');
    sidebar.node.setAttribute('aria-label', trans.__('Training'));
    shell.add(sidebar, 'left', { rank: 450, type: 'Training' });
    restorer?.add(sidebar, SIDEBAR_ID);

    for (const command of [
      COMMANDS.showSidebar,
      COMMANDS.refresh,
      COMMANDS.cancel,
      COMMANDS.again,
      COMMANDS.download,
      COMMANDS.remove
    ]) {
      palette?.addItem({ command, category: trans.__('Training') });
    }
    const tell = (): void => {
      for (const command of ON_RUNS) {
        commands.notifyCommandChanged(command);
      }
    };
    model.selection.changed.connect(tell);

    void state?.fetch(SIDEBAR_STATE).then(remembered => {
      model.restore(remembered);
      let saved = JSON.stringify(model);
      model.changed.connect(() => {
        const now = JSON.stringify(model);
        if (now !== saved) {
          saved = now;
          void state.save(SIDEBAR_STATE, model.toJSON());
        }
      });
    });
    void withSettings(settingRegistry, sidebarPlugin.id, trans, settings => {
      asksToDelete = settings.get('confirmDelete').composite !== false;
    });
  }
};

/** Runs that run and wait, in the status bar. */
export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mltrain:status',
  description: 'Shows in the status bar how many runs run and wait, and what is wrong.',
  autoStart: true,
  requires: [ITraining],
  optional: [IStatusBar, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    training: ITraining,
    statusBar: IStatusBar | null,
    translator: ITranslator | null
  ): void => {
    if (!statusBar) {
      return;
    }
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const show = (): void => void app.commands.execute(COMMANDS.showSidebar);
    void app.restored.then(async () => {
      const { StatusItem } = await import('./status');
      const item = new StatusItem(training, trans, show);
      statusBar.registerStatusItem(statusPlugin.id, {
        item,
        align: 'left',
        rank: 3,
        isActive: () => item.isActive,
        activeStateChanged: item.activeChanged
      });
    });
  }
};

/** A notification when a run ends. */
export const notificationsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mltrain:notifications',
  description: 'Tells once when a run has ended, also if it ended while the page was closed.',
  autoStart: true,
  requires: [ITraining],
  optional: [ITranslator, ISettingRegistry, IStateDB],
  activate: (
    app: JupyterFrontEnd,
    training: ITraining,
    translator: ITranslator | null,
    settingRegistry: ISettingRegistry | null,
    state: IStateDB | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const { commands, shell } = app;
    let announce: Announce = 'all';
    const show = (workspace: IWorkspace, { type, message, runId }: IAnnouncement): void => {
      const [label, command, args] =
        runId === null
          ? [trans.__('Show'), COMMANDS.showSidebar, {}]
          : [trans.__('Open'), COMMANDS.open, { workspace: workspace.id, run: runId }];
      Notification.emit(message, type, {
        // A failure waits for the user; the rest is in the list of notifications.
        autoClose: type === 'error' ? false : 8_000,
        actions: [{ label, callback: () => void commands.execute(command, args) }]
      });
    };
    void app.restored.then(async () => {
      await withSettings(settingRegistry, notificationsPlugin.id, trans, settings => {
        announce = settings.get('announce').composite as Announce;
      });
      const [{ Announcer }, { FollowCurrent }] = await Promise.all([
        import('./announcer'),
        import('./following')
      ]);
      const begin = (workspace: IWorkspace): Announcer =>
        new Announcer(workspace, {
          trans,
          state,
          announce: () => announce,
          isInFront: runId => isInFront(runId, shell.currentWidget),
          show: announcement => show(workspace, announcement)
        });
      // Lives as long as the page.
      // eslint-disable-next-line jupyter/require-disposable-ownership
      new FollowCurrent(training, begin);
    });
  }
};

/** Runs in the panel of what runs. */
export const runningPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mltrain:running',
  description: 'Lists the runs that have not ended among the running sessions.',
  autoStart: true,
  requires: [ITraining],
  optional: [IRunningSessionManagers, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    training: ITraining,
    managers: IRunningSessionManagers | null,
    translator: ITranslator | null
  ): void => {
    if (!managers) {
      return;
    }
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const on = (command: string) => (workspace: string, run: string) =>
      void app.commands.execute(command, { workspace, run });
    void app.restored.then(async () => {
      const { RunningRuns } = await import('./running');
      managers.add(
        new RunningRuns({
          training,
          trans,
          open: on(COMMANDS.open),
          cancel: on(COMMANDS.cancel)
        })
      );
    });
  }
};

/** Commands whose label or whether they make sense depends on what is selected. */
const ON_RUNS = [
  COMMANDS.openSelected,
  COMMANDS.cancel,
  COMMANDS.again,
  COMMANDS.remove,
  COMMANDS.download,
  COMMANDS.copyId
];

/** Read a plugin's settings now and whenever they change; without any, nothing is read. */
async function withSettings(
  registry: ISettingRegistry | null,
  pluginId: string,
  trans: TranslationBundle,
  read: (settings: ISettingRegistry.ISettings) => void
): Promise<void> {
  if (!registry) {
    return;
  }
  try {
    const settings = await registry.load(pluginId);
    read(settings);
    settings.changed.connect(read);
  } catch (error) {
    Notification.warning(
      trans.__(
        'The settings %1 cannot be read, defaults are used: %2',
        pluginId,
        messageOf(error)
      ),
      { autoClose: 8_000 }
    );
  }
}
