import type { ILimits } from '../../../src/log/logwindow';
import { LogWindow } from '../../../src/log/logwindow';
import type { IPiece } from '../../../src/tokens';

const LINE = 100;
const LIMITS: ILimits = { bytes: 100_000, rows: 2_000, columns: 100 };

/** Bytes `[from, to)` of an endless log whose lines have 100 bytes. */
function piece(from: number, to: number): IPiece {
  const data = new Uint8Array(to - from).fill(120);
  for (let at = from; at < to; at++) {
    if (at % LINE === LINE - 1) {
      data[at - from] = 10;
    }
  }
  return { offset: from, data };
}

function aWindow(limits: Partial<ILimits> = {}): LogWindow {
  return new LogWindow({ ...LIMITS, ...limits });
}

function consecutive(window: LogWindow): boolean {
  return window.slabs.every(
    (slab, index) =>
      index === 0 ||
      slab.offset === window.slabs[index - 1].offset + window.slabs[index - 1].data.length
  );
}

test('it begins with a whole line', () => {
  const window = aWindow();
  window.restart(piece(1_050, 5_000));
  expect([window.from, window.to]).toEqual([1_100, 5_000]);
});

test('it begins with a whole character where there is no line', () => {
  const window = aWindow();
  const data = new TextEncoder().encode('€uro').subarray(1);
  window.restart({ offset: 50, data });
  expect(window.from).toBe(52);
});

test('the beginning of the log is not cut', () => {
  const window = aWindow();
  window.restart(piece(0, 250));
  expect(window.from).toBe(0);
});

test('slabs are consecutive and begin with lines', () => {
  const window = aWindow();
  window.restart(piece(0, 90_000));
  expect(window.slabs.length).toBeGreaterThan(1);
  expect(consecutive(window)).toBe(true);
  expect(window.slabs.every(slab => slab.offset % LINE === 0)).toBe(true);
});

test('a line longer than a slab is taken in parts', () => {
  const window = aWindow();
  window.restart({ offset: 0, data: new Uint8Array(50_000).fill(120) });
  expect([window.from, window.to]).toEqual([0, 50_000]);
  expect(consecutive(window)).toBe(true);
});

test('following, it drops at the start what is too much', () => {
  const window = aWindow();
  window.restart(piece(0, 10_000));
  for (let at = 10_000; at < 400_000; at += 10_000) {
    window.append(piece(at, at + 10_000), 'follow');
  }
  expect(window.to).toBe(400_000);
  expect(window.to - window.from).toBeLessThanOrEqual(LIMITS.bytes);
  expect(window.to - window.from).toBeGreaterThan(LIMITS.bytes / 2);
  expect(consecutive(window)).toBe(true);
});

test('many small pieces make few slabs', () => {
  const window = aWindow();
  for (let at = 0; at < 50_000; at += LINE) {
    window.append(piece(at, at + LINE), 'follow');
  }
  expect(window.slabs.length).toBeLessThan(10);
  expect([window.from, window.to]).toEqual([0, 50_000]);
});

test('what goes on with a slab does not begin one', () => {
  const window = aWindow();
  const first = window.append(piece(0, 100), 'follow');
  const second = window.append(piece(100, 200), 'follow');
  expect(first?.map(each => each.begins)).toEqual([true]);
  expect(second?.map(each => [each.offset, each.begins])).toEqual([[100, false]]);
});

test('what is known already is not taken twice', () => {
  const window = aWindow();
  window.restart(piece(0, 1_000));
  expect(window.append(piece(0, 1_000), 'follow')).toEqual([]);
  const added = window.append(piece(500, 1_500), 'follow');
  expect(added?.[0].offset).toBe(1_000);
  expect(window.to).toBe(1_500);
});

test('a gap is not glued over', () => {
  const window = aWindow();
  window.restart(piece(0, 1_000));
  expect(window.append(piece(2_000, 3_000), 'follow')).toBeNull();
  expect(window.to).toBe(1_000);
});

test('somebody who reads keeps what is there: it takes only what there is room for', () => {
  const window = aWindow();
  window.restart(piece(0, 90_000));
  expect(window.append(piece(90_000, 95_000), 'stay')).not.toBeNull();
  expect(window.append(piece(95_000, 120_000), 'stay')).toBeNull();
  expect([window.from, window.to]).toEqual([0, 95_000]);
});

test('reading back, what was at the top stays in the window', () => {
  const window = aWindow();
  window.restart(piece(500_000, 590_000));
  const top = window.from;
  const range = window.rangeBefore();
  expect(range?.to).toBe(top);
  window.prepend(piece(range?.from ?? 0, top));
  expect(window.has(top)).toBe(true);
  expect(window.from).toBeLessThan(top);
  expect(consecutive(window)).toBe(true);
});

test('reading back stays in place also where every line is empty', () => {
  const window = aWindow();
  const empty = (from: number, to: number): IPiece => ({
    offset: from,
    data: new Uint8Array(to - from).fill(10)
  });
  window.restart(empty(900_000, 901_500));
  const top = window.from;
  const range = window.rangeBefore();
  window.prepend(empty(range?.from ?? 0, top));
  expect(window.from).toBeLessThan(top);
  expect(window.has(top)).toBe(true);
});

test('reading on, what was at the bottom stays in the window', () => {
  const window = aWindow();
  window.restart(piece(0, 90_000));
  const bottom = window.to;
  const range = window.rangeAfter(1_000_000);
  window.append(piece(bottom, range?.to ?? 0), 'read');
  expect(window.has(bottom - LINE)).toBe(true);
  expect(window.to).toBeGreaterThan(bottom);
});

test('there is nothing before the beginning nor after the end', () => {
  const window = aWindow();
  window.restart(piece(0, 1_000));
  expect(window.rangeBefore()).toBeNull();
  expect(window.rangeAfter(1_000)).toBeNull();
});

test('an offset is shown with what is around it, also at the ends', () => {
  const window = aWindow();
  const { from, to } = window.rangeAround(500_000, 1_000_000);
  expect([500_000 - from, to - 500_000]).toEqual([65_536, 65_536]);
  expect(window.rangeAround(10, 1_000_000)).toEqual({ from: 0, to: 131_072 });
  expect(window.rangeAround(999_990, 1_000_000)).toEqual({ from: 868_928, to: 1_000_000 });
  expect(window.rangeAround(10, 50)).toEqual({ from: 0, to: 50 });
});

test('all bytes of a log are seen once when it is read from its end to its beginning', () => {
  const window = aWindow();
  const size = 1_000_000;
  const end = window.rangeOfEnd(size);
  window.restart(piece(end.from, end.to));
  let top = window.from;
  for (let range = window.rangeBefore(); range; range = window.rangeBefore()) {
    window.prepend(piece(range.from, range.to));
    expect(window.has(top)).toBe(true);
    expect(window.from).toBeLessThan(top);
    top = window.from;
  }
  expect(top).toBe(0);
});

test('narrower columns make more rows of it', () => {
  const window = aWindow();
  window.restart(piece(0, 90_000));
  window.setLimits({ ...LIMITS, columns: 10 }, 'start');
  expect(window.from).toBeGreaterThan(0);
  expect(window.to).toBe(90_000);
});

test.each([300_100, 310_000, 365_000, 431_000])(
  'around %p, the line and what follows it are in the window, however little fits',
  offset => {
    const window = aWindow({ bytes: 40_000, rows: 700 });
    window.restartAround(piece(300_000, 431_072), offset);
    expect(window.has(offset)).toBe(true);
    expect(window.to - window.from).toBeLessThanOrEqual(40_000);
    expect(consecutive(window)).toBe(true);
  }
);
