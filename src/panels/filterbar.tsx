import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, filterIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { StateIcon, useSettled, words } from '../parts';
import type { IRunFilter, IVerbs } from '../tokens';

import { chips, groupWord, hasGroup, STATE_GROUPS, withField, withGroup } from './filters';

export interface IFilterBarProps {
  filter: IRunFilter;
  verbs: IVerbs;
  /** Names of the compute targets. */
  computes: readonly string[];
  trans: TranslationBundle;
  onChange: (filter: IRunFilter) => void;
}

/** How long typing has to pause before the list follows, in ms. */
const PAUSE_MS = 200;

/** The search box, the conditions, and the form to choose them. */
export function FilterBar(props: IFilterBarProps): React.JSX.Element {
  const { filter, trans, onChange } = props;
  const [isOpen, setOpen] = React.useState(false);
  const formId = React.useId();
  const active = chips(trans, filter);
  return (
    <div className="jp-mltrain-FilterBar" role="search">
      <div className="jp-mltrain-FilterBar-line">
        <TextBox
          type="search"
          value={filter.text ?? ''}
          label={trans.__('Search runs by name or experiment')}
          placeholder={trans.__('Search runs')}
          onChange={text => onChange(withField(filter, 'text', text.trim()))}
        />
        <button
          type="button"
          className="jp-mltrain-Sidebar-iconButton"
          aria-expanded={isOpen}
          aria-controls={formId}
          aria-label={trans.__('Filter runs')}
          title={trans.__('Filter runs')}
          data-active={active.length > 0}
          onClick={() => setOpen(!isOpen)}
        >
          <filterIcon.react tag={null} />
        </button>
      </div>
      <div id={formId} hidden={!isOpen}>
        {isOpen && <FilterForm {...props} />}
      </div>
      {active.length > 0 && (
        <div className="jp-mltrain-FilterBar-chips">
          {active.map(chip => (
            <button
              key={chip.key}
              type="button"
              className="jp-mltrain-Chip"
              aria-label={trans.__('Remove the filter %1', chip.label)}
              onClick={() => onChange(chip.rest)}
            >
              <span className="jp-mltrain-Chip-label">{chip.label}</span>
              <closeIcon.react tag={null} width="12px" height="12px" />
            </button>
          ))}
          <button
            type="button"
            className="jp-mltrain-Sidebar-link"
            onClick={() => onChange(filter.text === undefined ? {} : { text: filter.text })}
          >
            {trans.__('Clear filters')}
          </button>
        </div>
      )}
    </div>
  );
}

function FilterForm(props: IFilterBarProps): React.JSX.Element {
  const { filter, verbs, trans, onChange } = props;
  const experiments = useExperiments(verbs);
  return (
    <div className="jp-mltrain-FilterForm">
      <div role="group" aria-label={trans.__('State')} className="jp-mltrain-FilterForm-states">
        {STATE_GROUPS.map(group => (
          <button
            key={group.name}
            type="button"
            className="jp-mltrain-Chip"
            aria-pressed={hasGroup(filter, group)}
            onClick={() => onChange(withGroup(filter, group))}
          >
            <StateIcon state={group.states[0]} />
            <span className="jp-mltrain-Chip-label">{groupWord(trans, group.name)}</span>
          </button>
        ))}
      </div>
      <Choice
        label={trans.__('Experiment')}
        none={trans.__('any experiment')}
        value={filter.experiment}
        choices={experiments}
        onChange={name => onChange(withField(filter, 'experiment', name))}
      />
      <Choice
        label={trans.__('Compute')}
        none={trans.__('any compute')}
        value={filter.compute}
        choices={props.computes}
        onChange={name => onChange(withField(filter, 'compute', name))}
      />
      <label className="jp-mltrain-FilterForm-field">
        <span>{trans.__('Tag')}</span>
        <TextBox
          type="text"
          value={filter.tag ?? ''}
          label={trans.__('Tag')}
          placeholder={trans.__('key or key=value')}
          onChange={tag => onChange(withField(filter, 'tag', tag.trim()))}
        />
      </label>
    </div>
  );
}

interface IChoiceProps {
  label: string;
  none: string;
  value: string | undefined;
  choices: readonly string[];
  onChange: (value: string | undefined) => void;
}

function Choice(props: IChoiceProps): React.JSX.Element {
  const { value } = props;
  const choices =
    value === undefined || props.choices.includes(value)
      ? props.choices
      : [value, ...props.choices];
  return (
    <label className="jp-mltrain-FilterForm-field">
      <span>{props.label}</span>
      <select
        className="jp-mltrain-Sidebar-select"
        value={value ?? ''}
        onChange={event => props.onChange(event.target.value || undefined)}
      >
        <option value="">{props.none}</option>
        {choices.map(choice => (
          <option key={choice} value={choice}>
            {words.shown(choice)}
          </option>
        ))}
      </select>
    </label>
  );
}

interface ITextBoxProps {
  type: 'search' | 'text';
  value: string;
  label: string;
  placeholder: string;
  onChange: (text: string) => void;
}

/** A box whose text counts after a pause, or at once with Enter. */
function TextBox(props: ITextBoxProps): React.JSX.Element {
  const { value, onChange } = props;
  const [text, setText] = React.useState(value);
  const settled = useSettled(text, PAUSE_MS);
  const told = React.useRef(value);
  const tell = React.useRef(onChange);
  React.useEffect(() => {
    tell.current = onChange;
  });
  // Changed from elsewhere: a chip was taken away, everything was cleared.
  React.useEffect(() => {
    if (value.trim() !== told.current.trim()) {
      told.current = value;
      setText(value);
    }
  }, [value]);
  const send = React.useCallback((what: string): void => {
    if (what !== told.current) {
      told.current = what;
      tell.current(what);
    }
  }, []);
  React.useEffect(() => send(settled), [settled, send]);
  return (
    <input
      className="jp-mltrain-Sidebar-input"
      type={props.type}
      value={text}
      aria-label={props.label}
      placeholder={props.placeholder}
      spellCheck={false}
      onChange={event => setText(event.target.value)}
      onKeyDown={event => {
        if (event.key === 'Enter') {
          send(text);
        } else if (event.key === 'Escape' && text !== '') {
          event.stopPropagation();
          setText('');
          send('');
        }
      }}
    />
  );
}

/** Names of the experiments, those with most runs first. */
function useExperiments(verbs: IVerbs): readonly string[] {
  const [names, setNames] = React.useState<readonly string[]>([]);
  React.useEffect(() => {
    let isThere = true;
    verbs.experiments().then(
      counts => {
        if (isThere) {
          const sorted = Object.entries(counts).sort(([, one], [, other]) => other - one);
          setNames(sorted.map(([name]) => name));
        }
      },
      () => undefined // The connection says what is wrong; the filter is then one without names.
    );
    return () => {
      isThere = false;
    };
  }, [verbs]);
  return names;
}
