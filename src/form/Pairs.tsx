import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IPair, Problems } from './fields';

/** Rows of a name and a value, with buttons to add one and take one away. */
export function Pairs(props: {
  id: string;
  /** `variables` or `tags`: where their problems are found. */
  field: string;
  pairs: readonly IPair[];
  problems: Problems;
  words: { title: string; key: string; value: string; add: string; remove: string };
  trans: TranslationBundle;
  onChange: (pairs: readonly IPair[]) => void;
}): React.JSX.Element {
  const { id, field, pairs, problems, words, onChange } = props;
  const fresh = React.useRef<string | null>(null);
  const change = (changed: string, part: Partial<IPair>): void =>
    onChange(pairs.map(pair => (pair.id === changed ? { ...pair, ...part } : pair)));
  const add = (): void => {
    const next = 1 + Math.max(-1, ...pairs.map(pair => Number(pair.id)));
    fresh.current = String(next);
    onChange([...pairs, { id: String(next), key: '', value: '' }]);
  };
  return (
    <fieldset className="jp-mltrain-Pairs">
      <legend className="jp-mltrain-Field-label">{words.title}</legend>
      {pairs.length > 0 && (
        <ul className="jp-mltrain-Pairs-rows">
          {pairs.map((pair, index) => {
            const problem = problems[`${field}.${pair.id}`] as string | undefined;
            const problemId = `${id}-${pair.id}-problem`;
            const name = pair.key.trim() || String(index + 1);
            return (
              <li key={pair.id} className="jp-mltrain-Pairs-row">
                <input
                  className="jp-mod-styled"
                  aria-label={`${words.key} ${index + 1}`}
                  aria-invalid={problem ? true : undefined}
                  aria-describedby={problem ? problemId : undefined}
                  placeholder={words.key}
                  spellCheck={false}
                  value={pair.key}
                  ref={element => {
                    if (element && fresh.current === pair.id) {
                      fresh.current = null;
                      element.focus();
                    }
                  }}
                  onChange={event => change(pair.id, { key: event.target.value })}
                />
                <input
                  className="jp-mod-styled"
                  aria-label={`${words.value} ${index + 1}`}
                  placeholder={words.value}
                  spellCheck={false}
                  value={pair.value}
                  onChange={event => change(pair.id, { value: event.target.value })}
                />
                <button
                  type="button"
                  className="jp-mltrain-Form-iconButton"
                  aria-label={`${words.remove}: ${name}`}
                  title={words.remove}
                  onClick={() => onChange(pairs.filter(each => each.id !== pair.id))}
                >
                  <closeIcon.react tag="span" width="14px" height="14px" />
                </button>
                {problem && (
                  <p className="jp-mltrain-Field-problem" id={problemId}>
                    {problem}
                  </p>
                )}
              </li>
            );
          })}
        </ul>
      )}
      <button type="button" className="jp-mltrain-Form-add" onClick={add}>
        <addIcon.react tag="span" width="14px" height="14px" />
        {words.add}
      </button>
    </fieldset>
  );
}
