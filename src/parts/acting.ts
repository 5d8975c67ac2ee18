// What commands have in common that act on something of a workspace.

import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { messageOf } from '../api/error';
import type { ITraining, IWorkspace } from '../tokens';

/** Do something in the workspace that arguments mean; a refusal is said, put into words first. */
export type Act = (
  args: ReadonlyPartialJSONObject,
  failed: (message: string) => string,
  verb: (workspace: IWorkspace) => Promise<unknown>
) => Promise<void>;

/** How commands act: in the workspace that is named, else in the one that is shown. */
export function actIn(training: ITraining): Act {
  return async (args, failed, verb) => {
    const id = text(args.workspace);
    const workspace = id ? training.workspace(id) : training.current;
    if (!workspace) {
      return;
    }
    try {
      await verb(workspace);
    } catch (error) {
      Notification.error(failed(messageOf(error)), { autoClose: false });
    }
  };
}

/** The schema of a command's arguments: those given, and the workspace. */
export function schemaOf(
  trans: TranslationBundle,
  properties: ReadonlyJSONObject = {}
): { args: ReadonlyJSONObject } {
  const workspace = {
    type: 'string',
    description: trans.__('The id of the workspace; the one in the sidebar if left out')
  };
  return { args: { type: 'object', properties: { workspace, ...properties } } };
}

/** An argument, if it is a text. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
