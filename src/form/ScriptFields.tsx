import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type * as wire from '../api/wire';
import { shown } from '../parts/words';
import { Field } from './Field';
import { FLAG, type IFields, type Problems } from './fields';

/** One control per argument that the script asks for. */
export function ScriptFields(props: {
  id: string;
  choices: readonly wire.ArgumentChoice[];
  values: IFields['values'];
  problems: Problems;
  trans: TranslationBundle;
  onChange: (values: IFields['values']) => void;
}): React.JSX.Element {
  const { choices, values, problems, trans } = props;
  const change = (name: string, text: string): void =>
    props.onChange({ ...values, [name]: text });
  return (
    <div className="jp-mltrain-Form-grid">
      {choices.map((choice, index) => {
        const id = `${props.id}-${index}`;
        const value = values[choice.name] ?? '';
        const common = {
          id,
          label: shown(choice.name),
          help: choice.help,
          problem: problems[`values.${choice.name}`] as string | undefined
        };
        if (choice.type === 'flag') {
          return (
            <Field key={choice.name} {...common} className="jp-mltrain-Field-mod-flag">
              {control => (
                <input
                  {...control}
                  type="checkbox"
                  checked={value !== ''}
                  onChange={event => change(choice.name, event.target.checked ? FLAG : '')}
                />
              )}
            </Field>
          );
        }
        if (choice.choices.length && !choice.repeated) {
          return (
            <Field key={choice.name} {...common} required={choice.required}>
              {control => (
                <select
                  {...control}
                  className="jp-mod-styled"
                  value={value}
                  onChange={event => change(choice.name, event.target.value)}
                >
                  <option value="">
                    {choice.default === null
                      ? trans.__('not given')
                      : trans.__('%1 (default)', shown(choice.default))}
                  </option>
                  {choice.choices.map(text => (
                    <option key={text} value={text}>
                      {shown(text)}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          );
        }
        return (
          <Field key={choice.name} {...common} required={choice.required}>
            {control => (
              <input
                {...control}
                className="jp-mod-styled"
                spellCheck={false}
                inputMode={
                  choice.repeated
                    ? undefined
                    : choice.type === 'int'
                      ? 'numeric'
                      : choice.type === 'float'
                        ? 'decimal'
                        : undefined
                }
                placeholder={
                  choice.default ?? (choice.repeated ? trans.__('several, with spaces') : '')
                }
                value={value}
                onChange={event => change(choice.name, event.target.value)}
              />
            )}
          </Field>
        );
      })}
    </div>
  );
}
