import * as React from 'react';

import type * as wire from '../api/wire';
import { shown } from '../parts/words';
import { Field } from './Field';
import type { IFormViewProps } from './FormView';

/** The Pythons of the machine, the environments that are registered, or one for this run. */
export function EnvironmentChoice(props: IFormViewProps): React.JSX.Element {
  const { state, trans, onFill } = props;
  const { environments, pythons } = state.around;
  const chosen = state.fields.environment;
  const usual = pythons.find(python => python.default);
  const named = environments.map(({ name }) => `named:${name}`);
  return (
    <Field
      id={`${props.id}-environment`}
      label={trans.__('Environment')}
      problem={state.problems.environment}
    >
      {control => (
        <select
          {...control}
          className="jp-mod-styled"
          value={chosen}
          onChange={event => onFill({ environment: event.target.value })}
        >
          <option value="">
            {usual ? pythonWords(usual) : trans.__('that of the Jupyter server')}
          </option>
          {pythons
            .filter(python => python !== usual)
            .map(({ interpreter, ...python }) => (
              <option
                key={interpreter}
                value={`python:${interpreter}`}
                title={shown(interpreter)}
              >
                {pythonWords(python)}
              </option>
            ))}
          <optgroup label={trans.__('Only for this run')}>
            <option value="image">{trans.__('an image…')}</option>
            <option value="packages">{trans.__('packages…')}</option>
          </optgroup>
          {(named.length > 0 || chosen.startsWith('named:')) && (
            <optgroup label={trans.__('Environments')}>
              {(chosen.startsWith('named:') && !named.includes(chosen)
                ? [chosen, ...named]
                : named
              ).map(value => (
                <option key={value} value={value}>
                  {shown(value.slice('named:'.length))}
                </option>
              ))}
            </optgroup>
          )}
        </select>
      )}
    </Field>
  );
}

function pythonWords(python: Pick<wire.PythonInfo, 'name' | 'version'>): string {
  return python.name.includes(python.version)
    ? shown(python.name)
    : shown(`${python.name} (${python.version})`);
}
