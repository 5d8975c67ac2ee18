import {
  experimentOf,
  fileName,
  folderOf,
  isExperimentName,
  parseDuration,
  parseSize,
  parseWhole,
  writeDuration,
  writeSize
} from '../../../src/form/reading';

describe('sizes', () => {
  it.each([
    ['4GB', 4 * 1024 ** 3],
    ['1.5 GiB', 1.5 * 1024 ** 3],
    ['512MB', 512 * 1024 ** 2],
    ['2g', 2 * 1024 ** 3],
    ['.5k', 512],
    ['1048576', 1_048_576],
    [' 3 TB ', 3 * 1024 ** 4]
  ])('reads %j', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', 'much', '4 XB', '-1GB', '1GB2', 'GB'])('refuses %j', text => {
    expect(parseSize(text)).toBeNull();
  });

  it.each([
    [4 * 1024 ** 3, '4GB'],
    [1536 * 1024 ** 2, '1536MB'],
    [1000, '1000'],
    [2048, '2kB']
  ])('writes %d so that it is read again', (bytes, text) => {
    expect(writeSize(bytes)).toBe(text);
    expect(parseSize(text)).toBe(bytes);
  });
});

describe('lengths of time', () => {
  it.each([
    ['90', 90],
    ['90s', 90],
    ['10m', 600],
    ['2 hours', 7200],
    ['1d', 86_400],
    ['1h30m', 5400],
    ['1h 30min', 5400],
    ['0.5', 0.5],
    ['1e3', 1000]
  ])('reads %j', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each(['', '0', '-5', 'soon', '5 m 3', '0x10', 'Infinity', '5y', '1h!'])(
    'refuses %j',
    text => {
      expect(parseDuration(text)).toBeNull();
    }
  );

  it.each([
    [86_400, '1d'],
    [5400, '90m'],
    [90, '90s'],
    [0.5, '0.5s']
  ])('writes %d so that it is read again', (seconds, text) => {
    expect(writeDuration(seconds)).toBe(text);
    expect(parseDuration(text)).toBe(seconds);
  });
});

it.each<[string, number | null]>([
  ['3', 3],
  ['-2', -2],
  [' 7 ', 7],
  ['1.5', null],
  ['', null],
  ['x', null]
])('reads %j as a whole number or not', (text, count) => {
  expect(parseWhole(text)).toBe(count);
});

it.each([
  ['digits/train.py', 'train'],
  ['My notebook (2).ipynb', 'My-notebook-2'],
  ['größe.py', 'groe'],
  ['学习.py', 'notebook'],
  ['.hidden.py', 'hidden'],
  ['', 'notebook']
])('names the experiment of %j', (path, name) => {
  expect(isExperimentName(experimentOf(path))).toBe(true);
  expect(experimentOf(path)).toBe(name);
});

it('takes paths of the file browser apart', () => {
  expect([folderOf('a/b/c.py'), fileName('a/b/c.py')]).toEqual(['a/b', 'c.py']);
  expect([folderOf('c.py'), fileName('c.py')]).toEqual(['', 'c.py']);
});
