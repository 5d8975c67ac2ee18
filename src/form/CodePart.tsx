import type { TranslationBundle } from '@jupyterlab/translation';
import { copyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { asMagic, asPython, type IPlace, type Lack } from './code';
import type { IFormState } from './model';

/** The filled form as code, to be copied. */
export function CodePart(props: {
  state: IFormState;
  place: IPlace;
  trans: TranslationBundle;
  onCopy: (text: string) => void;
}): React.JSX.Element {
  const { state, place, trans } = props;
  const [copied, setCopied] = React.useState<string | null>(null);
  const magic = asMagic(state.form, place);
  const python = asPython(state.form, place);
  const lacks = magic.lacks.map(lack => lackWords(trans)[lack]).join(', ');
  const copy = (text: string): void => {
    props.onCopy(text);
    setCopied(text);
  };
  const block = (title: string, text: string, note: string): React.JSX.Element => (
    <div className="jp-mltrain-Code">
      <div className="jp-mltrain-Code-head">
        <h4>{title}</h4>
        <button
          type="button"
          className="jp-mltrain-Form-add"
          aria-label={trans.__('Copy %1', title)}
          onClick={() => copy(text)}
        >
          <copyIcon.react tag="span" width="14px" height="14px" />
          {copied === text ? trans.__('Copied') : trans.__('Copy')}
        </button>
      </div>
      <pre tabIndex={0} aria-label={title}>
        {text}
      </pre>
      {note && <p className="jp-mltrain-Field-help">{note}</p>}
    </div>
  );
  return (
    <details className="jp-mltrain-Form-section">
      <summary>{trans.__('Copy as code')}</summary>
      {state.complete ? (
        <>
          {block(
            trans.__('for a notebook cell'),
            magic.text,
            lacks
              ? trans.__('Not in it, since a magic has no words for it: %1.', lacks)
              : trans.__('Needs `%load_ext jupyter_mltrain` once in the notebook.')
          )}
          {python !== null && block(trans.__('in Python'), python, '')}
        </>
      ) : (
        <p className="jp-mltrain-Field-help">
          {trans.__('It is written when the form is complete.')}
        </p>
      )}
    </details>
  );
}

function lackWords(trans: TranslationBundle): Readonly<Record<Lack, string>> {
  return {
    tags: trans.__('a tag with “=” in its name'),
    interpreter: trans.__('another Python'),
    workspace: trans.__('the workspace'),
    'line breaks': trans.__('a value with line breaks')
  };
}
