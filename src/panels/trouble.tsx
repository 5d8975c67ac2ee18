import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type * as wire from '../api/wire';
import { useLongerThan, useSignal, words } from '../parts';
import type { IConnection } from '../tokens';

/** How long it may take before the user is told what is waited for, in ms. */
const LONG_MS = 10_000;

interface INoteProps {
  /** What is wrong. */
  title: string;
  message?: string;
  /** What to type to learn more. */
  command?: string;
  isUrgent?: boolean;
  /** A way out. */
  action?: { label: string; run: () => void };
  trans: TranslationBundle;
}

/** What is wrong, why, and what to do. */
export function Note(props: INoteProps): React.JSX.Element {
  return (
    <div
      className={`jp-mltrain-Note${props.isUrgent ? ' jp-mod-urgent' : ''}`}
      role={props.isUrgent ? 'alert' : 'status'}
    >
      <p className="jp-mltrain-Note-title">{props.title}</p>
      {props.message && <p>{words.shown(props.message)}</p>}
      {props.command && (
        <p>
          {props.trans.__('More, in a terminal:')} <code>{props.command}</code>
        </p>
      )}
      {props.action && (
        <button type="button" className="jp-mltrain-Sidebar-button" onClick={props.action.run}>
          {props.action.label}
        </button>
      )}
    </div>
  );
}

/** What is wrong with the connection to a workspace; nothing while all is well. */
export function ConnectionNote(props: {
  connection: IConnection;
  workspace: string;
  /** What to type to learn more. */
  command: string;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { connection, trans } = props;
  useSignal(connection.changed);
  const isSlow = useLongerThan(LONG_MS, connection.state === 'connecting');
  const { message } = connection;
  const retry = { label: trans.__('Retry'), run: () => connection.retry() };
  const workspace = words.shown(props.workspace);
  switch (connection.state) {
    case 'up':
      return null;
    case 'connecting':
      return isSlow ? (
        <Note
          title={trans.__('Still waiting for the training service of %1', workspace)}
          message={message}
          command={props.command}
          action={retry}
          trans={trans}
        />
      ) : null;
    case 'cut':
      return (
        <Note
          title={trans.__('The connection is cut; what is shown may be old')}
          message={message}
          action={retry}
          trans={trans}
        />
      );
    case 'restarting':
      return (
        <Note
          title={trans.__('The training service is being started again; runs go on')}
          message={message}
          trans={trans}
        />
      );
    case 'failed':
      return (
        <Note
          title={trans.__('The training service cannot start')}
          message={message}
          command={props.command}
          isUrgent
          action={retry}
          trans={trans}
        />
      );
    case 'refused':
      return (
        <Note
          title={trans.__('Access is refused')}
          message={message}
          isUrgent
          action={retry}
          trans={trans}
        />
      );
    case 'gone':
      return (
        <Note
          title={trans.__('The workspace %1 is gone', workspace)}
          message={message || trans.__('Its folder is not there any more. Choose another one.')}
          command="jupyter mltrain status --all"
          isUrgent
          action={retry}
          trans={trans}
        />
      );
  }
}

/** The command that tells how a workspace's service is. */
export function statusCommand(info: wire.WorkspaceInfo | undefined): string {
  if (!info || info.default) {
    return 'jupyter mltrain status';
  }
  const directory = /^[\w@%+=:,./-]+$/.test(info.directory)
    ? info.directory
    : `'${info.directory.replace(/'/g, `'\\''`)}'`;
  return `jupyter mltrain --workspace ${words.shown(directory)} status`;
}

/** There is no server extension to talk to. */
export function NoServerNote(props: {
  problem: string;
  trans: TranslationBundle;
  onRetry: () => void;
}): React.JSX.Element {
  const { trans } = props;
  return (
    <Note
      title={trans.__('Training is not available on this Jupyter server')}
      message={props.problem}
      command="jupyter server extension list"
      isUrgent
      action={{ label: trans.__('Retry'), run: props.onRetry }}
      trans={trans}
    />
  );
}
