import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { messageOf } from '../api/error';
import type * as wire from '../api/wire';
import { shown } from '../parts/words';
import { Part } from './facts';

/** Tags of something, each with a button that takes it away, and a line that adds one. */
export function TagsPart(props: {
  tags: { [key: string]: string | null };
  /** What has them was deleted. */
  gone: boolean;
  trans: TranslationBundle;
  onChange: (request: wire.TagRequest) => Promise<unknown>;
}): React.JSX.Element | null {
  const { gone, trans, onChange } = props;
  const [typed, setTyped] = React.useState('');
  const [problem, setProblem] = React.useState<string | null>(null);
  const [busy, setBusy] = React.useState(false);
  const tags = Object.entries(props.tags);
  const change = async (request: wire.TagRequest): Promise<boolean> => {
    setBusy(true);
    try {
      await onChange(request);
      setProblem(null);
      return true;
    } catch (error) {
      setProblem(messageOf(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  const add = async (): Promise<void> => {
    const [, key, value] = /^([^=]*)=?(.*)$/s.exec(typed.trim()) ?? [];
    if (key && !busy && (await change({ set: { [key.trim()]: value.trim() || null } }))) {
      setTyped('');
    }
  };
  if (gone && !tags.length) {
    return null;
  }
  return (
    <Part title={trans.__('Tags')}>
      {tags.length > 0 && (
        <ul className="jp-mltrain-Details-tags">
          {tags.map(([key, value]) => (
            <li key={key}>
              {shown(key)}
              {value === null ? '' : `: ${shown(value)}`}
              {!gone && (
                <button
                  type="button"
                  aria-label={trans.__('Remove tag %1', shown(key))}
                  disabled={busy}
                  onClick={() => void change({ remove: [key] })}
                >
                  <closeIcon.react tag="span" width="12px" height="12px" />
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      {!gone && (
        <form
          className="jp-mltrain-Details-addTag"
          onSubmit={event => {
            event.preventDefault();
            void add();
          }}
        >
          <input
            className="jp-mod-styled"
            aria-label={trans.__('New tag')}
            placeholder={trans.__('tag, or tag=value')}
            spellCheck={false}
            value={typed}
            onChange={event => setTyped(event.target.value)}
          />
          <button type="submit" className="jp-mltrain-Button" disabled={busy || !typed.trim()}>
            {trans.__('Add tag')}
          </button>
        </form>
      )}
      <div role="alert">
        {problem !== null && <p className="jp-mltrain-RunPage-note">{problem}</p>}
      </div>
    </Part>
  );
}
