import { Signal } from '@lumino/signaling';
import { act, fireEvent, render, screen, within } from '@testing-library/react';
import * as React from 'react';

import type * as wire from '../../../src/api/wire';
import type { IBuildViewProps } from '../../../src/environments/BuildView';
import { BuildView } from '../../../src/environments/BuildView';
import type { IBuild, IVerbs } from '../../../src/tokens';
import { aBuild } from '../builders';
import { aWorkspace, settle, trans } from '../fakes';
import { FakeLog } from '../log/fakes';

// The terminal needs a browser; what it is given is tested elsewhere.
jest.mock('../../../src/log', () => ({
  LogView: (props: { label: string }) => <pre aria-label={props.label} />
}));

class FakeBuild implements IBuild {
  constructor(public record: wire.Build | null) {}

  readonly id = 'b1';
  readonly log = new FakeLog();
  problem: string | null = null;
  isDisposed = false;
  readonly changed = new Signal<this, void>(this);

  dispose(): void {
    this.isDisposed = true;
  }
}

async function show(
  build: FakeBuild,
  given: Partial<IBuildViewProps> = {},
  verbs: Partial<IVerbs> = {}
): Promise<jest.Mocked<Pick<IBuildViewProps, 'onCancel' | 'onBuild' | 'onExplain'>>> {
  const props = { onCancel: jest.fn(), onBuild: jest.fn(), onExplain: jest.fn() };
  const workspace = aWorkspace({ buildLogUrl: id => `/builds/${id}/log`, ...verbs });
  await act(async () => {
    render(
      <BuildView
        build={build}
        verbs={workspace.verbs}
        trans={trans}
        explained={false}
        {...props}
        {...given}
      />
    );
    await settle();
  });
  return props;
}

function aStep(given: Partial<wire.BuildStep>): wire.BuildStep {
  return {
    name: 'pull',
    started_at: '2026-11-20T12:00:00Z',
    ended_at: '2026-11-20T12:00:12Z',
    cached: false,
    problem: null,
    ...given
  };
}

const BUILDING = aBuild({ state: 'Building', ended_at: null, reason: 'step 2 of 3, install' });

test('a build says how far it is, and can be canceled', async () => {
  const { onCancel } = await show(new FakeBuild(BUILDING));
  expect(screen.getByRole('heading', { name: 'fit:1' })).toBeTruthy();
  expect(screen.getByText('Step 2 of 3, install')).toBeTruthy();
  expect(screen.getByRole('status').textContent).toBe('fit:1: building');
  expect(screen.getByLabelText('Log of the build of fit:1')).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'Cancel the build of fit:1' }));
  expect(onCancel).toHaveBeenCalled();
});

test('each step has its time, or was there already, or its problem', async () => {
  await show(
    new FakeBuild(
      aBuild({
        state: 'Failed',
        steps: [
          aStep({ cached: true }),
          aStep({ name: 'resolve' }),
          aStep({ name: 'unpack', ended_at: '2026-11-20T12:00:00.250Z' }),
          aStep({ name: 'install', problem: 'No such package: torhc' })
        ]
      })
    )
  );
  const steps = within(screen.getByRole('list', { name: 'Steps' })).getAllByRole('listitem');
  expect(steps.map(({ textContent }) => textContent)).toEqual([
    'builtpullcached',
    'builtresolve0:12',
    'builtunpack250 ms',
    'failedinstall0:12No such package: torhc'
  ]);
});

test('a step that a cancel has cut off was canceled', async () => {
  const steps = [aStep({ ended_at: null })];
  await show(new FakeBuild(aBuild({ state: 'Canceled', steps })));
  expect(screen.getByRole('listitem').textContent).toBe('canceledpull0:38');
});

test('what is built can be built of today’s versions, what failed once more', async () => {
  const build = new FakeBuild(aBuild());
  const { onBuild } = await show(build);
  fireEvent.click(screen.getByRole('button', { name: 'Rebuild with fresh versions' }));
  act(() => {
    build.record = aBuild({ state: 'Failed' });
    build.changed.emit();
  });
  fireEvent.click(screen.getByRole('button', { name: 'Build fit:1 again' }));
  expect(onBuild.mock.calls).toEqual([[true], [false]]);
});

test('why it was not cached is asked for when somebody wants to know', async () => {
  const { onExplain } = await show(new FakeBuild(aBuild()));
  fireEvent.click(screen.getByRole('button', { name: 'Why was it not cached' }));
  expect(onExplain).toHaveBeenCalledWith(true);
});

test('it says what differs from the nearest', async () => {
  const changes = ['pandas 2.2 was pandas 2.1.'];
  await show(
    new FakeBuild(aBuild()),
    { explained: true },
    {
      difference: () => Promise.resolve({ nearest: 'b0', nearest_name: 'fit:0', changes })
    }
  );
  const why = screen.getByRole('region', { name: 'Why was it not cached' });
  expect(why.textContent).toContain('The nearest that was there is fit:0.');
  expect(within(why).getByRole('listitem').textContent).toBe(changes[0]);
});

test('it says that there was nothing like it', async () => {
  const nothing = { nearest: null, nearest_name: null, changes: [] };
  await show(
    new FakeBuild(aBuild()),
    { explained: true },
    { difference: () => Promise.resolve(nothing) }
  );
  expect(screen.getByText('Nothing like it was built before.')).toBeTruthy();
});

test('a build that is gone is said', async () => {
  const build = new FakeBuild(null);
  build.problem = "No build 'b1'.";
  await show(build);
  expect(screen.getByRole('alert').textContent).toBe("No build 'b1'.");
});
