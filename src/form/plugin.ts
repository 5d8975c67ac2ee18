import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  MainAreaWidget,
  showErrorMessage,
  WidgetTracker
} from '@jupyterlab/apputils';
import { IDefaultFileBrowser, IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { addIcon, runIcon } from '@jupyterlab/ui-components';
import { UUID } from '@lumino/coreutils';

import { messageOf } from '../api/error';
import type * as wire from '../api/wire';
// Menus ask which runs can be done again from the start.
// eslint-disable-next-line jupyter/prefer-lazy-imports
import { canRepeat } from '../parts/words';
import { ITraining } from '../tokens';
import type { FormWidget } from './FormWidget';

const NEW_RUN = 'mltrain:new-run';
const TRAIN_WITH = 'mltrain:train-with';
const AGAIN_WITH = 'mltrain:run-again-with';
const OPEN_RUN = 'mltrain:open-run';

/** The form: from the palette, the launcher, the file browser's menu and the sidebar. */
export const formPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mltrain:form',
  description: 'Adds a form that submits training runs without code.',
  autoStart: true,
  requires: [ITraining],
  optional: [
    ITranslator,
    IFileBrowserFactory,
    IDefaultFileBrowser,
    INotebookTracker,
    ILauncher,
    ICommandPalette,
    ILayoutRestorer,
    ILabShell
  ],
  activate: (
    app: JupyterFrontEnd,
    training: ITraining,
    translator: ITranslator | null,
    browsers: IFileBrowserFactory | null,
    browser: IDefaultFileBrowser | null,
    notebooks: INotebookTracker | null,
    launcher: ILauncher | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    labShell: ILabShell | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_mltrain');
    const category = trans.__('Training');
    const { commands, shell } = app;
    const tracker = new WidgetTracker<MainAreaWidget<FormWidget>>({
      namespace: 'mltrain-form'
    });

    const open = async (args: {
      workspace?: string;
      path?: string;
      base?: wire.Run;
    }): Promise<MainAreaWidget<FormWidget>> => {
      const [{ FormModel }, { FormWidget }] = await Promise.all([
        import('./model'),
        import('./FormWidget')
      ]);
      const model = new FormModel({
        training,
        trans,
        workspaceId: args.workspace,
        fields: args.path === undefined ? undefined : { path: args.path },
        base: args.base
      });
      const content = new FormWidget({
        model,
        trans,
        contents: app.serviceManager.contents,
        browse: browser && ((what, from) => browse(browser, what, from))
      });
      content.id = `mltrain-form-${UUID.uuid4()}`;
      const widget = new MainAreaWidget({ content });
      widget.id = `${content.id}-area`;
      widget.toolbar.hide();
      content.submitted.connect((_, run) => {
        void commands.execute(OPEN_RUN, { workspace: run.workspace_id, run: run.id });
        widget.dispose();
      });
      shell.add(widget, 'main', { mode: 'tab-after' });
      shell.activateById(widget.id);
      if (!args.base) {
        void tracker.add(widget);
        let saved = '';
        model.changed.connect(({ state }) => {
          const next = JSON.stringify([state.workspaceId, state.fields.path]);
          if (next !== saved) {
            saved = next;
            void tracker.save(widget);
          }
        });
      }
      return widget;
    };

    const browse = async (
      current: IDefaultFileBrowser,
      what: 'path' | 'source',
      from: string
    ): Promise<string | null> => {
      const { FileDialog } = await import('@jupyterlab/filebrowser');
      const shared = {
        manager: current.model.manager,
        translator: translator ?? undefined,
        defaultPath: from
      };
      const { value } =
        what === 'source'
          ? await FileDialog.getExistingDirectory({
              ...shared,
              title: trans.__('The folder that travels with the run')
            })
          : await FileDialog.getOpenFiles({
              ...shared,
              title: trans.__('The script or notebook to train with'),
              filter: ({ path, type }) =>
                type === 'directory' || /\.(py|ipynb)$/i.test(path) ? {} : null
            });
      const found = value?.[0];
      const folderWanted = what === 'source';
      return found && (found.type === 'directory') === folderWanted
        ? found.path || (folderWanted ? '.' : null)
        : null;
    };

    /** The files that the user means: those selected where they clicked, else the open notebook. */
    const chosen = (): string[] => {
      const files = [...(browsers?.tracker.currentWidget?.selectedItems() ?? [])];
      return files.filter(({ path }) => isTrainable(path)).map(({ path }) => path);
    };
    const notebookPath = (): string | null => {
      const panel = notebooks?.currentWidget;
      return panel && panel === shell.currentWidget ? panel.context.path : null;
    };

    commands.addCommand(NEW_RUN, {
      label: args =>
        args.isLauncher ? trans.__('Training run') : trans.__('New training run…'),
      caption: trans.__('Fill in and submit a training run'),
      icon: addIcon,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            workspace: {
              type: 'string',
              description: trans.__('Id of the workspace; by default the one that is shown')
            },
            path: {
              type: 'string',
              description: trans.__('The script or notebook, as the file browser names it')
            },
            isLauncher: { type: 'boolean', description: trans.__('For a tile of the launcher') }
          }
        }
      },
      execute: args => open({ workspace: text(args.workspace), path: text(args.path) })
    });

    commands.addCommand(TRAIN_WITH, {
      label: args =>
        args.isPalette ? trans.__('Train with this notebook…') : trans.__('Train with…'),
      caption: trans.__('Open the form of a training run with this script or notebook'),
      icon: runIcon,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            path: {
              type: 'string',
              description: trans.__(
                'The script or notebook; by default what is selected in the file browser'
              )
            },
            isPalette: {
              type: 'boolean',
              description: trans.__('Take the notebook in front, not the file browser')
            }
          }
        }
      },
      isVisible: args =>
        text(args.path) !== undefined ||
        (args.isPalette ? notebookPath() !== null : chosen().length > 0),
      execute: async args => {
        const given = text(args.path);
        const open_ = args.isPalette ? [notebookPath()] : chosen();
        for (const path of given === undefined ? open_ : [given]) {
          if (path !== null) {
            await open({ path: app.serviceManager.contents.localPath(path) });
          }
        }
      }
    });

    commands.addCommand(AGAIN_WITH, {
      label: trans.__('Run again with changes…'),
      caption: trans.__('Fill in what is to be different this time'),
      describedBy: {
        args: {
          type: 'object',
          required: ['workspace', 'run'],
          properties: {
            workspace: { type: 'string', description: trans.__('Id of the workspace') },
            run: { type: 'string', description: trans.__('Id of the run') }
          }
        }
      },
      isEnabled: args => {
        const workspaceId = text(args.workspace) ?? training.current?.id;
        const runId = text(args.run);
        const run =
          workspaceId === undefined || runId === undefined
            ? undefined
            : training.workspace(workspaceId).runs.get(runId);
        return runId !== undefined && (run === undefined || canRepeat(run));
      },
      execute: async args => {
        const workspaceId = text(args.workspace) ?? training.current?.id;
        const runId = text(args.run);
        if (workspaceId === undefined || runId === undefined) {
          return;
        }
        try {
          const base = await training.workspace(workspaceId).runs.load(runId);
          await open({ workspace: workspaceId, base });
        } catch (error) {
          const message = messageOf(error);
          await showErrorMessage(trans.__('The run cannot be opened'), message);
        }
      }
    });

    palette?.addItem({ command: NEW_RUN, category });
    palette?.addItem({ command: TRAIN_WITH, category, args: { isPalette: true } });
    launcher?.add({
      command: NEW_RUN,
      category: trans.__('Other'),
      args: { isLauncher: true }
    });
    if (restorer) {
      void restorer.restore(tracker, {
        command: NEW_RUN,
        args: ({ content: { model } }) => ({
          ...(model.state.workspaceId === null ? {} : { workspace: model.state.workspaceId }),
          path: model.state.fields.path
        }),
        name: ({ content }) => content.id
      });
    }
    // Whether "Train with…" makes sense depends on what is in front.
    labShell?.currentChanged.connect(() => commands.notifyCommandChanged(TRAIN_WITH));
  }
};

function isTrainable(path: string): boolean {
  return /\.(py|ipynb)$/i.test(path);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
