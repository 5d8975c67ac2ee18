import * as React from 'react';

import { Field } from '../form/Field';
import type { TextField } from './fields';
import type { IEnvironmentFormViewProps } from './FormView';

/** A line of text. */
export function Text(
  props: IEnvironmentFormViewProps & {
    name: TextField;
    label: string;
    help?: string;
    placeholder?: string;
    required?: boolean;
    readOnly?: boolean;
    button?: React.ReactNode;
  }
): React.JSX.Element {
  const { name, state } = props;
  return (
    <Field
      id={`${props.id}-${name}`}
      label={props.label}
      help={props.help}
      problem={state.problems[name]}
      required={props.required}
    >
      {control => (
        <div className="jp-mltrain-Field-line">
          <input
            {...control}
            className="jp-mod-styled"
            value={state.fields[name]}
            placeholder={props.placeholder}
            readOnly={props.readOnly}
            autoComplete="off"
            spellCheck={false}
            onChange={event => props.onFill({ [name]: event.target.value })}
          />
          {props.button}
        </div>
      )}
    </Field>
  );
}

/** Several lines of code. */
export function Lines(
  props: IEnvironmentFormViewProps & {
    name: TextField;
    label: string;
    rows: number;
    help?: string;
    placeholder?: string;
  }
): React.JSX.Element {
  const { name, state } = props;
  return (
    <Field
      id={`${props.id}-${name}`}
      label={props.label}
      help={props.help}
      problem={state.problems[name]}
      required
    >
      {control => (
        <textarea
          {...control}
          className="jp-mod-styled jp-mltrain-Form-code"
          rows={props.rows}
          spellCheck={false}
          placeholder={props.placeholder}
          value={state.fields[name]}
          onChange={event => props.onFill({ [name]: event.target.value })}
        />
      )}
    </Field>
  );
}

/** One of a few. */
export function Choice<T extends string>(props: {
  id: string;
  label: string;
  value: T;
  choices: readonly (readonly [T, string])[];
  onChoose: (value: T) => void;
}): React.JSX.Element {
  return (
    <div className="jp-mltrain-Form-kinds" role="radiogroup" aria-label={props.label}>
      {props.choices.map(([value, label]) => (
        <label key={value}>
          <input
            type="radio"
            name={props.id}
            checked={value === props.value}
            onChange={() => props.onChoose(value)}
          />
          {label}
        </label>
      ))}
    </div>
  );
}

/** Whether something is, or was, so: what has opened does not close while somebody types in it. */
export function useOnce(is: boolean): boolean {
  const was = React.useRef(false);
  was.current ||= is;
  return was.current;
}
