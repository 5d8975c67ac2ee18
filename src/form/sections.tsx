import type { TranslationBundle } from '@jupyterlab/translation';
import { folderIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type * as wire from '../api/wire';
import { askedSize, cpus, gpus, shown } from '../parts/words';
import { EnvironmentChoice } from './EnvironmentChoice';
import { Field } from './Field';
import { defaultExperiment, type FieldName } from './fields';
import type { IFormViewProps } from './FormView';
import { Pairs } from './Pairs';
import { folderOf } from './reading';
import { ScriptFields } from './ScriptFields';

/** A text field of the form. */
function Text(
  props: IFormViewProps & {
    name: FieldName;
    label: string;
    help?: string | null;
    placeholder?: string;
    list?: readonly string[];
    required?: boolean;
    className?: string;
    inputMode?: 'numeric';
    button?: React.ReactNode;
  }
): React.JSX.Element {
  const { state, name, list } = props;
  const id = `${props.id}-${name}`;
  return (
    <Field
      id={id}
      label={props.label}
      help={props.help}
      problem={state.problems[name]}
      required={props.required}
      className={props.className}
    >
      {control => (
        <div className="jp-mltrain-Field-line">
          <input
            {...control}
            className="jp-mod-styled"
            value={state.fields[name]}
            placeholder={props.placeholder}
            inputMode={props.inputMode}
            list={list ? `${id}-list` : undefined}
            autoComplete="off"
            spellCheck={false}
            onChange={event => props.onFill({ [name]: event.target.value })}
          />
          {list && (
            <datalist id={`${id}-list`}>
              {list.map(text => (
                <option key={text} value={text} />
              ))}
            </datalist>
          )}
          {props.button}
        </div>
      )}
    </Field>
  );
}

/** What runs: a file or a text, and what travels with it. */
export function Subject(props: IFormViewProps): React.JSX.Element {
  const { state, trans, onFill } = props;
  const { fields } = state;
  const browse = (what: 'path' | 'source', label: string): React.ReactNode =>
    props.onBrowse && (
      <button
        type="button"
        className="jp-mltrain-Form-iconButton"
        aria-label={label}
        title={label}
        onClick={() => props.onBrowse?.(what)}
      >
        <folderIcon.react tag="span" width="16px" height="16px" />
      </button>
    );
  const codeId = `${props.id}-code`;
  const own = folderOf(fields.path);
  return (
    <section className="jp-mltrain-Form-section" aria-label={trans.__('What runs')}>
      <div
        className="jp-mltrain-Form-kinds"
        role="radiogroup"
        aria-label={trans.__('What the run is made of')}
      >
        {(['file', 'code'] as const).map(kind => (
          <label key={kind}>
            <input
              type="radio"
              name={`${props.id}-kind`}
              checked={fields.kind === kind}
              onChange={() => onFill({ kind })}
            />
            {kind === 'file' ? trans.__('Script or notebook') : trans.__('Code')}
          </label>
        ))}
      </div>
      {fields.kind === 'file' ? (
        <Text
          {...props}
          name="path"
          label={trans.__('File')}
          placeholder={trans.__('train.py')}
          list={props.completions}
          required
          button={browse('path', trans.__('Browse for a script or notebook'))}
        />
      ) : (
        <Field id={codeId} label={trans.__('Code')} problem={state.problems.code} required>
          {control => (
            <textarea
              {...control}
              className="jp-mod-styled jp-mltrain-Form-code"
              rows={10}
              spellCheck={false}
              value={fields.code}
              onChange={event => onFill({ code: event.target.value })}
            />
          )}
        </Field>
      )}
      <Text
        {...props}
        name="source"
        label={trans.__('Folder that travels with it')}
        placeholder={fields.kind === 'file' ? own || trans.__('the folder of the file') : ''}
        button={browse('source', trans.__('Browse for the folder that travels'))}
        help={
          fields.kind === 'file'
            ? trans.__('By default the folder of the file.')
            : trans.__('By default the code travels alone.')
        }
      />
    </section>
  );
}

/** What it runs in, where, and with how much. */
export function Where(props: IFormViewProps): React.JSX.Element {
  const { state, trans, onFill } = props;
  const { fields } = state;
  const { computes } = state.around;
  const target = computes?.find(({ name }) => name === fields.compute);
  const names = computes?.map(({ name }) => name) ?? [];
  const has = target?.capacity;
  return (
    <section className="jp-mltrain-Form-section" aria-label={trans.__('Where it runs')}>
      <h3 className="jp-mltrain-Form-title">{trans.__('Where it runs')}</h3>
      <div className="jp-mltrain-Form-grid">
        {!state.base && <EnvironmentChoice {...props} />}
        {!state.base && fields.environment === 'image' && (
          <Text
            {...props}
            name="image"
            label={trans.__('Image')}
            placeholder={trans.__('python:3.11-slim')}
            required
          />
        )}
        {!state.base && ['image', 'packages'].includes(fields.environment) && (
          <Text
            {...props}
            name="packages"
            label={
              fields.environment === 'image'
                ? trans.__('Packages to install into it')
                : trans.__('Packages')
            }
            placeholder={trans.__("scikit-learn 'pandas>=2'")}
            required={fields.environment === 'packages'}
          />
        )}
        {!state.base && (
          <Field
            id={`${props.id}-compute`}
            label={trans.__('Compute')}
            problem={state.problems.compute}
            help={has && capacityWords(trans, has)}
          >
            {control => (
              <select
                {...control}
                className="jp-mod-styled"
                value={fields.compute}
                onChange={event => onFill({ compute: event.target.value })}
              >
                {(names.includes(fields.compute) ? names : [fields.compute, ...names]).map(
                  name => (
                    <option key={name} value={name}>
                      {shown(name)}
                    </option>
                  )
                )}
              </select>
            )}
          </Field>
        )}
        <Text
          {...props}
          name="cpus"
          label={trans.__('CPUs')}
          placeholder={has ? String(Math.max(1, Math.floor(has.cpus / 2))) : ''}
          inputMode="numeric"
        />
        <Text
          {...props}
          name="gpus"
          label={trans.__('GPUs')}
          placeholder="0"
          inputMode="numeric"
        />
        <Text
          {...props}
          name="memory"
          label={trans.__('Memory')}
          placeholder={trans.__('no limit, or 4GB')}
        />
      </div>
    </section>
  );
}

/** What the script is told. */
export function Arguments(props: IFormViewProps): React.JSX.Element {
  const { state, trans, onFill } = props;
  const { fields, around, problems } = state;
  const asks = fields.kind === 'file' && around.arguments.length > 0;
  return (
    <section
      className="jp-mltrain-Form-section"
      aria-label={trans.__('Arguments')}
      aria-busy={state.reading}
    >
      <h3 className="jp-mltrain-Form-title">{trans.__('Arguments')}</h3>
      {state.unread !== null && <p className="jp-mltrain-Field-help">{state.unread}</p>}
      {asks && (
        <ScriptFields
          id={`${props.id}-argument`}
          choices={around.arguments}
          values={fields.values}
          problems={problems}
          trans={trans}
          onChange={values => onFill({ values })}
        />
      )}
      <Text
        {...props}
        name="extra"
        label={asks ? trans.__('Further arguments') : trans.__('Arguments, as in a shell')}
        placeholder={trans.__("--epochs 20 --note 'two words'")}
      />
      <Pairs
        id={`${props.id}-variables`}
        field="variables"
        pairs={fields.variables}
        problems={problems}
        trans={trans}
        words={{
          title: trans.__('Environment variables'),
          key: trans.__('Variable'),
          value: trans.__('Value'),
          add: trans.__('Add a variable'),
          remove: trans.__('Remove the variable')
        }}
        onChange={variables => onFill({ variables })}
      />
    </section>
  );
}

/** How it is found again. */
export function Naming(props: IFormViewProps): React.JSX.Element {
  const { state, trans, onFill } = props;
  return (
    <section className="jp-mltrain-Form-section" aria-label={trans.__('How it is found again')}>
      <h3 className="jp-mltrain-Form-title">{trans.__('How it is found again')}</h3>
      <div className="jp-mltrain-Form-grid">
        <Text {...props} name="name" label={trans.__('Name')} />
        {!state.base && (
          <Text
            {...props}
            name="experiment"
            label={trans.__('Experiment')}
            placeholder={defaultExperiment(state.fields)}
            list={state.experiments}
          />
        )}
      </div>
      {!state.base && (
        <Pairs
          id={`${props.id}-tags`}
          field="tags"
          pairs={state.fields.tags}
          problems={state.problems}
          trans={trans}
          words={{
            title: trans.__('Tags'),
            key: trans.__('Tag'),
            value: trans.__('Value, if any'),
            add: trans.__('Add a tag'),
            remove: trans.__('Remove the tag')
          }}
          onChange={tags => onFill({ tags })}
        />
      )}
    </section>
  );
}

/** How long it may take, when it may start, and how often it is tried again. */
export function Limits(props: IFormViewProps): React.JSX.Element {
  const { trans } = props;
  return (
    <section className="jp-mltrain-Form-section" aria-label={trans.__('Limits')}>
      <h3 className="jp-mltrain-Form-title">{trans.__('Limits')}</h3>
      <div className="jp-mltrain-Form-grid">
        <Text
          {...props}
          name="timeout"
          label={trans.__('Time limit')}
          placeholder={trans.__('2h')}
          help={trans.__('It is canceled after that.')}
        />
        <Text
          {...props}
          name="priority"
          label={trans.__('Priority')}
          placeholder="0"
          help={trans.__('Higher leaves the queue first.')}
        />
        <Text
          {...props}
          name="retries"
          label={trans.__('Retries')}
          placeholder="0"
          help={trans.__('Started again so often if it fails.')}
        />
      </div>
    </section>
  );
}

function capacityWords(trans: TranslationBundle, has: wire.Capacity): string {
  return [
    cpus(trans, has.cpus),
    ...(has.gpus.length ? [gpus(trans, has.gpus.length)] : []),
    askedSize(trans, has.memory_bytes)
  ].join(' · ');
}
