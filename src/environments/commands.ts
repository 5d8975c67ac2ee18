import type { TranslationBundle } from '@jupyterlab/translation';
import {
  addIcon,
  copyIcon,
  deleteIcon,
  editIcon,
  refreshIcon,
  runIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { actIn, schemaOf, text } from '../parts/acting';
import type { ITraining, IWorkspace } from '../tokens';
import type { Purpose } from './formmodel';
import { COMMANDS } from './names';

/** What the commands need of the rest. */
export interface ICommandOptions {
  commands: CommandRegistry;
  training: ITraining;
  trans: TranslationBundle;
  openForm: (
    workspace: IWorkspace,
    purpose: Purpose,
    environment?: string,
    version?: string
  ) => Promise<void>;
  openBuild: (workspace: IWorkspace, build: string, explained: boolean) => Promise<void>;
}

/** Register the commands about environments. */
export function addEnvironmentCommands(options: ICommandOptions): void {
  const { commands, training, trans } = options;

  const act = actIn(training);
  const hasName = (args: ReadonlyPartialJSONObject): boolean =>
    text(args.environment) !== undefined;

  commands.addCommand(COMMANDS.create, {
    label: trans.__('New environment…'),
    caption: trans.__('Describe what runs execute in: packages, an image or a Dockerfile'),
    icon: addIcon,
    describedBy: schemaOf(trans),
    execute: args =>
      act(
        args,
        message => trans.__('The form cannot be opened: %1', message),
        workspace => options.openForm(workspace, 'new')
      )
  });

  for (const [command, purpose] of [
    [COMMANDS.edit, 'edit'],
    [COMMANDS.clone, 'clone']
  ] as const) {
    commands.addCommand(command, {
      label: purpose === 'edit' ? trans.__('Edit…') : trans.__('Clone…'),
      caption:
        purpose === 'edit'
          ? trans.__('Change the environment, which makes a new version of it')
          : trans.__('Describe another environment that begins as this one'),
      icon: purpose === 'edit' ? editIcon : copyIcon,
      describedBy: schemaOf(trans, { environment: name(), version: version() }),
      isEnabled: args => hasName(args) && !(purpose === 'edit' && args.reserved === true),
      execute: args =>
        act(
          args,
          message => trans.__('The form cannot be opened: %1', message),
          workspace =>
            options.openForm(workspace, purpose, text(args.environment), text(args.version))
        )
    });
  }

  commands.addCommand(COMMANDS.build, {
    label: args =>
      args.fresh === true ? trans.__('Rebuild with fresh versions') : trans.__('Build'),
    caption: args =>
      args.fresh === true
        ? trans.__('Ask again what tags and unpinned packages stand for, and build that')
        : trans.__('Make it ready now, so that no run has to wait for it'),
    icon: args => (args.fresh === true ? refreshIcon : runIcon),
    describedBy: schemaOf(trans, {
      environment: name(),
      fresh: {
        type: 'boolean',
        description: trans.__('Whether what is built already does not count')
      }
    }),
    isEnabled: hasName,
    execute: args =>
      act(
        args,
        message => trans.__('It cannot be built: %1', message),
        async workspace => {
          const build = await workspace.verbs.startBuild({
            environment: text(args.environment),
            fresh: args.fresh === true
          });
          await options.openBuild(workspace, build.id, false);
        }
      )
  });

  commands.addCommand(COMMANDS.openBuild, {
    label: args =>
      args.explain === true ? trans.__('Why was it not cached') : trans.__('Open log'),
    caption: args =>
      args.explain === true
        ? trans.__('Show what differs from the nearest that was built')
        : trans.__('Show the steps of the build and what it said'),
    describedBy: schemaOf(trans, {
      build: build(),
      explain: {
        type: 'boolean',
        description: trans.__('Whether to say why it was not there already')
      }
    }),
    isEnabled: args => text(args.build) !== undefined,
    execute: args =>
      act(
        args,
        message => trans.__('The build cannot be shown: %1', message),
        workspace => options.openBuild(workspace, text(args.build) ?? '', args.explain === true)
      )
  });

  commands.addCommand(COMMANDS.cancelBuild, {
    label: trans.__('Cancel build'),
    caption: trans.__('End the build; nothing half built is left, and runs that wait fail'),
    icon: stopIcon,
    describedBy: schemaOf(trans, { build: build() }),
    isEnabled: args => text(args.build) !== undefined,
    execute: args =>
      act(
        args,
        message => trans.__('The build cannot be canceled: %1', message),
        ({ verbs }) => verbs.cancelBuild(text(args.build) ?? '')
      )
  });

  commands.addCommand(COMMANDS.remove, {
    label: trans.__('Delete…'),
    caption: trans.__('Delete the environment with its versions'),
    icon: deleteIcon,
    describedBy: schemaOf(trans, { environment: name() }),
    isEnabled: args => hasName(args) && args.reserved !== true,
    execute: args =>
      act(
        args,
        message => trans.__('It cannot be deleted: %1', message),
        async ({ verbs }) => {
          const { mayDeleteEnvironment } = await import('./asking');
          const environment = text(args.environment) ?? '';
          if (await mayDeleteEnvironment(trans, await verbs.environment(environment))) {
            await verbs.removeEnvironment(environment);
          }
        }
      )
  });

  commands.addCommand(COMMANDS.reclaim, {
    label: trans.__('Reclaim space…'),
    caption: trans.__('Delete what was built and nothing needs'),
    icon: deleteIcon,
    describedBy: schemaOf(trans),
    execute: args =>
      act(
        args,
        message => trans.__('No space was reclaimed: %1', message),
        async ({ verbs }) => {
          const { reclaimed } = await import('./asking');
          await reclaimed(trans, verbs);
        }
      )
  });

  function name(): ReadonlyJSONObject {
    return { type: 'string', description: trans.__('Name of the environment') };
  }
  function version(): ReadonlyJSONObject {
    return { type: 'string', description: trans.__('Its version; the latest if left out') };
  }
  function build(): ReadonlyJSONObject {
    return { type: 'string', description: trans.__('Id of the build') };
  }
}
