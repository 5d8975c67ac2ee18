import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Clipboard, Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  copyIcon,
  deleteIcon,
  downloadIcon,
  refreshIcon,
  runIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import type { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { messageOf } from '../api/error';
import type * as wire from '../api/wire';
import { words } from '../parts';
import { download } from '../parts/download';
import type { ITraining, IWorkspace } from '../tokens';

import { forEach, lossOf, mayDelete } from './deleting';
import type { QueueMove, QueueOrder } from './queuemoves';
import { indexAfter } from './queuemoves';
import type { ITarget, Targets } from './targets';
import { known } from './targets';

/** The commands that act on runs; `open` and `newRun` are registered by their own plugins. */
export const COMMANDS = {
  open: 'mltrain:open-run',
  newRun: 'mltrain:new-run',
  openSelected: 'mltrain:open-selected-run',
  cancel: 'mltrain:cancel-run',
  again: 'mltrain:run-again',
  remove: 'mltrain:delete-run',
  download: 'mltrain:download-outputs',
  copyId: 'mltrain:copy-run-id',
  move: 'mltrain:move-run',
  refresh: 'mltrain:refresh',
  copyFolder: 'mltrain:copy-workspace-folder',
  showSidebar: 'mltrain:show-sidebar'
} as const;

/** What the commands need of the rest. */
export interface ICommandOptions {
  app: JupyterFrontEnd;
  training: ITraining;
  targets: Targets;
  trans: TranslationBundle;
  /** The queue of a workspace, to be rearranged. */
  orderOf: (workspace: IWorkspace) => QueueOrder;
  /** Whether to ask before runs are deleted. */
  asksToDelete: () => boolean;
}

/** Most runs that one command opens, or downloads: each is a page, or a download, of its own. */
const MOST_AT_ONCE = 10;

/** Register the commands that act on runs. */
export function addCommands(options: ICommandOptions): void {
  const { app, training, targets, trans } = options;
  const { commands } = app;

  const acting = (
    args: ReadonlyPartialJSONObject,
    fits: (run: wire.Run) => boolean
  ): ITarget => {
    const target = targets.of(args);
    if (!target) {
      throw new Error(trans.__('No run is selected.'));
    }
    const { workspace, runIds } = target;
    // What the page has no record of is left to the server to refuse.
    const chosen = runIds.filter(id => {
      const run = workspace.runs.get(id);
      return run === undefined || fits(run);
    });
    return { workspace, runIds: chosen };
  };
  const count = (args: ReadonlyPartialJSONObject, fits: (run: wire.Run) => boolean): number =>
    targets.of(args) ? acting(args, fits).runIds.length : 0;
  const act = async <T>(
    { workspace, runIds }: ITarget,
    verb: (runId: string) => Promise<T>,
    failed: (label: string, message: string) => string
  ): Promise<T[]> => {
    const labels = runIds.map(id => labelOf(workspace.runs.get(id), id));
    const results = await forEach(runIds, verb);
    const refused = new Map<string, string[]>();
    results.forEach((result, index) => {
      if (result.status === 'rejected') {
        const message = messageOf(result.reason);
        refused.set(message, [...(refused.get(message) ?? []), labels[index]]);
      }
    });
    for (const [message, those] of refused) {
      Notification.error(failed(those.join(', '), message), { autoClose: false });
    }
    return results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
  };

  const moving = (args: ReadonlyPartialJSONObject): [QueueOrder | null, string, number] => {
    const target = targets.of(args);
    if (target?.runIds.length !== 1) {
      return [null, '', -1];
    }
    const order = options.orderOf(target.workspace);
    const [id] = target.runIds;
    return [order, id, indexAfter(order.entries, id, args.to as QueueMove)];
  };

  commands.addCommand(COMMANDS.openSelected, {
    label: args => {
      const runs = count(args, any);
      return runs > 1 ? trans._n('Open %1 run', 'Open %1 runs', runs) : trans.__('Open');
    },
    caption: trans.__('Show the output, files, metrics and details of the selected run'),
    isEnabled: args => {
      const runs = count(args, any);
      return runs > 0 && runs <= MOST_AT_ONCE && commands.hasCommand(COMMANDS.open);
    },
    describedBy: { args: runArgs() },
    execute: async args => {
      const { workspace, runIds } = acting(args, any);
      for (const run of runIds) {
        await commands.execute(COMMANDS.open, { workspace: workspace.id, run });
      }
    }
  });

  commands.addCommand(COMMANDS.cancel, {
    label: args => {
      const runs = count(args, words.canCancel);
      return runs > 1
        ? trans._n('Cancel %1 run', 'Cancel %1 runs', runs)
        : trans.__('Cancel run');
    },
    caption: trans.__('End the run; what it has written is kept'),
    icon: stopIcon,
    isEnabled: args => count(args, words.canCancel) > 0,
    describedBy: { args: runArgs() },
    execute: args => {
      const target = acting(args, words.canCancel);
      return act(
        target,
        id => target.workspace.verbs.cancel(id),
        (label, message) => trans.__('%1 cannot be canceled: %2', label, message)
      );
    }
  });

  commands.addCommand(COMMANDS.again, {
    label: args => {
      const runs = count(args, words.canRepeat);
      return runs > 1
        ? trans._n('Run %1 run again', 'Run %1 runs again', runs)
        : trans.__('Run again');
    },
    caption: trans.__('Submit the same files, arguments and settings as a new run'),
    icon: runIcon,
    isEnabled: args => count(args, words.canRepeat) > 0,
    describedBy: {
      args: runArgs({
        changes: {
          type: 'object',
          description: trans.__('What to do otherwise than the first time, as in AgainRequest')
        }
      })
    },
    execute: async args => {
      const target = acting(args, words.canRepeat);
      const changes = args.changes as wire.AgainRequest | undefined;
      const made = await act(
        target,
        id => target.workspace.verbs.again(id, changes),
        (label, message) => trans.__('%1 cannot be run again: %2', label, message)
      );
      // A card or a page shows its new run itself.
      if (typeof args.run !== 'string') {
        for (const run of made) {
          announceNew(options, target.workspace.id, run);
        }
      }
      return made;
    }
  });

  commands.addCommand(COMMANDS.remove, {
    label: args => {
      const runs = count(args, words.isFinal);
      return runs > 1
        ? trans._n('Delete %1 run…', 'Delete %1 runs…', runs)
        : trans.__('Delete run…');
    },
    caption: trans.__('Delete the run with its logs, metrics and outputs'),
    icon: deleteIcon,
    isEnabled: args => count(args, words.isFinal) > 0,
    describedBy: { args: runArgs() },
    execute: async args => {
      const target = acting(args, words.isFinal);
      const { workspace, runIds } = target;
      if (options.asksToDelete()) {
        const loss = await lossOf(workspace.verbs, runIds);
        if (!(await mayDelete(trans, known(target), runIds.length, loss))) {
          return [];
        }
      }
      return act(
        target,
        id => workspace.verbs.remove(id),
        (label, message) => trans.__('%1 cannot be deleted: %2', label, message)
      );
    }
  });

  commands.addCommand(COMMANDS.download, {
    label: args =>
      args.everything === true
        ? trans.__('Download all files as zip')
        : trans.__('Download outputs as zip'),
    caption: trans.__('Save the files of the run as a zip archive'),
    icon: downloadIcon,
    isEnabled: args => {
      const runs = count(args, any);
      return runs > 0 && runs <= MOST_AT_ONCE;
    },
    describedBy: {
      args: runArgs({
        everything: {
          type: 'boolean',
          description: trans.__('Whether logs and all else come too, not only the outputs')
        }
      })
    },
    execute: async args => {
      const target = acting(args, any);
      const { verbs } = target.workspace;
      const prefix = args.everything === true ? undefined : 'outputs/';
      await act(
        target,
        async id => {
          const { total } = await verbs.files(id, { prefix, limit: 1 });
          if (total === 0) {
            throw new Error(
              prefix ? trans.__('It has no outputs.') : trans.__('It has no files.')
            );
          }
          download(verbs.zipUrl(id, prefix));
        },
        (label, message) => trans.__('Nothing of %1 is downloaded: %2', label, message)
      );
    }
  });

  commands.addCommand(COMMANDS.copyId, {
    label: args => {
      const runs = count(args, any);
      return runs > 1
        ? trans._n('Copy %1 run id', 'Copy %1 run ids', runs)
        : trans.__('Copy run id');
    },
    caption: trans.__('Copy what names the run in code and on the command line'),
    icon: copyIcon,
    isEnabled: args => count(args, any) > 0,
    describedBy: { args: runArgs() },
    execute: args => {
      Clipboard.copyToSystem(acting(args, any).runIds.join('\n'));
    }
  });

  commands.addCommand(COMMANDS.move, {
    label: args => {
      switch (args.to as QueueMove) {
        case 'front':
          return trans.__('Move to the front');
        case 'up':
          return trans.__('Move up');
        case 'down':
          return trans.__('Move down');
        case 'end':
          return trans.__('Move to the end');
      }
    },
    caption: trans.__('Change when a waiting run starts'),
    isEnabled: args => {
      const [order, id, to] = moving(args);
      return order !== null && to !== order.indexOf(id) && to >= 0 && to < order.entries.length;
    },
    isVisible: args => {
      const [order, id] = moving(args);
      return order !== null && order.indexOf(id) >= 0;
    },
    describedBy: {
      args: runArgs({
        to: {
          type: 'string',
          description: trans.__('Where: %1', '"front", "up", "down", "end"')
        }
      })
    },
    execute: args => {
      const [order, id, to] = moving(args);
      order?.move(id, to);
    }
  });

  commands.addCommand(COMMANDS.refresh, {
    label: trans.__('Refresh runs'),
    caption: trans.__('Connect to the training service again and look at everything anew'),
    icon: refreshIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    execute: async () => {
      training.current?.connection.retry();
      await training.refresh();
    }
  });

  const folder = (): string | undefined =>
    training.workspaces.find(each => each.id === training.current?.id)?.directory;
  commands.addCommand(COMMANDS.copyFolder, {
    label: trans.__("Copy the path of the workspace's folder"),
    caption: () => folder() ?? '',
    icon: copyIcon,
    isEnabled: () => folder() !== undefined,
    describedBy: { args: { type: 'object', properties: {} } },
    execute: () => Clipboard.copyToSystem(folder() ?? '')
  });

  function runArgs(more: ReadonlyJSONObject = {}): ReadonlyJSONObject {
    return {
      type: 'object',
      properties: {
        workspace: {
          type: 'string',
          description: trans.__('The id of the workspace; the one in the sidebar if left out')
        },
        run: {
          type: 'string',
          description: trans.__('The id of the run; what is selected if left out')
        },
        ...more
      }
    };
  }
}

/** A run's label, or its id where the page has no record. */
export function labelOf(run: wire.Run | undefined, runId: string): string {
  return run ? words.runLabel(run) : runId;
}

function any(): boolean {
  return true;
}

function announceNew({ app, trans }: ICommandOptions, workspace: string, run: wire.Run): void {
  Notification.info(trans.__('%1 is submitted.', words.runLabel(run)), {
    autoClose: 5_000,
    actions: [
      {
        label: trans.__('Open'),
        callback: () => void app.commands.execute(COMMANDS.open, { workspace, run: run.id })
      }
    ]
  });
}
