import type { TranslationBundle } from '@jupyterlab/translation';
import { copyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { shown } from '../parts/words';

/** A part of the page under its heading. */
export function Part(props: { title: string; children: React.ReactNode }): React.JSX.Element {
  return (
    <section className="jp-mltrain-Details-part" aria-label={props.title}>
      <h3>{props.title}</h3>
      {props.children}
    </section>
  );
}

/** A term and what it is; nothing where it is not known. */
export function Fact(props: {
  term: string;
  children: React.ReactNode;
}): React.JSX.Element | null {
  const { term, children } = props;
  return children === null || children === '' || children === undefined ? null : (
    <div className="jp-mltrain-Details-fact">
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Names with values, one to a line. */
export function Pairs(props: {
  entries: readonly (readonly [string, string | null])[];
}): React.JSX.Element {
  return (
    <ul className="jp-mltrain-Details-pairs">
      {props.entries.map(([key, value]) => (
        <li key={key}>
          <code>
            {shown(key)}
            {value === null ? '' : `=${shown(value)}`}
          </code>
        </li>
      ))}
    </ul>
  );
}

/** A button that opens another run. */
export function RunLink(props: {
  runId: string;
  /** What it is called, if that is known. */
  label?: string;
  onOpen: (runId: string) => void;
}): React.JSX.Element {
  return (
    <button
      type="button"
      className="jp-mltrain-Details-link"
      onClick={() => props.onOpen(props.runId)}
    >
      {props.label ?? shown(props.runId)}
    </button>
  );
}

/** A button that copies a text. */
export function Copy(props: {
  text: string;
  name: string;
  trans: TranslationBundle;
  onCopy: (text: string) => void;
}): React.JSX.Element {
  const label = props.trans.__('Copy %1', props.name);
  return (
    <button
      type="button"
      className="jp-mltrain-Details-copy"
      aria-label={label}
      title={label}
      onClick={() => props.onCopy(props.text)}
    >
      <copyIcon.react tag="span" width="14px" height="14px" />
    </button>
  );
}
