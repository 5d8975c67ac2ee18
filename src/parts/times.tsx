import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type * as wire from '../api/wire';
import { useNow } from './now';
import { age, agePeriodMs, duration, elapsedMs, instant } from './words';

/** How long a run has taken or, until it starts, waited; moves while the run goes on. */
export const Elapsed = React.memo(function Elapsed(props: {
  run: wire.Run;
}): React.JSX.Element {
  const { run } = props;
  const now = useNow(
    run.ended_at === null ? 1_000 : Infinity,
    Date.parse(run.started_at ?? run.created_at)
  );
  return <span className="jp-mltrain-Elapsed">{duration(elapsedMs(run, now))}</span>;
});

/** How long ago something was, with the instant in its title. */
export const Age = React.memo(function Age(props: {
  at: string;
  trans: TranslationBundle;
}): React.JSX.Element {
  const at = new Date(props.at);
  const now = useNow(agePeriodMs(Date.now() - at.getTime()), at.getTime());
  return (
    <time className="jp-mltrain-Age" dateTime={props.at} title={instant(at)}>
      {age(props.trans, at, now)}
    </time>
  );
});
