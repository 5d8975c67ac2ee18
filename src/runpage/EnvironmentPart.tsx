import * as React from 'react';

import { LOCK_FILE } from '../api/wire';
import { fullName, kindWord } from '../parts/environments';
import { shown } from '../parts/words';
import type { IPart } from './DetailsTab';
import { Copy, Fact, Pairs, Part } from './facts';

/** What exactly a run executed in: enough to make it again. */
export function EnvironmentPart(props: IPart): React.JSX.Element {
  const { gone, onCopy, onOpenBuild, run, trans, verbs } = props;
  const built = run.environment;
  const { environment } = run.spec;
  const { image, variables } = environment;
  const copied = (text: string, name: string): React.JSX.Element => (
    <>
      <code className="jp-mltrain-Details-long">{shown(text)}</code>
      <Copy text={text} name={name} trans={trans} onCopy={onCopy} />
    </>
  );
  return (
    <Part title={trans.__('Environment')}>
      <dl>
        <Fact term={trans.__('Name')}>
          {fullName(environment)}
          {built !== null && built.id !== '' && (
            <>
              {' · '}
              <button
                type="button"
                className="jp-mltrain-Details-link jp-mltrain-Details-words"
                onClick={() => onOpenBuild(built.id)}
              >
                {trans.__('how it was built')}
              </button>
            </>
          )}
        </Fact>
        <Fact term={trans.__('Made of')}>
          {built === null
            ? trans.__('It is not there yet, or was not made.')
            : kindWord(trans, built.kind)}
        </Fact>
        {image !== null && (
          <Fact term={trans.__('Base image')}>
            {image.image === null ? (
              trans.__('that of its Dockerfile')
            ) : (
              <code>{shown(image.image)}</code>
            )}
          </Fact>
        )}
        {built !== null && (
          <>
            <Fact term={trans.__('Digest of the base')}>
              {built.base === null ? null : copied(built.base, trans.__('the digest'))}
            </Fact>
            <Fact term={trans.__('Image')}>
              {built.image === null
                ? null
                : copied(built.image, trans.__('the id of the image'))}
            </Fact>
            <Fact term={trans.__('Python')}>
              {built.interpreter === null ? (
                trans.__('none')
              ) : (
                <>
                  <code>{shown(built.interpreter)}</code>
                  {built.python !== null && ` · ${shown(built.python)}`}
                </>
              )}
            </Fact>
            <Fact term={trans.__('Packages')}>
              {built.packages
                ? trans._n('%1 package', '%1 packages', built.packages)
                : trans.__('none installed')}
              {built.lock !== null && !gone && (
                <>
                  {' · '}
                  <a href={verbs.fileUrl(run.id, LOCK_FILE)} download="">
                    {trans.__('their exact versions')}
                  </a>
                </>
              )}
            </Fact>
          </>
        )}
        {Object.keys(variables).length > 0 && (
          <Fact term={trans.__('Its variables')}>
            <Pairs entries={Object.entries(variables)} />
          </Fact>
        )}
      </dl>
    </Part>
  );
}
