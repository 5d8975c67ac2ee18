import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

export interface ISectionProps {
  /** For the style of its content. */
  name: string;
  title: string;
  /** Beside the title; `null` for none. */
  count: number | null;
  isOpen: boolean;
  onToggle: () => void;
  children: React.ReactNode;
}

/** A part of the sidebar that folds. */
export function Section(props: ISectionProps): React.JSX.Element {
  const { isOpen } = props;
  const id = React.useId();
  const Caret = isOpen ? caretDownIcon : caretRightIcon;
  return (
    <section
      className="jp-mltrain-Section"
      aria-labelledby={`${id}title`}
      data-section={props.name}
      data-open={isOpen}
    >
      <h3 className="jp-mltrain-Section-heading">
        <button
          type="button"
          id={`${id}title`}
          className="jp-mltrain-Section-title"
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={props.onToggle}
        >
          <Caret.react tag={null} />
          <span>
            {props.title}
            {props.count !== null && (
              <span className="jp-mltrain-Section-count">{` · ${props.count.toLocaleString()}`}</span>
            )}
          </span>
        </button>
      </h3>
      <div id={id} className="jp-mltrain-Section-content" hidden={!isOpen}>
        {isOpen && props.children}
      </div>
    </section>
  );
}
