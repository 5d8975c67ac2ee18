import { CommandRegistry } from '@lumino/commands';
import { act, fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import type * as wire from '../../../src/api/wire';
import { COMMANDS } from '../../../src/models/names';
import { ModelsPanel } from '../../../src/panels/modelspanel';
import { aModel } from '../builders';
import { aWorkspace, trans } from '../fakes';

import { recordedCommands } from './fakes';

function show(...list: wire.Model[]): [string, unknown][] {
  const workspace = aWorkspace();
  workspace.models.list = list;
  const { commands, executed } = recordedCommands(COMMANDS);
  render(<ModelsPanel workspace={workspace} commands={commands} trans={trans} />);
  return executed;
}

function aFew(count: number): wire.Model[] {
  return Array.from({ length: count }, (_, index) => aModel({ name: `model-${index}` }));
}

function rows(): string[] {
  return screen.getAllByRole('listitem').map(({ textContent }) => textContent);
}

describe('the models', () => {
  it('say their version, size and age', () => {
    jest.useFakeTimers({ now: new Date('2026-11-20T12:02:00Z') });
    show(aModel({ version: 3 }));
    jest.useRealTimers();
    expect(rows()).toEqual(['digits:3 2 min ago 12 kB']);
  });

  it('say everything else in the tooltip', () => {
    show(aModel({ framework: 'ScikitLearn', framework_version: '1.5', description: 'Good.' }));
    const lines = screen.getByRole('listitem').title.split('\n');
    expect(lines.slice(0, 6)).toEqual([
      'digits:1',
      'Good.',
      '1 file · 12 kB',
      'Framework: ScikitLearn 1.5',
      'Experiment: digits',
      'From run: digits_1763640000_0a1b2c3d'
    ]);
  });

  it('say how to get one where there is none', () => {
    show();
    expect(screen.getByText('No models yet.')).toBeTruthy();
    expect(screen.getByText(/run\.register_model/)).toBeTruthy();
  });

  it('open with the latest version, and are deleted with a key', () => {
    const executed = show(aModel({ version: 3, run_id: null }));
    const row = screen.getByRole('button', { name: /^digits/ });
    fireEvent.click(row);
    fireEvent.keyDown(row, { key: 'Delete' });
    expect(executed).toEqual([
      [COMMANDS.open, { workspace: 'w1', model: 'digits' }],
      [COMMANDS.remove, { workspace: 'w1', model: 'digits', version: 3 }]
    ]);
  });

  it('can be filtered where there are many', () => {
    show(...aFew(12));
    const filter = screen.getByRole('searchbox', { name: 'Filter models by name' });
    act(() => filter.focus());
    fireEvent.change(filter, { target: { value: 'DEL-1' } });
    expect(rows()).toHaveLength(3);
    expect(screen.getByRole('status').textContent).toBe('3 models found');
    fireEvent.change(filter, { target: { value: 'nothing' } });
    expect(screen.getByText('No model has this in its name.')).toBeTruthy();
  });

  it('need no filter where there are few', () => {
    show(...aFew(3));
    expect(screen.queryByRole('searchbox')).toBeNull();
  });

  it('are not all shown where there are very many', () => {
    show(...aFew(250));
    expect(rows()).toHaveLength(200);
    expect(screen.getByText('and 50 more; the filter finds them')).toBeTruthy();
  });

  it('are loaded while they can be seen', () => {
    const workspace = aWorkspace();
    const { unmount } = render(
      <ModelsPanel workspace={workspace} commands={new CommandRegistry()} trans={trans} />
    );
    expect(workspace.models.held).toBe(1);
    unmount();
    expect(workspace.models.held).toBe(0);
  });
});
