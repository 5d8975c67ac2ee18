import { nullTranslator } from '@jupyterlab/translation';
import { act, fireEvent, render, screen, within } from '@testing-library/react';
import * as React from 'react';

import type * as wire from '../../../src/api/wire';
import { tooltip } from '../../../src/panels/runrow';
import { RunsList } from '../../../src/panels/runslist';
import { RunSelection } from '../../../src/panels/selection';
import { aRun, aSpec } from '../builders';

import { FakeList } from '../fakes';

const trans = nullTranslator.load('jupyter_mltrain');

// jsdom lays nothing out; ten rows can be seen.
beforeEach(() => {
  jest.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(280);
  jest.spyOn(HTMLElement.prototype, 'offsetWidth', 'get').mockReturnValue(300);
  jest.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(280);
});

function runs(count: number): wire.Run[] {
  return Array.from({ length: count }, (_, index) =>
    aRun({ id: `r${index}`, number: count - index })
  );
}

interface IShown {
  list: FakeList;
  selection: RunSelection;
  grid: HTMLElement;
  told: string[];
}

function show(rows: (wire.Run | undefined)[] | null): IShown {
  const list = new FakeList({}, rows);
  const selection = new RunSelection();
  const told: string[] = [];
  render(
    <RunsList
      list={list}
      selection={selection}
      trans={trans}
      onOpen={id => told.push(`open ${id}`)}
      onCancel={id => told.push(`cancel ${id}`)}
      onDelete={() => told.push(`delete ${[...selection.ids].join(' ')}`)}
    />
  );
  return { list, selection, grid: screen.getByRole('grid', { name: 'Runs' }), told };
}

function press(grid: HTMLElement, key: string, modifiers: object = {}): void {
  fireEvent.keyDown(grid, { key, ...modifiers });
}

/** The row of a run, by its label. */
function row(label: string): HTMLElement {
  return screen.getAllByRole('row').find(each => each.textContent.includes(label))!;
}

describe('RunsList', () => {
  it('renders only what can be seen of ten thousand runs', () => {
    const { grid } = show(runs(10_000));
    expect(within(grid).getAllByRole('row').length).toBeLessThan(40);
    expect(grid.getAttribute('aria-rowcount')).toBe('10000');
  });

  it('asks for the rows in view', () => {
    const { list } = show(runs(10_000));
    const [from, to] = list.needed.at(-1)!;
    expect(from).toBe(0);
    expect(to).toBeGreaterThan(9);
    expect(to).toBeLessThan(100);
  });

  it('has the shape of rows that are not loaded', () => {
    const { grid } = show(null);
    expect(grid.getAttribute('aria-busy')).toBe('true');
    expect(within(grid).getAllByText('Loading')).toHaveLength(5);
  });

  it('says state, label and the one fact that matters', () => {
    show([
      aRun({ id: 'a', number: 3, state: 'Failed', reason: "No module named 'xgboost'" }),
      aRun({
        id: 'b',
        number: 2,
        state: 'Queued',
        reason: 'waiting for 1 GPU',
        ended_at: null
      }),
      aRun({ id: 'c', number: 1 })
    ]);
    const [failed, queued, completed] = screen.getAllByRole('row').map(row => row.textContent);
    expect(failed).toContain("Faileddigits #3No module named 'xgboost'");
    expect(queued).toContain('Queueddigits #2waiting for 1 GPU');
    expect(completed).toMatch(/^Completeddigits #1.*1:03$/);
  });

  it('shows names and reasons as text', () => {
    const name = '<img src=x onerror=alert(1)>';
    const { grid } = show([aRun({ spec: aSpec({ name }), state: 'Failed', reason: name })]);
    expect(grid.querySelector('img')).toBeNull();
    expect(grid.textContent).toContain(name);
  });

  it('goes up and down, to the ends, and page by page', () => {
    const { grid, selection } = show(runs(100));
    const visited = ['ArrowDown', 'ArrowDown', 'ArrowUp', 'PageDown', 'End', 'Home'].map(
      key => {
        press(grid, key);
        return selection.active;
      }
    );
    expect(visited).toEqual([0, 1, 0, 9, 99, 0]);
    expect([...selection.ids]).toEqual(['r0']);
  });

  it('selects several with shift, and with ctrl and space', () => {
    const { grid, selection } = show(runs(10));
    press(grid, 'ArrowDown');
    press(grid, 'ArrowDown', { shiftKey: true });
    expect([...selection.ids]).toEqual(['r0', 'r1']);
    press(grid, 'ArrowDown', { ctrlKey: true });
    press(grid, ' ');
    expect([...selection.ids]).toEqual(['r0', 'r1', 'r2']);
    press(grid, 'Escape');
    expect(selection.ids.size).toBe(0);
  });

  it('selects several with the mouse', () => {
    const { selection } = show(runs(10));
    fireEvent.click(row('digits #10'));
    fireEvent.click(row('digits #8'), { shiftKey: true });
    expect([...selection.ids]).toEqual(['r0', 'r1', 'r2']);
    fireEvent.click(row('digits #9'), { ctrlKey: true });
    expect([...selection.ids]).toEqual(['r0', 'r2']);
    fireEvent.click(row('digits #9'));
    expect([...selection.ids]).toEqual(['r1']);
  });

  it('opens with Enter and a double click', () => {
    const { grid, told } = show(runs(3));
    press(grid, 'ArrowDown');
    press(grid, 'Enter');
    fireEvent.doubleClick(row('digits #1'));
    expect(told).toEqual(['open r0', 'open r2']);
  });

  it('deletes what is selected with Delete', () => {
    const { grid, told } = show(runs(3));
    press(grid, 'Delete');
    press(grid, 'ArrowDown');
    press(grid, 'Delete');
    expect(told).toEqual(['delete r0']);
  });

  it('cancels with the button of the row, and only that', () => {
    const { selection, told } = show([aRun({ state: 'Running', ended_at: null, id: 'a' })]);
    fireEvent.click(screen.getByRole('button', { name: 'Cancel run digits #42' }));
    expect(told).toEqual(['cancel a']);
    expect(selection.ids.size).toBe(0);
  });

  it('opens a menu on the row, not on the list, and selects what it is about', () => {
    const { grid, selection } = show(runs(3));
    const opened: EventTarget[] = [];
    const listen = (event: Event): void => void opened.push(event.target!);
    document.addEventListener('contextmenu', listen);
    press(grid, 'ArrowDown');
    fireEvent.contextMenu(grid);
    fireEvent.click(screen.getByRole('button', { name: 'Actions for run digits #1' }));
    document.removeEventListener('contextmenu', listen);
    const rows = opened.map(target => (target as Element).closest('[data-index]'));
    expect(rows.map(row => row?.getAttribute('data-index'))).toEqual(['0', '2']);
    expect([...selection.ids]).toEqual(['r2']);
  });

  it('keeps several selected when the menu is opened on one of them', () => {
    const { grid, selection } = show(runs(3));
    press(grid, 'a', { ctrlKey: true });
    fireEvent.contextMenu(row('digits #2'));
    expect(selection.ids.size).toBe(3);
  });

  it('names the active row for screen readers', () => {
    const { grid } = show(runs(3));
    press(grid, 'ArrowDown');
    const id = grid.getAttribute('aria-activedescendant')!;
    const row = document.getElementById(id)!;
    expect(row.textContent).toContain('digits #3');
    expect(row.getAttribute('aria-selected')).toBe('true');
  });

  it('renders only the row that has changed', () => {
    const rows = runs(3);
    const { list, grid } = show(rows);
    const before = [...grid.querySelectorAll('[role=row]')];
    act(() => list.become([aRun({ id: 'new', number: 4 }), ...rows]));
    const after = [...grid.querySelectorAll('[role=row]')];
    expect(after.slice(1)).toEqual(before);
    expect(after).toHaveLength(4);
  });
});

describe('tooltip', () => {
  it('has what the row leaves out', () => {
    const run = aRun({ state: 'Failed', reason: 'Out of memory', advice: 'Give it more.' });
    const text = tooltip(trans, run, 0);
    expect(text).toContain('digits #42 · Failed\nOut of memory\nGive it more.');
    expect(text).toContain('Compute: local');
    expect(text).toContain('Took: 1:03');
  });
});
