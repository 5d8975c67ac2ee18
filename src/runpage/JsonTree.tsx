import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { shown } from '../parts/words';

/** Most members of one object or array that are shown. */
const MEMBERS = 200;

/** Most members of what is open from the start, below the top. */
const GLANCE = 10;

/** A JSON value; objects and arrays fold. */
export function JsonTree(props: {
  value: unknown;
  /** The member's key; none at the top. */
  name?: string;
  /** How deep it lies; 0 is the top. */
  depth?: number;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { value, name, depth = 0, trans } = props;
  const [open, setOpen] = React.useState(depth === 0 || (depth === 1 && isSmall(value)));
  const label =
    name === undefined ? null : <span className="jp-mltrain-Json-key">{name}: </span>;
  if (typeof value !== 'object' || value === null) {
    const kind = value === null ? 'null' : typeof value;
    return (
      <div className="jp-mltrain-Json-leaf">
        {label}
        <span data-kind={kind}>{JSON.stringify(value)}</span>
      </div>
    );
  }
  const array = Array.isArray(value);
  const keys = Object.keys(value);
  const members = value as { [key: string]: unknown };
  return (
    <details
      className="jp-mltrain-Json"
      open={open}
      onToggle={event => setOpen(event.currentTarget.open)}
    >
      <summary>
        {label}
        <span className="jp-mltrain-Json-count">
          {array
            ? trans._n('[%1 item]', '[%1 items]', keys.length)
            : trans._n('{%1 member}', '{%1 members}', keys.length)}
        </span>
      </summary>
      {/* What is closed is not made: a file may have a million values. */}
      {open && (
        <div className="jp-mltrain-Json-members">
          {keys.slice(0, MEMBERS).map(key => (
            <JsonTree
              key={key}
              name={shown(key)}
              depth={depth + 1}
              value={members[key]}
              trans={trans}
            />
          ))}
          {keys.length > MEMBERS && (
            <div className="jp-mltrain-Json-leaf">
              {trans.__('and %1 more', keys.length - MEMBERS)}
            </div>
          )}
        </div>
      )}
    </details>
  );
}

/** Whether what is in a value can be taken in at a glance. */
function isSmall(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length <= GLANCE;
}
