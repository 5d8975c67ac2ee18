import type { TranslationBundle } from '@jupyterlab/translation';
import { folderIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Field } from '../form/Field';
import { Pairs } from '../form/Pairs';
import { fullName } from '../parts/environments';
import { shown } from '../parts/words';
import type { Base, IEnvironmentFields, Installs } from './fields';
import { registryOf } from './fields';
import type { IEnvironmentState, Purpose } from './formmodel';
import { Choice, Lines, Text, useOnce } from './FormParts';

export interface IEnvironmentFormViewProps {
  /** Unique on the page. */
  id: string;
  purpose: Purpose;
  state: IEnvironmentState;
  trans: TranslationBundle;
  onFill: (fields: Partial<IEnvironmentFields>) => void;
  onSave: (password: string, andBuild: boolean) => void;
  /** Let the user look for the folder of a Dockerfile; `null` where there is no file browser. */
  onBrowse: (() => void) | null;
}

/** The form of an environment: a new one, or a new version of one. */
export function EnvironmentFormView(props: IEnvironmentFormViewProps): React.JSX.Element {
  const { id, state, trans } = props;
  const password = React.useRef<HTMLInputElement>(null);
  const heading = headingOf(props);
  const save = (andBuild: boolean): void =>
    props.onSave(password.current?.value ?? '', andBuild);
  return (
    <form
      className="jp-mltrain-Form jp-mltrain-EnvironmentForm"
      aria-label={heading}
      aria-busy={state.loading}
      noValidate
      onSubmit={event => {
        event.preventDefault();
        save(true);
      }}
    >
      <h2 className="jp-mltrain-Form-heading">{heading}</h2>
      {state.loading ? (
        <div className="jp-mltrain-Skeleton" aria-hidden="true">
          <span />
          <span />
          <span />
        </div>
      ) : (
        <>
          <section className="jp-mltrain-Form-section">
            <Text
              {...props}
              name="name"
              label={trans.__('Name')}
              required
              readOnly={props.purpose === 'edit'}
            />
          </section>
          <Container {...props} password={password} />
          <Packages {...props} />
          <More {...props} />
          <div className="jp-mltrain-Form-foot">
            <div role="alert" className="jp-mltrain-EnvironmentForm-refusal">
              {state.refusal !== null && (
                <p className="jp-mltrain-Form-refusal">{shown(state.refusal)}</p>
              )}
            </div>
            <button
              type="submit"
              className="jp-mod-styled jp-mod-accept"
              aria-disabled={state.saving}
            >
              {state.saving ? trans.__('Saving …') : trans.__('Save and build')}
            </button>
            <button
              type="button"
              className="jp-mod-styled"
              aria-disabled={state.saving}
              title={trans.__('The first run in it, or Build, makes it')}
              onClick={() => save(false)}
            >
              {trans.__('Save')}
            </button>
            <span className="jp-mltrain-Field-help" id={`${id}-versions`}>
              {props.purpose === 'edit'
                ? trans.__('What is saved is a new version. The others stay as they are.')
                : ''}
            </span>
          </div>
        </>
      )}
    </form>
  );
}

/** What the form is called: in its tab, and above it. */
export function headingOf(
  props: Pick<IEnvironmentFormViewProps, 'purpose' | 'state' | 'trans'>
): string {
  const { purpose, state, trans } = props;
  const base = state.base && fullName(state.base);
  switch (purpose) {
    case 'new':
      return trans.__('New environment');
    case 'edit':
      return base ? trans.__('Edit %1', base) : trans.__('Edit environment');
    case 'clone':
      return base ? trans.__('Clone of %1', base) : trans.__('Clone environment');
  }
}

/** A Python of this machine, an image or a Dockerfile. */
function Container(
  props: IEnvironmentFormViewProps & { password: React.RefObject<HTMLInputElement> }
): React.JSX.Element {
  const { id, state, trans, onFill } = props;
  const { fields } = state;
  const choices: readonly (readonly [Base, string])[] = [
    ['packages', trans.__('Packages, on this machine')],
    ['image', trans.__('A container image')],
    ['dockerfile', trans.__('A Dockerfile')]
  ];
  return (
    <section className="jp-mltrain-Form-section" aria-label={trans.__('What it is made of')}>
      <h3 className="jp-mltrain-Form-title">{trans.__('What it is made of')}</h3>
      <Choice
        id={`${id}-base`}
        label={trans.__('What it is made of')}
        value={fields.base}
        choices={choices}
        onChoose={base => onFill({ base })}
      />
      {fields.base === 'image' && (
        <Text
          {...props}
          name="image"
          label={trans.__('Image')}
          placeholder={trans.__('python:3.11-slim')}
          required
        />
      )}
      {fields.base === 'dockerfile' && (
        <>
          <Lines
            {...props}
            name="dockerfile"
            label={trans.__('Dockerfile')}
            rows={12}
            placeholder={trans.__('FROM python:3.11-slim\nRUN apt-get update && …')}
          />
          <Text
            {...props}
            name="context"
            label={trans.__('Folder that it copies from')}
            placeholder={
              fields.snapshot === null
                ? ''
                : trans.__('the same files as in %1', state.base ? fullName(state.base) : '')
            }
            help={trans.__('For COPY and ADD. Its files are kept with the version.')}
            button={
              props.onBrowse && (
                <button
                  type="button"
                  className="jp-mltrain-Form-iconButton"
                  aria-label={trans.__('Browse for the folder of the Dockerfile')}
                  title={trans.__('Browse for the folder of the Dockerfile')}
                  onClick={props.onBrowse}
                >
                  <folderIcon.react tag="span" width="16px" height="16px" />
                </button>
              )
            }
          />
        </>
      )}
      {fields.base !== 'packages' && <Registry {...props} />}
    </section>
  );
}

/** Where the image is pulled from, and as whom. */
function Registry(
  props: IEnvironmentFormViewProps & { password: React.RefObject<HTMLInputElement> }
): React.JSX.Element {
  const { id, state, trans } = props;
  const { fields, problems } = state;
  const isKept = Boolean(state.base?.image?.username);
  const isOpen = useOnce(Boolean(fields.registry || fields.username || problems.username));
  return (
    <details className="jp-mltrain-EnvironmentForm-more" open={isOpen}>
      <summary>{trans.__('Private registry')}</summary>
      <div className="jp-mltrain-Form-grid">
        <Text
          {...props}
          name="registry"
          label={trans.__('Address')}
          placeholder={registryOf(fields.base === 'image' ? fields.image.trim() : '')}
        />
        <Text {...props} name="username" label={trans.__('User')} />
        <Field
          id={`${id}-password`}
          label={trans.__('Password')}
          help={trans.__('Kept in the keyring of the machine, not with the environment.')}
        >
          {control => (
            // Never in the form's state: it goes from here to who keeps it.
            <input
              {...control}
              ref={props.password}
              className="jp-mod-styled"
              type="password"
              placeholder={isKept ? trans.__('the one that is kept') : ''}
              autoComplete="new-password"
            />
          )}
        </Field>
      </div>
    </details>
  );
}

/** What is installed. */
function Packages(props: IEnvironmentFormViewProps): React.JSX.Element {
  const { id, state, trans, onFill } = props;
  const { fields } = state;
  const choices: readonly (readonly [Installs, string])[] = [
    ...(fields.base === 'packages'
      ? []
      : [['none', trans.__('What is in it, nothing more')] as const]),
    ['pip', trans.__('pip requirements')],
    ['conda', trans.__('conda specification')]
  ];
  return (
    <section className="jp-mltrain-Form-section" aria-label={trans.__('Packages')}>
      <h3 className="jp-mltrain-Form-title">
        {fields.base === 'packages'
          ? trans.__('Packages')
          : trans.__('Packages to install into it')}
      </h3>
      <Choice
        id={`${id}-installs`}
        label={trans.__('How the packages are written')}
        value={fields.installs}
        choices={choices}
        onChoose={installs => onFill({ installs })}
      />
      {fields.installs === 'pip' && (
        <>
          <Lines
            {...props}
            name="pip"
            label={trans.__('Requirements, one to a line')}
            rows={6}
            placeholder={trans.__('scikit-learn\npandas>=2')}
          />
          <div className="jp-mltrain-Form-grid">
            <Text
              {...props}
              name="python"
              label={trans.__('Python version')}
              placeholder={
                fields.base === 'packages' ? trans.__("the server's") : trans.__("the image's")
              }
            />
          </div>
        </>
      )}
      {fields.installs === 'conda' && (
        <Lines
          {...props}
          name="conda"
          label={trans.__('environment.yml')}
          rows={10}
          placeholder={trans.__(
            'channels:\n  - conda-forge\ndependencies:\n  - python=3.11\n  - pip:\n      - torch'
          )}
        />
      )}
    </section>
  );
}

/** What few need. */
function More(props: IEnvironmentFormViewProps): React.JSX.Element {
  const { id, state, trans, onFill } = props;
  const { fields, problems } = state;
  const contained = fields.base !== 'packages';
  const isWrong = ['variables', 'shm', 'arguments'].some(field =>
    Object.keys(problems).some(each => each === field || each.startsWith(`${field}.`))
  );
  const isOpen = useOnce(
    isWrong || fields.variables.length > 0 || Boolean(fields.shm || fields.arguments)
  );
  return (
    <details className="jp-mltrain-Form-section" open={isOpen}>
      <summary>{trans.__('More')}</summary>
      <Pairs
        id={`${id}-variables`}
        field="variables"
        pairs={fields.variables}
        problems={problems}
        trans={trans}
        words={{
          title: trans.__('Environment variables of every run in it'),
          key: trans.__('Variable'),
          value: trans.__('Value'),
          add: trans.__('Add a variable'),
          remove: trans.__('Remove the variable')
        }}
        onChange={variables => onFill({ variables })}
      />
      {contained && (
        <div className="jp-mltrain-Form-grid">
          <Text
            {...props}
            name="shm"
            label={trans.__('Shared memory')}
            placeholder={trans.__('2GB')}
          />
          <Text
            {...props}
            name="arguments"
            label={trans.__('Options of docker run')}
            placeholder={trans.__('--ulimit memlock=-1')}
          />
          <Text
            {...props}
            name="platform"
            label={trans.__('Platform')}
            placeholder={trans.__("the engine's")}
          />
          <Text
            {...props}
            name="interpreter"
            label={trans.__('Python in the image')}
            placeholder={trans.__('found there')}
          />
        </div>
      )}
    </details>
  );
}
