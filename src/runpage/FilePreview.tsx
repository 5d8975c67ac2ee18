import type { TranslationBundle } from '@jupyterlab/translation';
import { downloadIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { messageOf } from '../api/error';
import type * as wire from '../api/wire';
import { Age } from '../parts/times';
import { shown, size } from '../parts/words';
import type { IVerbs } from '../tokens';
import { JsonTree } from './JsonTree';
import { type Preview, previewOf } from './preview';

/** A file's name, size and download, and as much of what is in it as can be shown. */
export function FilePreview(props: {
  verbs: IVerbs;
  runId: string;
  entry: wire.FolderEntry;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { verbs, runId, entry, trans } = props;
  const { preview, problem } = usePreview(verbs, runId, entry);
  const name = shown(entry.name);
  return (
    <section className="jp-mltrain-FilePreview" aria-label={trans.__('Preview of %1', name)}>
      <div className="jp-mltrain-FilePreview-head">
        <h3 title={shown(entry.path)}>{name}</h3>
        <span className="jp-mltrain-FilePreview-facts">
          {size(trans, entry.size_bytes ?? 0)}
          {entry.modified_at !== null && (
            <>
              {' · '}
              <Age at={entry.modified_at} trans={trans} />
            </>
          )}
        </span>
        <a
          className="jp-mltrain-Button"
          href={verbs.fileUrl(runId, entry.path)}
          download=""
          aria-label={trans.__('Download %1', name)}
        >
          <downloadIcon.react tag="span" width="14px" height="14px" />
          {trans.__('Download')}
        </a>
      </div>
      <div className="jp-mltrain-FilePreview-body" tabIndex={0}>
        {problem !== null ? (
          <p className="jp-mltrain-RunPage-note">{problem}</p>
        ) : preview ? (
          <PreviewBody preview={preview} name={name} trans={trans} />
        ) : (
          <div className="jp-mltrain-Skeleton" aria-hidden="true">
            <span />
            <span />
            <span />
          </div>
        )}
      </div>
    </section>
  );
}

/** What can be shown of a file, without its name. */
export function PreviewBody(props: {
  preview: Preview;
  name: string;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { preview, name, trans } = props;
  switch (preview.kind) {
    case 'image':
      return <BlobImage data={preview.data} mime={preview.mime} name={name} trans={trans} />;
    case 'json':
      return <JsonTree value={preview.value} trans={trans} />;
    case 'table':
      return (
        <>
          <table className="jp-mltrain-FilePreview-table">
            <thead>
              <tr>
                {preview.head.map((cell, index) => (
                  <th key={index} scope="col">
                    {cell}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {preview.rows.map((row, index) => (
                <tr key={index}>
                  {row.map((cell, column) => (
                    <td key={column}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
          {preview.more && (
            <p className="jp-mltrain-RunPage-note">
              {trans._n(
                'The first row. The rest is in the file.',
                'The first %1 rows. The rest is in the file.',
                preview.rows.length
              )}
            </p>
          )}
        </>
      );
    case 'text':
      return (
        <>
          {preview.readBytes < preview.sizeBytes && (
            <p className="jp-mltrain-RunPage-note">
              {trans.__(
                'Showing the first %1 of %2.',
                size(trans, preview.readBytes),
                size(trans, preview.sizeBytes)
              )}
            </p>
          )}
          <pre className="jp-mltrain-FilePreview-text">{preview.text}</pre>
        </>
      );
    case 'none':
      return (
        <p className="jp-mltrain-RunPage-note">
          {preview.why === 'empty'
            ? trans.__('The file is empty.')
            : preview.why === 'large'
              ? trans.__('The file is too large for a preview. Download it to look at it.')
              : trans.__('This kind of file has no preview. Download it to look at it.')}
        </p>
      );
  }
}

/** An image that nothing in it can act through: as an `<img>`, markup is inert. */
function BlobImage(props: {
  data: Uint8Array;
  mime: string;
  name: string;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { data, mime, name, trans } = props;
  const [url, setUrl] = React.useState<string | null>(null);
  const [broken, setBroken] = React.useState(false);
  React.useEffect(() => {
    const made = URL.createObjectURL(new Blob([data as BlobPart], { type: mime }));
    setUrl(made);
    setBroken(false);
    return () => {
      URL.revokeObjectURL(made);
    };
  }, [data, mime]);
  if (broken) {
    return (
      <p className="jp-mltrain-RunPage-note">
        {trans.__('The image cannot be shown. It may still be being written.')}
      </p>
    );
  }
  return (
    <img
      className="jp-mltrain-FilePreview-image"
      src={url ?? undefined}
      alt={name}
      onError={() => setBroken(true)}
    />
  );
}

/** The preview of a file, read anew when the file has changed; the last one stays until then. */
function usePreview(
  verbs: IVerbs,
  runId: string,
  entry: wire.FolderEntry
): { preview: Preview | null; problem: string | null } {
  const [found, setFound] = React.useState<{
    path: string;
    preview: Preview | null;
    problem: string | null;
  } | null>(null);
  const stamp = `${entry.path}\n${entry.size_bytes}\n${entry.modified_at}`;
  const latest = React.useRef(entry);
  latest.current = entry;
  React.useEffect(() => {
    let current = true;
    const { path } = latest.current;
    previewOf(verbs, runId, latest.current).then(
      preview => current && setFound({ path, preview, problem: null }),
      (error: unknown) => {
        const problem = messageOf(error);
        if (current) {
          setFound({ path, preview: null, problem });
        }
      }
    );
    return () => {
      current = false;
    };
  }, [verbs, runId, stamp]);
  return found?.path === entry.path ? found : { preview: null, problem: null };
}
