import { Clipboard, Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { copyIcon, deleteIcon, downloadIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { actIn, schemaOf, text } from '../parts/acting';
import { download } from '../parts/download';
import type { ITraining } from '../tokens';
import { modelIcon } from './icon';
import { COMMANDS } from './names';
import type { ModelId } from './naming';
import { codeOf, modelLabel } from './naming';

/** What the commands need of the rest. */
export interface ICommandOptions {
  commands: CommandRegistry;
  training: ITraining;
  trans: TranslationBundle;
}

/** Register the commands about models, but for `open`, which is the page's. */
export function addModelCommands({ commands, training, trans }: ICommandOptions): void {
  const act = actIn(training);
  const isKnown = (args: ReadonlyPartialJSONObject): boolean => modelOf(args) !== null;

  commands.addCommand(COMMANDS.download, {
    label: trans.__('Download'),
    caption: trans.__('Save the file of the model, or all its files as a zip archive'),
    icon: downloadIcon,
    describedBy: schemaOf(trans, properties()),
    isEnabled: isKnown,
    execute: args =>
      act(
        args,
        message => trans.__('It cannot be downloaded: %1', message),
        ({ verbs }) => {
          const { name, version } = given(args);
          download(verbs.modelUrl(name, version));
          return Promise.resolve();
        }
      )
  });

  commands.addCommand(COMMANDS.copyName, {
    label: trans.__('Copy name'),
    caption: trans.__('Copy the name of the model'),
    icon: copyIcon,
    describedBy: schemaOf(trans, properties()),
    isEnabled: isKnown,
    execute: args => Clipboard.copyToSystem(given(args).name)
  });

  commands.addCommand(COMMANDS.copyCode, {
    label: trans.__('Copy code'),
    caption: args => codeOf(modelOf(args) ?? { name: '', version: 1 }),
    icon: copyIcon,
    describedBy: schemaOf(trans, properties()),
    isEnabled: isKnown,
    execute: args => Clipboard.copyToSystem(codeOf(given(args)))
  });

  commands.addCommand(COMMANDS.register, {
    label: trans.__('Register as model…'),
    caption: trans.__('Keep a file or folder of a run as a version of a model'),
    icon: modelIcon,
    describedBy: schemaOf(trans, {
      run: { type: 'string', description: trans.__('Id of the run') },
      path: { type: 'string', description: trans.__('A file or folder of the run') }
    }),
    isEnabled: args => text(args.run) !== undefined && text(args.path) !== undefined,
    execute: args =>
      act(
        args,
        message => trans.__('The dialog cannot be opened: %1', message),
        async workspace => {
          const { registerModel } = await import('./registering');
          const run = await workspace.runs.load(text(args.run) ?? '');
          const model = await registerModel(trans, workspace.verbs, run, text(args.path) ?? '');
          if (model) {
            const { name, version } = model;
            Notification.info(trans.__('%1 is registered.', modelLabel(model)), {
              autoClose: 8_000,
              actions: [
                {
                  label: trans.__('Open'),
                  callback: () =>
                    void commands.execute(COMMANDS.open, {
                      workspace: workspace.id,
                      model: name,
                      version
                    })
                }
              ]
            });
          }
        }
      )
  });

  commands.addCommand(COMMANDS.remove, {
    label: args => {
      const model = modelOf(args);
      return model
        ? trans.__('Delete version %1…', model.version)
        : trans.__('Delete version…');
    },
    caption: trans.__('Delete the files of this version; others stay'),
    icon: deleteIcon,
    describedBy: schemaOf(trans, properties()),
    isEnabled: isKnown,
    execute: args =>
      act(
        args,
        message => trans.__('It cannot be deleted: %1', message),
        async ({ verbs }) => {
          const { mayDeleteModel } = await import('./asking');
          const { name, version } = given(args);
          const versions = await verbs.models({ name });
          const model = versions.find(each => each.version === version);
          // What is gone meanwhile is left to the service to refuse.
          if (!model || (await mayDeleteModel(trans, model, versions.length))) {
            await verbs.removeModel(name, version);
          }
        }
      )
  });

  function given(args: ReadonlyPartialJSONObject): ModelId {
    const model = modelOf(args);
    if (!model) {
      throw new Error(trans.__('No model is named.'));
    }
    return model;
  }
  function properties(): ReadonlyJSONObject {
    return {
      model: { type: 'string', description: trans.__('Name of the model') },
      version: { type: 'integer', description: trans.__('Its version') }
    };
  }
}

/** The version of a model that arguments name, or `null`. */
function modelOf({ model, version }: ReadonlyPartialJSONObject): ModelId | null {
  return typeof model === 'string' && typeof version === 'number'
    ? { name: model, version }
    : null;
}
