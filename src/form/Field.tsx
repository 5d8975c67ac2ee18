import * as React from 'react';

/** A labelled control with what it is for and what is wrong with it. */
export function Field(props: {
  label: string;
  /** Unique on the page. */
  id: string;
  help?: string | null;
  problem?: string;
  required?: boolean;
  className?: string;
  /** Given what ties the control to its label and words. */
  children: (control: IControl) => React.ReactNode;
}): React.JSX.Element {
  const { id, help, problem, required } = props;
  const says = [...(help ? [`${id}-help`] : []), ...(problem ? [`${id}-problem`] : [])];
  const control: IControl = {
    id,
    'aria-describedby': says.join(' ') || undefined,
    'aria-invalid': problem ? true : undefined,
    'aria-required': required ? true : undefined
  };
  return (
    <div
      className={`jp-mltrain-Field ${props.className ?? ''}`}
      data-invalid={Boolean(problem)}
    >
      <label className="jp-mltrain-Field-label" htmlFor={id}>
        {props.label}
        {required && <span aria-hidden="true"> *</span>}
      </label>
      {props.children(control)}
      {problem && (
        <p className="jp-mltrain-Field-problem" id={`${id}-problem`}>
          {problem}
        </p>
      )}
      {help && (
        <p className="jp-mltrain-Field-help" id={`${id}-help`}>
          {help}
        </p>
      )}
    </div>
  );
}

export interface IControl {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': true | undefined;
  'aria-required': true | undefined;
}
