import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { modelLabel } from '../models/naming';
import { Age } from '../parts/times';
import { useLoaded } from '../parts/useloaded';
import { shown, size } from '../parts/words';
import type { IWorkspace } from '../tokens';
import { Part } from './facts';

/** The models that were registered from a run; nothing where there are none. */
export function ModelsPart(props: {
  workspace: IWorkspace;
  runId: string;
  trans: TranslationBundle;
  onOpenModel: (name: string, version: number) => void;
}): React.JSX.Element | null {
  const { runId, trans, workspace } = props;
  const { models, verbs } = workspace;
  const [count, look] = React.useReducer((times: number) => times + 1, 0);
  React.useEffect(() => {
    models.touched.connect(look);
    return () => {
      models.touched.disconnect(look);
    };
  }, [models]);
  const { value, problem } = useLoaded(`${runId} ${count}`, () => verbs.models({ run: runId }));
  if (problem === null && !value?.length) {
    return null;
  }
  return (
    <Part title={trans.__('Models from this run')}>
      {problem !== null && <p className="jp-mltrain-RunPage-note">{shown(problem)}</p>}
      <ul className="jp-mltrain-Details-pairs">
        {value?.map(model => (
          <li key={modelLabel(model)}>
            <button
              type="button"
              className="jp-mltrain-Details-link jp-mltrain-Details-words"
              onClick={() => props.onOpenModel(model.name, model.version)}
            >
              {shown(modelLabel(model))}
            </button>
            {' · '}
            {size(trans, model.size_bytes)}
            {' · '}
            <Age at={model.created_at} trans={trans} />
          </li>
        ))}
      </ul>
    </Part>
  );
}
