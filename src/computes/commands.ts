import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, copyIcon, deleteIcon, editIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { actIn, schemaOf, text } from '../parts/acting';
import { shown } from '../parts/words';
import type { ITraining } from '../tokens';
import { COMMANDS } from './names';

/** What the commands need of the rest. */
export interface ICommandOptions {
  commands: CommandRegistry;
  training: ITraining;
  trans: TranslationBundle;
}

/** Register the commands about compute targets. */
export function addComputeCommands({ commands, training, trans }: ICommandOptions): void {
  const act = actIn(training);
  const isNamed = (args: ReadonlyPartialJSONObject): boolean =>
    text(args.cluster) !== undefined;
  const properties: ReadonlyJSONObject = {
    cluster: { type: 'string', description: trans.__('Name of the cluster') }
  };

  commands.addCommand(COMMANDS.attach, {
    label: trans.__('Add compute…'),
    caption: trans.__('Attach a Docker Engine of this or another machine'),
    icon: addIcon,
    describedBy: schemaOf(trans),
    execute: args =>
      act(
        args,
        message => trans.__('The dialog cannot be opened: %1', message),
        async ({ verbs }) => {
          const { attachCompute } = await import('./attaching');
          await attachCompute(trans, verbs);
        }
      )
  });

  commands.addCommand(COMMANDS.detach, {
    label: trans.__('Remove compute…'),
    caption: trans.__('Forget the engine; it stays as it is'),
    icon: deleteIcon,
    describedBy: schemaOf(trans, {
      compute: { type: 'string', description: trans.__('Name of the compute target') }
    }),
    isEnabled: args => text(args.compute) !== undefined,
    execute: args =>
      act(
        args,
        message => trans.__('It cannot be removed: %1', message),
        async ({ verbs }) => {
          const { sure } = await import('../parts/sure');
          const compute = text(args.compute) ?? '';
          const isSure = await sure({
            title: trans.__('Remove %1?', shown(compute)),
            body: trans.__(
              'The engine and its images stay as they are. Add it again to go on with it.'
            ),
            keep: trans.__('Keep'),
            button: trans.__('Remove compute')
          });
          if (isSure) {
            await verbs.detach(compute);
          }
        }
      )
  });

  commands.addCommand(COMMANDS.createCluster, {
    label: trans.__('New cluster…'),
    caption: trans.__('Give runs shares of this machine that come and go, as on Azure ML'),
    icon: addIcon,
    describedBy: schemaOf(trans),
    execute: args =>
      act(
        args,
        message => trans.__('The dialog cannot be opened: %1', message),
        async ({ verbs }) => {
          const { createCluster } = await import('./clusters');
          await createCluster(trans, verbs);
        }
      )
  });

  commands.addCommand(COMMANDS.editCluster, {
    label: trans.__('Edit limits…'),
    caption: trans.__('Change how many nodes there can be, and how long idle ones stay'),
    icon: editIcon,
    describedBy: schemaOf(trans, properties),
    isEnabled: isNamed,
    execute: args =>
      act(
        args,
        message => trans.__('The dialog cannot be opened: %1', message),
        async ({ verbs }) => {
          const { editLimits } = await import('./clusters');
          await editLimits(trans, verbs, text(args.cluster) ?? '');
        }
      )
  });

  commands.addCommand(COMMANDS.copyClusterCode, {
    label: trans.__('Copy code'),
    caption: args => codeOf(text(args.cluster) ?? ''),
    icon: copyIcon,
    describedBy: schemaOf(trans, properties),
    isEnabled: isNamed,
    execute: args => Clipboard.copyToSystem(codeOf(text(args.cluster) ?? ''))
  });

  commands.addCommand(COMMANDS.removeCluster, {
    label: trans.__('Delete…'),
    caption: trans.__('Delete the cluster; what its runs have written is kept'),
    icon: deleteIcon,
    describedBy: schemaOf(trans, properties),
    isEnabled: isNamed,
    execute: args =>
      act(
        args,
        message => trans.__('It cannot be deleted: %1', message),
        async ({ verbs }) => {
          const { sure } = await import('../parts/sure');
          const cluster = text(args.cluster) ?? '';
          const isSure = await sure({
            title: trans.__('Delete %1?', shown(cluster)),
            body: trans.__(
              'Its nodes go, and no run can be submitted to it. Runs that have ended stay as they are.'
            ),
            keep: trans.__('Keep'),
            button: trans.__('Delete cluster')
          });
          if (isSure) {
            await verbs.removeCluster(cluster);
          }
        }
      )
  });
}

/** The expression that gets a compute target in a notebook. */
function codeOf(cluster: string): string {
  return `ComputeTarget(ws, "${cluster}")`;
}
