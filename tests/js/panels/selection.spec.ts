import type { IRows } from '../../../src/panels/selection';
import { RunSelection } from '../../../src/panels/selection';

function rows(...ids: (string | undefined)[]): IRows {
  return { length: ids.length, idAt: index => ids[index] };
}

const ABC = rows('a', 'b', 'c', 'd');

describe('RunSelection', () => {
  it('selects the one row that it moves to', () => {
    const selection = new RunSelection();
    selection.moveTo(ABC, 1);
    expect([...selection.ids]).toEqual(['b']);
    selection.moveTo(ABC, 2);
    expect([...selection.ids]).toEqual(['c']);
  });

  it('extends from where it began, in both directions', () => {
    const selection = new RunSelection();
    selection.moveTo(ABC, 1);
    selection.extendTo(ABC, 3);
    expect([...selection.ids]).toEqual(['b', 'c', 'd']);
    selection.extendTo(ABC, 0);
    expect([...selection.ids]).toEqual(['a', 'b']);
  });

  it('adds and takes out single rows', () => {
    const selection = new RunSelection();
    selection.moveTo(ABC, 0);
    selection.toggle(ABC, 2);
    expect([...selection.ids]).toEqual(['a', 'c']);
    selection.toggle(ABC, 0);
    expect([...selection.ids]).toEqual(['c']);
  });

  it('stays within the list', () => {
    const selection = new RunSelection();
    selection.moveTo(ABC, 99);
    expect(selection.active).toBe(3);
    selection.moveTo(rows(), 0);
    expect(selection.active).toBe(-1);
    expect(selection.ids.size).toBe(0);
  });

  it('stays with its runs when others come above them', () => {
    const selection = new RunSelection();
    selection.moveTo(ABC, 1);
    const more = rows('new', 'a', 'b', 'c', 'd');
    selection.settle(more);
    expect(selection.active).toBe(2);
    selection.extendTo(more, 3);
    expect([...selection.ids]).toEqual(['b', 'c']);
  });

  it('selects rows that are loaded later', () => {
    const selection = new RunSelection();
    const before = rows('a', undefined, undefined, 'd');
    selection.moveTo(before, 0);
    selection.extendTo(before, 3);
    expect([...selection.ids]).toEqual(['a', 'd']);
    expect(selection.wanted).toEqual([0, 4]);
    selection.settle(ABC);
    expect([...selection.ids]).toEqual(['a', 'b', 'c', 'd']);
    expect(selection.wanted).toBeNull();
  });

  it('selects everything', () => {
    const selection = new RunSelection();
    selection.all(ABC);
    expect(selection.ids.size).toBe(4);
  });

  it('forgets a run that was deleted, and stays where it was', () => {
    const selection = new RunSelection();
    selection.moveTo(ABC, 1);
    selection.remove('b');
    selection.settle(rows('a', 'c', 'd'));
    expect(selection.ids.size).toBe(0);
    expect(selection.active).toBe(1);
  });

  it('tells of no change when rows change that have nothing to do with it', () => {
    const selection = new RunSelection();
    selection.moveTo(ABC, 0);
    let changes = 0;
    selection.changed.connect(() => (changes += 1));
    selection.settle(rows('a', 'b', 'c', 'x'));
    expect(changes).toBe(0);
  });
});
