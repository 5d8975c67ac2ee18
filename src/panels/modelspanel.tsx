import type { TranslationBundle } from '@jupyterlab/translation';
import { ellipsesIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type * as wire from '../api/wire';
import { modelIcon } from '../models/icon';
import { argsOf, entriesOf } from '../models/menu';
import { COMMANDS } from '../models/names';
import { fileCount, modelLabel } from '../models/naming';
import { Age, useHold, useSignal, words } from '../parts';
import { openMenu } from '../parts/menu';
import type { IWorkspace } from '../tokens';

import { Glyph } from './glyph';

export interface IModelsPanelProps {
  workspace: IWorkspace;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** Where there are more models than this, they can be filtered. */
const FEW = 7;

/** Models that are shown; the rest is counted, and found by the filter. */
const MOST = 200;

/** The latest version of each model, and what can be done with it. */
export function ModelsPanel(props: IModelsPanelProps): React.JSX.Element {
  const { workspace, trans } = props;
  useHold(workspace.models);
  useSignal(workspace.models.changed);
  const [text, setText] = React.useState('');
  const { list } = workspace.models;
  if (list === null) {
    return (
      <div className="jp-mltrain-Sidebar-skeleton" aria-hidden="true">
        <span />
        <span />
      </div>
    );
  }
  if (list.length === 0) {
    return (
      <div className="jp-mltrain-Sidebar-empty">
        <p>{trans.__('No models yet.')}</p>
        <p>
          {trans.__(
            'Register a file or folder in the Files tab of a run, or with %1.',
            'run.register_model(…)'
          )}
        </p>
      </div>
    );
  }
  const wanted = text.trim().toLowerCase();
  const found = wanted ? list.filter(({ name }) => name.toLowerCase().includes(wanted)) : list;
  return (
    <>
      {(list.length > FEW || wanted) && (
        <div className="jp-mltrain-Models-filter">
          <input
            className="jp-mltrain-Sidebar-input"
            type="search"
            aria-label={trans.__('Filter models by name')}
            placeholder={trans.__('Filter models')}
            spellCheck={false}
            value={text}
            onChange={event => setText(event.target.value)}
          />
        </div>
      )}
      {found.length ? (
        <ul className="jp-mltrain-Environments" aria-label={trans.__('Models')}>
          {found.slice(0, MOST).map(model => (
            <Row key={model.name} {...props} model={model} />
          ))}
        </ul>
      ) : (
        <p className="jp-mltrain-Sidebar-note">{trans.__('No model has this in its name.')}</p>
      )}
      {found.length > MOST && (
        <p className="jp-mltrain-Sidebar-note">
          {trans.__('and %1 more; the filter finds them', found.length - MOST)}
        </p>
      )}
      <span className="jp-mltrain-Unseen" role="status">
        {wanted ? trans._n('%1 model found', '%1 models found', found.length) : ''}
      </span>
    </>
  );
}

function Row(props: IModelsPanelProps & { model: wire.Model }): React.JSX.Element {
  const { commands, model, trans, workspace } = props;
  const label = words.shown(model.name);
  const args = argsOf(workspace.id, model);
  return (
    <li
      className="jp-mltrain-EnvironmentRow"
      title={tooltip(trans, model)}
      onContextMenu={event => {
        event.preventDefault();
        event.stopPropagation();
        openMenu(commands, entriesOf(args, 'sidebar'), event);
      }}
      onKeyDown={event => {
        if (event.key === 'Delete') {
          event.preventDefault();
          void commands.execute(COMMANDS.remove, args);
        }
      }}
    >
      <button
        type="button"
        className="jp-mltrain-EnvironmentRow-open"
        onClick={() =>
          // The latest, also when a newer one comes.
          void commands.execute(COMMANDS.open, { workspace: workspace.id, model: model.name })
        }
      >
        <Glyph icon={modelIcon} />
        <span className="jp-mltrain-EnvironmentRow-name">{label}</span>
        <span className="jp-mltrain-ModelRow-version">{`:${model.version}`}</span>{' '}
        <span className="jp-mltrain-EnvironmentRow-facts">
          <span>
            <Age at={model.created_at} trans={trans} />
          </span>{' '}
          <span>{words.size(trans, model.size_bytes)}</span>
        </span>
      </button>
      <button
        type="button"
        className="jp-mltrain-RunRow-action"
        aria-label={trans.__('Actions for model %1', label)}
        aria-haspopup="menu"
        onClick={event => openMenu(commands, entriesOf(args, 'sidebar'), event.currentTarget)}
      >
        <Glyph icon={ellipsesIcon} />
      </button>
    </li>
  );
}

/** Everything else that a person wants to know at a glance; lines of a tooltip. */
function tooltip(trans: TranslationBundle, model: wire.Model): string {
  const { created_at, description, experiment, framework, framework_version } = model;
  return [
    words.shown(modelLabel(model)),
    words.shownStart(description ?? ''),
    [
      trans._n('%1 file', '%1 files', fileCount(model)),
      words.size(trans, model.size_bytes)
    ].join(' · '),
    framework
      ? trans.__(
          'Framework: %1',
          words.shown([framework, framework_version].filter(Boolean).join(' '))
        )
      : '',
    experiment ? trans.__('Experiment: %1', words.shown(experiment)) : '',
    model.run_id ? trans.__('From run: %1', words.shown(model.run_id)) : '',
    trans.__('Registered: %1', words.instant(new Date(created_at)))
  ]
    .filter(line => line !== '')
    .join('\n');
}
