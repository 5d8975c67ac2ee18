import type { TranslationBundle } from '@jupyterlab/translation';
import { copyIcon, downloadIcon, ellipsesIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type * as wire from '../api/wire';
import { Age } from '../parts/times';
import { useSignal } from '../parts/usesignal';
import { shown, shownLines, shownStart, size } from '../parts/words';
import { Pairs, Part } from '../runpage/facts';
import { TagsPart } from '../runpage/TagsPart';
import { FilesPart } from './FilesPart';
import { LineagePart } from './LineagePart';
import { modelIcon } from './icon';
import type { ModelPageModel } from './model';
import { codeOf } from './naming';

export interface IModelViewProps {
  model: ModelPageModel;
  trans: TranslationBundle;
  onCopy: (text: string) => void;
  onOpenRun: (runId: string) => void;
  /** Open the menu of what else can be done with a version, below an element. */
  onMenu: (version: wire.Model, below: HTMLElement) => void;
  /** The versions are there. */
  onShown?: () => void;
}

/** A model: its versions, and everything about the one that is chosen. */
export function ModelView(props: IModelViewProps): React.JSX.Element {
  const { model, trans } = props;
  useSignal(model.changed);
  const { problem, shown: version, versions } = model;
  return (
    <div className="jp-mltrain-RunPage jp-mltrain-ModelPage">
      <div role="alert">
        {problem !== null && <p className="jp-mltrain-RunPage-problem">{shown(problem)}</p>}
      </div>
      {version && versions ? (
        <Content {...props} version={version} versions={versions} />
      ) : (
        problem === null && (
          <div className="jp-mltrain-Skeleton" aria-label={trans.__('Loading the model')}>
            <span />
            <span />
            <span />
          </div>
        )
      )}
    </div>
  );
}

type IContentProps = IModelViewProps & {
  version: wire.Model;
  versions: readonly wire.Model[];
};

function Content(props: IContentProps): React.JSX.Element {
  const { model, trans, version, versions } = props;
  const { verbs } = model.workspace;
  const isThere = React.useRef(props.onShown);
  React.useEffect(() => isThere.current?.(), []);
  const properties = Object.entries(version.properties);
  return (
    <>
      <Header {...props} />
      <div className="jp-mltrain-ModelPage-body">
        <Versions
          versions={versions}
          chosen={version.version}
          trans={trans}
          onChoose={each => (model.version = each)}
        />
        <div
          className="jp-mltrain-Details jp-mltrain-ModelPage-version"
          key={version.version}
          role="group"
          aria-label={trans.__('Version %1', version.version)}
        >
          {version.description && (
            <p className="jp-mltrain-ModelPage-description">
              {shownLines(version.description)}
            </p>
          )}
          <FilesPart verbs={verbs} version={version} trans={trans} />
          <LineagePart
            version={version}
            runs={model.workspace.runs}
            trans={trans}
            onOpenRun={props.onOpenRun}
          />
          <TagsPart
            tags={version.tags}
            gone={false}
            trans={trans}
            onChange={({ remove, set }) =>
              verbs.changeModel(version.name, version.version, {
                set_tags: set,
                remove_tags: remove
              })
            }
          />
          {properties.length > 0 && (
            <Part title={trans.__('Properties')}>
              <Pairs entries={properties} />
            </Part>
          )}
        </div>
      </div>
    </>
  );
}

function Header(props: IContentProps): React.JSX.Element {
  const { model, trans, version, versions } = props;
  const name = shown(version.name);
  const code = codeOf(version);
  return (
    <div className="jp-mltrain-RunHeader">
      <div className="jp-mltrain-RunHeader-line">
        <modelIcon.react tag="span" className="jp-mltrain-ModelPage-icon" />
        <h2 className="jp-mltrain-RunHeader-label">{name}</h2>
        <span className="jp-mltrain-RunHeader-facts">
          <span>
            {version === versions[0]
              ? trans.__('version %1, the latest', version.version)
              : trans.__('version %1', version.version)}
          </span>
          {frameworkOf(version) && <span>{frameworkOf(version)}</span>}
          <span>{size(trans, version.size_bytes)}</span>
          <Age at={version.created_at} trans={trans} />
        </span>
        <div className="jp-mltrain-RunHeader-buttons">
          <a
            className="jp-mltrain-Button"
            href={model.workspace.verbs.modelUrl(version.name, version.version)}
            download=""
            aria-label={trans.__('Download version %1 of %2', version.version, name)}
          >
            <downloadIcon.react tag="span" width="14px" height="14px" />
            {trans.__('Download')}
          </a>
          <button
            type="button"
            className="jp-mltrain-Button"
            title={code}
            onClick={() => props.onCopy(code)}
          >
            <copyIcon.react tag="span" width="14px" height="14px" />
            {trans.__('Copy code')}
          </button>
          <button
            type="button"
            className="jp-mltrain-Button"
            aria-label={trans.__('More to do with version %1 of %2', version.version, name)}
            aria-haspopup="menu"
            onClick={event => props.onMenu(version, event.currentTarget)}
          >
            <ellipsesIcon.react tag="span" width="14px" height="14px" />
          </button>
        </div>
      </div>
      <p className="jp-mltrain-Unseen" role="status">
        {trans.__('%1, version %2', name, version.version)}
      </p>
    </div>
  );
}

/** `ScikitLearn 1.5`; empty where nothing was said. */
export function frameworkOf({ framework, framework_version }: wire.Model): string {
  return shown([framework, framework_version].filter(part => part).join(' '));
}

function Versions(props: {
  versions: readonly wire.Model[];
  chosen: number;
  trans: TranslationBundle;
  onChoose: (version: number) => void;
}): React.JSX.Element {
  const { trans } = props;
  return (
    <nav className="jp-mltrain-ModelPage-versions" aria-label={trans.__('Versions')}>
      <h3>{trans._n('%1 version', '%1 versions', props.versions.length)}</h3>
      <ul>
        {props.versions.map(each => (
          <li key={each.version}>
            <button
              type="button"
              aria-current={each.version === props.chosen}
              onClick={() => props.onChoose(each.version)}
            >
              <span className="jp-mltrain-ModelPage-number">
                {trans.__('Version %1', each.version)}
              </span>{' '}
              <span className="jp-mltrain-ModelPage-facts">
                {size(trans, each.size_bytes)} · <Age at={each.created_at} trans={trans} />
              </span>
              {each.description && (
                <span className="jp-mltrain-ModelPage-words">
                  {shownStart(each.description)}
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}
