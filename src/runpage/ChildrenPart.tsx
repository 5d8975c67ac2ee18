import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type * as wire from '../api/wire';
import { useRunList } from '../parts/holding';
import { StateIcon } from '../parts/stateicon';
import { Elapsed } from '../parts/times';
import { useSignal } from '../parts/usesignal';
import { runLabel, stateWord } from '../parts/words';
import type { IWorkspace } from '../tokens';
import { Part, RunLink } from './facts';

/** Children that are shown at first, and how many more at a time. */
const PAGE = 50;

/** The runs that the script of this one has opened, newest first; nothing when there are none. */
export function ChildrenPart(props: {
  workspace: IWorkspace;
  run: wire.Run;
  trans: TranslationBundle;
  onOpen: (runId: string) => void;
}): React.JSX.Element | null {
  const { workspace, run, trans, onOpen } = props;
  const [limit, setLimit] = React.useState(PAGE);
  const list = useRunList(workspace, { parent: run.id });
  useSignal(list.changed);
  React.useEffect(() => list.need(0, limit), [list, limit]);
  const total = list.length ?? 0;
  if (!total && list.problem === null) {
    return null;
  }
  const children = Array.from({ length: Math.min(limit, total) }, (_, index) => list.at(index));
  return (
    <Part title={trans.__('Children')}>
      {list.problem !== null && <p className="jp-mltrain-RunPage-note">{list.problem}</p>}
      <ul className="jp-mltrain-Details-children">
        {children.map(
          child =>
            child && (
              <li key={child.id}>
                <StateIcon state={child.state} />
                <span className="jp-mltrain-Details-state">
                  {stateWord(trans, child.state)}
                </span>
                <RunLink runId={child.id} label={runLabel(child)} onOpen={onOpen} />
                <span className="jp-mltrain-Details-took">
                  <Elapsed run={child} />
                </span>
              </li>
            )
        )}
      </ul>
      {total > limit && (
        <button
          type="button"
          className="jp-mltrain-Button"
          onClick={() => setLimit(limit + PAGE)}
        >
          {trans.__('Show more of %1', total)}
        </button>
      )}
    </Part>
  );
}
