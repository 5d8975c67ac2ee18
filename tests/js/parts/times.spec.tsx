import { act, render, screen } from '@testing-library/react';
import * as React from 'react';

import { Age, Elapsed } from '../../../src/parts';
import { aRun } from '../builders';
import { trans } from '../fakes';

beforeEach(() => {
  jest.useFakeTimers({ now: Date.parse('2026-11-20T12:00:05.300Z') });
});

afterEach(() => {
  jest.useRealTimers();
});

test('the clock of a run that goes on moves by whole seconds, that of an ended one stands', () => {
  render(<Elapsed run={aRun({ state: 'Running', ended_at: null })} />);
  render(<Elapsed run={aRun()} />);
  expect(screen.getByText('0:04')).toBeTruthy();
  act(() => {
    jest.advanceTimersByTime(3_000);
  });
  expect(screen.getByText('0:07')).toBeTruthy();
  expect(screen.getByText('1:03')).toBeTruthy();
});

test('an age has its instant in the title', () => {
  render(<Age at="2026-11-20T11:58:00Z" trans={trans} />);
  expect(screen.getByText('2 min ago').title).toContain('2026');
});

test('no timer is left when nobody shows a time', () => {
  const { unmount } = render(<Elapsed run={aRun({ state: 'Running', ended_at: null })} />);
  expect(jest.getTimerCount()).toBe(1);
  unmount();
  expect(jest.getTimerCount()).toBe(0);
});
