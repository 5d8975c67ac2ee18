import type { TranslationBundle } from '@jupyterlab/translation';
import { downloadIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { messageOf } from '../api/error';
import type * as wire from '../api/wire';
import { shown, size } from '../parts/words';
import { Part } from '../runpage/facts';
import type { IVerbs } from '../tokens';
import { fileCount } from './naming';

/** Files that are shown at first, and how many more at a time. */
const PAGE = 200;

/** The files of a version, each with its download. */
export function FilesPart(props: {
  verbs: IVerbs;
  version: wire.Model;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { trans, verbs, version } = props;
  const { name } = version;
  const count = fileCount(version);
  const [limit, setLimit] = React.useState(PAGE);
  const [all, setAll] = React.useState<wire.Model | null>(null);
  const [problem, setProblem] = React.useState('');
  const files = all?.files ?? version.files;
  const onMore = async (): Promise<void> => {
    if (files.length === count) {
      setLimit(limit + PAGE);
      return;
    }
    try {
      setAll(await verbs.model(name, version.version));
      setProblem('');
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return (
    <Part title={trans._n('%1 file', '%1 files', count)}>
      <ul className="jp-mltrain-ModelPage-files">
        {files.slice(0, limit).map(file => (
          <li key={file.name}>
            <a
              href={verbs.modelFileUrl(name, version.version, file.name)}
              download=""
              aria-label={trans.__('Download %1', shown(file.name))}
              title={trans.__('Download %1', shown(file.name))}
            >
              <downloadIcon.react tag="span" width="14px" height="14px" />
              <span>{shown(file.name)}</span>
            </a>
            <span className="jp-mltrain-ModelPage-size">{size(trans, file.size_bytes)}</span>
          </li>
        ))}
      </ul>
      {problem && <p role="alert">{shown(problem)}</p>}
      {count > Math.min(limit, files.length) && (
        <button type="button" className="jp-mltrain-Button" onClick={() => void onMore()}>
          {trans.__('Show more of %1', count)}
        </button>
      )}
    </Part>
  );
}
