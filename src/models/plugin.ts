import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { schemaOf, text } from '../parts/acting';
import { ITraining } from '../tokens';
// The sidebar and the page of a run ask for the commands from the start.
// eslint-disable-next-line jupyter/prefer-lazy-imports
import { addModelCommands } from './commands';
import type { ModelPage } from './ModelPage';
import { COMMANDS } from './names';

/** A page per model in the main area, there again after a reload, and the commands on models. */
export const modelsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mltrain:models',
  description: 'Opens a model in the main area; adds the commands on models.',
  autoStart: true,
  requires: [ITraining],
  optional: [ITranslator, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    training: ITraining,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_mltrain');
    const { commands, shell } = app;
    const tracker = new WidgetTracker<MainAreaWidget<ModelPage>>({
      namespace: 'mltrain-model'
    });
    const opening = new Map<string, Promise<MainAreaWidget<ModelPage>>>();

    const make = async (
      workspace: string,
      name: string,
      version: number | null,
      id: string
    ): Promise<MainAreaWidget<ModelPage>> => {
      const [{ ModelPageModel }, { ModelPage }] = await Promise.all([
        import('./model'),
        import('./ModelPage')
      ]);
      const model = new ModelPageModel(training, workspace, name, trans, version);
      const content = new ModelPage({ model, trans, commands });
      content.id = `${id}-content`;
      const widget = new MainAreaWidget({ content });
      widget.id = id;
      widget.toolbar.hide();
      shell.add(widget, 'main');
      await tracker.add(widget);
      let remembered = model.version;
      model.changed.connect(() => {
        if (model.version !== remembered) {
          remembered = model.version;
          void tracker.save(widget);
        }
      });
      return widget;
    };

    commands.addCommand(COMMANDS.open, {
      label: trans.__('Open'),
      caption: trans.__('Show the versions, files and origin of a model'),
      describedBy: schemaOf(trans, {
        model: { type: 'string', description: trans.__('Name of the model') },
        version: {
          type: 'integer',
          description: trans.__('The version to show; the latest if left out')
        }
      }),
      isEnabled: args => text(args.model) !== undefined,
      execute: async args => {
        const name = text(args.model);
        let workspace = text(args.workspace);
        if (workspace === undefined) {
          // Never while the layout is restored: there the workspace is given, and the models are
          // not ready before that is done.
          await training.ready;
          workspace = training.current?.id;
        }
        if (workspace === undefined || name === undefined) {
          return null;
        }
        const version = typeof args.version === 'number' ? args.version : null;
        const id = `mltrain-model-${workspace}-${name}`;
        let widget = tracker.find(each => each.id === id);
        if (widget) {
          widget.content.model.version = version;
        } else {
          const made = opening.get(id) ?? make(workspace, name, version, id);
          opening.set(id, made);
          widget = await made.finally(() => opening.delete(id));
        }
        shell.activateById(id);
        return widget;
      }
    });
    addModelCommands({ commands, training, trans });

    if (restorer) {
      void restorer.restore(tracker, {
        command: COMMANDS.open,
        args: ({ content: { model } }) => ({
          workspace: model.workspaceId,
          model: model.name,
          ...(model.version === null ? {} : { version: model.version })
        }),
        name: widget => widget.id
      });
    }
  }
};
