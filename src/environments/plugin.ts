import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  MainAreaWidget,
  Notification,
  WidgetTracker
} from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';

import { ITraining, type IWorkspace } from '../tokens';
import type { BuildPage } from './BuildPage';
// The palette and the sidebar ask for the commands from the start.
// eslint-disable-next-line jupyter/prefer-lazy-imports
import { addEnvironmentCommands } from './commands';
import type { EnvironmentForm } from './EnvironmentForm';
import type { ISaved, Purpose } from './formmodel';
import { COMMANDS } from './names';

/** The forms of environments and the pages of their builds. */
export const environmentsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mltrain:environments',
  description:
    'Adds the form of environments, the pages of their builds, and attached compute.',
  autoStart: true,
  requires: [ITraining],
  optional: [ITranslator, ICommandPalette, ILayoutRestorer, IDefaultFileBrowser],
  activate: (
    app: JupyterFrontEnd,
    training: ITraining,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    browser: IDefaultFileBrowser | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_mltrain');
    const { commands, shell } = app;
    const pages = new WidgetTracker<MainAreaWidget<BuildPage>>({ namespace: 'mltrain-build' });
    const opening = new Map<string, Promise<MainAreaWidget<BuildPage>>>();

    const makePage = async (
      workspace: IWorkspace,
      buildId: string,
      explained: boolean
    ): Promise<MainAreaWidget<BuildPage>> => {
      void import('../log/screen').then(({ loadTerminal }) => loadTerminal());
      const { BuildPage } = await import('./BuildPage');
      const content = new BuildPage({ workspace, buildId, explained, trans, commands });
      const id = `mltrain-build-${workspace.id}-${buildId}`;
      content.id = `${id}-content`;
      const widget = new MainAreaWidget({ content });
      widget.id = id;
      widget.toolbar.hide();
      shell.add(widget, 'main');
      await pages.add(widget);
      return widget;
    };

    const openBuild = async (
      workspace: IWorkspace,
      buildId: string,
      explained: boolean
    ): Promise<void> => {
      const id = `mltrain-build-${workspace.id}-${buildId}`;
      let widget = pages.find(each => each.id === id);
      if (!widget) {
        const made = opening.get(id) ?? makePage(workspace, buildId, explained);
        opening.set(id, made);
        try {
          widget = await made;
        } finally {
          opening.delete(id);
        }
      }
      if (explained) {
        widget.content.explain();
      }
      shell.activateById(widget.id);
    };

    const openForm = async (
      workspace: IWorkspace,
      purpose: Purpose,
      environment?: string,
      version?: string
    ): Promise<void> => {
      const [{ EnvironmentFormModel }, { EnvironmentForm }] = await Promise.all([
        import('./formmodel'),
        import('./EnvironmentForm')
      ]);
      const model = new EnvironmentFormModel({
        training,
        trans,
        workspaceId: workspace.id,
        purpose,
        environment,
        version
      });
      const content: EnvironmentForm = new EnvironmentForm({
        model,
        browse: browser && (from => browse(browser, from))
      });
      content.id = `mltrain-environment-${UUID.uuid4()}`;
      const widget = new MainAreaWidget({ content });
      widget.id = `${content.id}-area`;
      widget.toolbar.hide();
      content.saved.connect((_, saved) => {
        void tell(workspace, saved);
        widget.dispose();
      });
      shell.add(widget, 'main', { mode: 'tab-after' });
      shell.activateById(widget.id);
    };

    /** What was saved is built before the user's eyes, or can be. */
    const tell = async (workspace: IWorkspace, { build, version }: ISaved): Promise<void> => {
      if (build) {
        await openBuild(workspace, build.id, false);
        return;
      }
      const { name, version: number } = version.spec;
      const environment = number === null ? name : `${name}:${number}`;
      Notification.info(trans.__('%1 is saved.', environment), {
        autoClose: 5_000,
        actions: [
          {
            label: trans.__('Build'),
            callback: () =>
              void commands.execute(COMMANDS.build, { workspace: workspace.id, environment })
          }
        ]
      });
    };

    const browse = async (
      current: IDefaultFileBrowser,
      from: string
    ): Promise<string | null> => {
      const { FileDialog } = await import('@jupyterlab/filebrowser');
      const { value } = await FileDialog.getExistingDirectory({
        manager: current.model.manager,
        translator: translator ?? undefined,
        defaultPath: from,
        title: trans.__('The folder that the Dockerfile copies from')
      });
      const found = value?.[0];
      return found?.type === 'directory' ? found.path || '.' : null;
    };

    addEnvironmentCommands({ commands, training, trans, openForm, openBuild });
    for (const command of [COMMANDS.create, COMMANDS.reclaim]) {
      palette?.addItem({ command, category: trans.__('Training') });
    }
    if (restorer) {
      void restorer.restore(pages, {
        command: COMMANDS.openBuild,
        args: ({ content }) => ({ workspace: content.workspaceId, build: content.buildId }),
        name: widget => widget.id
      });
    }
  }
};
