import { fireEvent, render, screen, within } from '@testing-library/react';
import * as React from 'react';

import type * as wire from '../../../src/api/wire';
import { EMPTY, read } from '../../../src/form/fields';
import type { IFormViewProps } from '../../../src/form/FormView';
import { FormView } from '../../../src/form/FormView';
import type { IFormState } from '../../../src/form/model';
import { aRun } from '../builders';
import { trans } from '../fakes';

const CHOICE: wire.ArgumentChoice = {
  name: '--optimizer',
  positional: false,
  required: false,
  type: 'text',
  default: 'adam',
  choices: ['adam', 'sgd'],
  help: 'Which optimizer.',
  repeated: false
};

function aState(given: Partial<IFormState> = {}): IFormState {
  const around = {
    arguments: [],
    computes: null,
    environments: [],
    pythons: [],
    ...given.around
  };
  const fields = given.fields ?? { ...EMPTY, path: 'train.py' };
  const { form, problems } = read(fields, around, trans);
  return {
    fields,
    form,
    problems,
    complete: !Object.keys(problems).length,
    around,
    experiments: ['digits'],
    reading: false,
    unread: null,
    preview: null,
    previewing: false,
    unpreviewed: null,
    sending: false,
    refusal: null,
    forcible: false,
    workspaces: [],
    workspaceId: 'w1',
    problem: null,
    base: null,
    ...given
  };
}

function show(
  state: IFormState
): jest.Mocked<Pick<IFormViewProps, 'onFill' | 'onSubmit' | 'onCopy' | 'onChoose'>> {
  const props = {
    onFill: jest.fn(),
    onChoose: jest.fn(),
    onSubmit: jest.fn(),
    onCopy: jest.fn()
  };
  const place = {
    root: '/home/ada',
    workspace: { default: true, directory: '' },
    interpreter: null
  };
  render(
    <FormView
      id="f"
      state={state}
      place={place}
      completions={[]}
      trans={trans}
      onBrowse={null}
      {...props}
    />
  );
  return props;
}

describe('FormView', () => {
  it('says what is filled in', () => {
    const { onFill } = show(aState());
    fireEvent.change(screen.getByLabelText('Memory'), { target: { value: '4GB' } });
    expect(onFill).toHaveBeenCalledWith({ memory: '4GB' });
  });

  it('submits with its button', () => {
    const { onSubmit } = show(aState());
    fireEvent.click(screen.getByRole('button', { name: 'Submit run' }));
    expect(onSubmit).toHaveBeenCalledWith(false);
  });

  it('ties what is wrong to its field', () => {
    show(aState({ problems: { cpus: 'local has only 4.' } }));
    const field = screen.getByLabelText('CPUs');
    expect(field.getAttribute('aria-invalid')).toBe('true');
    const says = field.getAttribute('aria-describedby') ?? '';
    expect(document.getElementById(says)?.textContent).toBe('local has only 4.');
  });

  it('says a refusal aloud, and offers to skip the checks', () => {
    const { onSubmit } = show(aState({ refusal: 'It imports xgboost.', forcible: true }));
    expect(screen.getByRole('alert').textContent).toBe('It imports xgboost.');
    fireEvent.click(screen.getByRole('button', { name: 'Submit anyway' }));
    expect(onSubmit).toHaveBeenCalledWith(true);
  });

  it('asks for what the script takes: choices, flags, help', () => {
    const flag = { ...CHOICE, name: '--amp', type: 'flag', choices: [], help: null };
    const { onFill } = show(
      aState({
        around: { arguments: [CHOICE, flag], computes: null, environments: [], pythons: [] }
      })
    );
    const select = screen.getByLabelText<HTMLSelectElement>('--optimizer');
    expect([...select.options].map(({ text }) => text)).toEqual([
      'adam (default)',
      'adam',
      'sgd'
    ]);
    expect(screen.getByText('Which optimizer.')).toBeTruthy();
    fireEvent.change(select, { target: { value: 'sgd' } });
    expect(onFill).toHaveBeenCalledWith({ values: { '--optimizer': 'sgd' } });
    fireEvent.click(screen.getByRole('checkbox', { name: '--amp' }));
    expect(onFill).toHaveBeenLastCalledWith({ values: { '--amp': 'on' } });
  });

  it('shows what would travel', () => {
    show(
      aState({
        preview: {
          files: [{ name: 'data.csv', size_bytes: 12_000 }],
          total: 1,
          total_bytes: 12_000,
          ignored: ['.venv'],
          ignored_total: 1,
          warnings: ['It calls input().'],
          errors: []
        }
      })
    );
    const preview = within(screen.getByRole('region', { name: 'What travels' }));
    for (const text of [
      '1 file, 12 kB',
      'data.csv',
      '1 path stays behind',
      'It calls input().'
    ]) {
      expect(preview.getByText(text)).toBeTruthy();
    }
  });

  it('copies code', () => {
    const { onCopy } = show(aState());
    fireEvent.click(screen.getByRole('button', { name: 'Copy for a notebook cell' }));
    expect(onCopy).toHaveBeenCalledWith('%train /home/ada/train.py --experiment train');
  });

  it('adds and takes away rows', () => {
    const fields = { ...EMPTY, path: 'train.py', tags: [{ id: '0', key: 'by', value: 'ada' }] };
    const { onFill } = show(aState({ fields }));
    fireEvent.click(screen.getByRole('button', { name: 'Remove the tag: by' }));
    expect(onFill).toHaveBeenCalledWith({ tags: [] });
    fireEvent.click(screen.getByRole('button', { name: 'Add a variable' }));
    expect(onFill).toHaveBeenCalledWith({ variables: [{ id: '0', key: '', value: '' }] });
  });

  it('asks only for what can differ when a run is done again', () => {
    const base = aRun();
    show(aState({ base, fields: { ...EMPTY, kind: 'again', experiment: 'digits' } }));
    expect(screen.getByRole('heading', { name: 'Run digits #42 again' })).toBeTruthy();
    expect(screen.queryByLabelText('Experiment')).toBeNull();
    expect(screen.getByLabelText('Arguments, as in a shell')).toBeTruthy();
  });

  it('names the workspace where there are several', () => {
    const workspaces = ['w1', 'w2'].map(id => ({
      id,
      name: id,
      directory: '',
      default: id === 'w1',
      there: true
    }));
    const { onChoose } = show(aState({ workspaces }));
    fireEvent.change(screen.getByLabelText('Workspace'), { target: { value: 'w2' } });
    expect(onChoose).toHaveBeenCalledWith('w2');
  });
});
