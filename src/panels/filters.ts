import type { TranslationBundle } from '@jupyterlab/translation';

import type * as wire from '../api/wire';
import { words } from '../parts';
import type { IRunFilter } from '../tokens';

/** States that people look for together. */
export interface IStateGroup {
  name: 'running' | 'waiting' | 'completed' | 'failed' | 'canceled';
  states: readonly wire.RunState[];
}

export const STATE_GROUPS: readonly IStateGroup[] = [
  {
    name: 'running',
    states: ['Running', 'Starting', 'Finalizing', 'CancelRequested', 'NotResponding']
  },
  { name: 'waiting', states: ['Queued', 'NotStarted', 'Preparing', 'Provisioning'] },
  { name: 'completed', states: ['Completed'] },
  { name: 'failed', states: ['Failed'] },
  { name: 'canceled', states: ['Canceled'] }
];

/** What a group of states is called. */
export function groupWord(trans: TranslationBundle, name: IStateGroup['name']): string {
  switch (name) {
    case 'running':
      return trans.__('Running');
    case 'waiting':
      return trans.__('Waiting');
    case 'completed':
      return trans.__('Completed');
    case 'failed':
      return trans.__('Failed');
    case 'canceled':
      return trans.__('Canceled');
  }
}

/** Whether a filter lets a group's states through. */
export function hasGroup(filter: IRunFilter, group: IStateGroup): boolean {
  return filter.states?.includes(group.states[0]) ?? false;
}

/** The filter with a group of states added, or taken out. */
export function withGroup(filter: IRunFilter, group: IStateGroup): IRunFilter {
  const groups = STATE_GROUPS.filter(
    each => hasGroup(filter, each) !== (each.name === group.name)
  );
  return withField(
    filter,
    'states',
    groups.length ? groups.flatMap(each => each.states) : undefined
  );
}

/** The filter with another value of one field; empty values leave it out. */
export function withField<K extends keyof IRunFilter>(
  filter: IRunFilter,
  field: K,
  value: IRunFilter[K]
): IRunFilter {
  const rest = Object.entries(filter).filter(([name]) => name !== field);
  const given = value === undefined || value === '' ? [] : [[field, value]];
  return Object.fromEntries([...rest, ...given]) as IRunFilter;
}

/** One condition of a filter, to be shown and taken away. */
export interface IChip {
  key: string;
  label: string;
  /** The filter without it. */
  rest: IRunFilter;
}

/** Every condition but the text, which has a box of its own. */
export function chips(trans: TranslationBundle, filter: IRunFilter): IChip[] {
  const found: IChip[] = STATE_GROUPS.filter(group => hasGroup(filter, group)).map(group => ({
    key: `state-${group.name}`,
    label: groupWord(trans, group.name),
    rest: withGroup(filter, group)
  }));
  const add = (
    field: 'experiment' | 'compute' | 'tag',
    label: (value: string) => string
  ): void => {
    const value = filter[field];
    if (value !== undefined) {
      const rest = withField(filter, field, undefined);
      found.push({ key: field, label: label(words.shown(value)), rest });
    }
  };
  add('experiment', value => trans.__('experiment %1', value));
  add('compute', value => trans.__('on %1', value));
  add('tag', value => trans.__('tag %1', value));
  return found;
}
