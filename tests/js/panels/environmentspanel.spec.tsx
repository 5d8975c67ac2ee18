import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import type * as wire from '../../../src/api/wire';
import { COMMANDS } from '../../../src/environments/names';
import { EnvironmentsPanel } from '../../../src/panels/environmentspanel';
import { aSummary } from '../builders';
import { aWorkspace, trans } from '../fakes';

import { recordedCommands } from './fakes';

function show(...list: wire.EnvironmentSummary[]): [string, unknown][] {
  const workspace = aWorkspace();
  workspace.environments.list = list;
  const { commands, executed } = recordedCommands(COMMANDS);
  render(<EnvironmentsPanel workspace={workspace} commands={commands} trans={trans} />);
  return executed;
}

function row(name: RegExp): HTMLElement {
  return screen.getByRole('button', { name });
}

describe('the environments', () => {
  it('are said in a row each, with the one fact that matters', () => {
    show(
      aSummary(),
      aSummary({
        name: 'torch',
        kind: 'image',
        state: 'Building',
        reason: 'step 2 of 5, pull'
      }),
      aSummary({ name: 'bad', state: 'Failed', reason: 'No such package: torhc' }),
      aSummary({ name: 'new', kind: 'dockerfile', state: 'Waiting', build: null }),
      aSummary({ name: 'mltrain-sklearn', reserved: true, state: 'Waiting', build: null })
    );
    expect(row(/^fit/).textContent).toBe('fit built 120 MB packages');
    expect(row(/^torch/).textContent).toBe('torch building step 2 of 5, pull image');
    expect(row(/^bad/).textContent).toBe('bad failed No such package: torhc packages');
    expect(row(/^new/).textContent).toBe('new not built Dockerfile');
    expect(row(/^mltrain/).textContent).toBe('mltrain-sklearn not built comes with mltrain');
  });

  it('say everything else in the tooltip', () => {
    show(aSummary({ versions: 3, latest: '3', used_at: '2026-11-20T12:00:00Z' }));
    const { title } = screen.getByRole('listitem');
    expect(title).toMatch(/^fit:3 · built\nMade of: packages\n3 versions\nOn disk: 120 MB\n/);
  });

  it('open the log of their build, or what they are made of where nothing is built', () => {
    const executed = show(
      aSummary(),
      aSummary({ name: 'new', build: null }),
      aSummary({ name: 'mltrain-sklearn', build: null, reserved: true })
    );
    fireEvent.click(row(/^fit/));
    fireEvent.click(row(/^new/));
    fireEvent.click(row(/^mltrain/));
    expect(executed.map(([command]) => command)).toEqual([
      COMMANDS.openBuild,
      COMMANDS.edit,
      COMMANDS.clone
    ]);
    expect(executed[0][1]).toMatchObject({ workspace: 'w1', build: 'b1' });
  });

  it('are deleted with a key, but for those that come with mltrain', () => {
    const executed = show(aSummary(), aSummary({ name: 'mltrain-sklearn', reserved: true }));
    fireEvent.keyDown(row(/^fit/), { key: 'Delete' });
    fireEvent.keyDown(row(/^mltrain/), { key: 'Delete' });
    expect(executed).toEqual([
      [COMMANDS.remove, { workspace: 'w1', environment: 'fit', reserved: false }]
    ]);
  });

  it('can be added to, and space reclaimed where something takes any', () => {
    const executed = show(aSummary({ size_bytes: null }));
    fireEvent.click(screen.getByRole('button', { name: 'New environment' }));
    expect(executed).toEqual([[COMMANDS.create, { workspace: 'w1' }]]);
    expect(screen.queryByRole('button', { name: 'Reclaim space…' })).toBeNull();
  });
});
