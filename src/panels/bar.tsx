import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type * as wire from '../api/wire';
import { words } from '../parts';

export interface IBarProps {
  what: string;
  held: number;
  of: number;
  say: (amount: number) => string;
  title?: string;
  trans: TranslationBundle;
}

/** How much of something is held, as a bar and in numbers. */
export function Bar(props: IBarProps): React.JSX.Element {
  const { what, held, of, say, trans } = props;
  const said = trans.__('%1 of %2', say(held), say(of));
  const share = of > 0 ? Math.min(1, held / of) : 0;
  return (
    <div className="jp-mltrain-Bar" title={props.title}>
      <span className="jp-mltrain-Bar-what">{what}</span>
      <span
        className="jp-mltrain-Bar-track"
        role="meter"
        aria-label={what}
        aria-valuemin={0}
        aria-valuemax={of}
        aria-valuenow={Math.min(held, of)}
        aria-valuetext={said}
      >
        <span
          className="jp-mltrain-Bar-held"
          data-full={share === 1}
          style={{ transform: `scaleX(${share})` }}
        />
      </span>
      <span className="jp-mltrain-Bar-words">{said}</span>
    </div>
  );
}

/** What is held, or given, together: `2 CPUs · 1 GPU · 4 GB`. */
export function leaseWords(trans: TranslationBundle, lease: wire.Lease): string {
  return [
    words.cpus(trans, lease.cpus),
    ...(lease.gpus.length ? [words.gpus(trans, lease.gpus.length)] : []),
    ...(lease.memory_bytes ? [words.askedSize(trans, lease.memory_bytes)] : [])
  ].join(' · ');
}
