import { nullTranslator } from '@jupyterlab/translation';

import * as words from '../../../src/parts/words';
import { aRun, aSpec } from '../builders';

const trans = nullTranslator.load('jupyter_mltrain');
const NOON = new Date(2026, 10, 20, 12, 0, 0);

function ago(milliseconds: number): string {
  return words.age(trans, new Date(NOON.getTime() - milliseconds), NOON.getTime());
}

test.each([
  [0, '0:00'],
  [12_900, '0:12'],
  [63_000, '1:03'],
  [3_800_000, '1:03:20'],
  [-5_000, '0:00']
])('a length of %p ms reads %p', (length, text) => {
  expect(words.duration(length)).toBe(text);
});

test.each([
  [500, 'just now'],
  [-60_000, 'just now'],
  [12_000, '12 s ago'],
  [119_000, '1 min ago'],
  [3 * 3_600_000, '3 h ago'],
  [13 * 3_600_000, 'yesterday'],
  [48 * 3_600_000, '2 days ago']
])('what was %p ms ago reads %p', (passed, text) => {
  expect(ago(passed)).toBe(text);
});

test('what is a week old is named by its day', () => {
  expect(ago(8 * 86_400_000)).toMatch(/2026/);
});

test.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [999, '999 bytes'],
  [1_000, '1 kB'],
  [1_440, '1.4 kB'],
  [12_345, '12 kB'],
  [999_499, '999 kB'],
  [999_600, '1 MB'],
  [1_400_000_000, '1.4 GB'],
  [5e15, '5000 TB']
])('%p bytes read %p, as in Python', (bytes, text) => {
  expect(words.size(trans, bytes)).toBe(text);
});

test('memory that was asked for is said as it was asked for', () => {
  expect(words.askedSize(trans, 4 * 1_024 ** 3)).toBe('4 GB');
  expect(words.askedSize(trans, 512 * 1_024 ** 2)).toBe('512 MB');
  expect(words.askedSize(trans, 1_500_000)).toBe('1.5 MB');
});

test.each([
  [0.312345, '0.312'],
  [42, '42'],
  [1_234.4, '1234'],
  [12_345_678, '12300000'],
  [0.000012345, '0.0000123'],
  [1e-9, '1e-9'],
  [NaN, 'NaN']
])('the metric %p has the digits of %p', (value, text) => {
  expect(words.significant(value)).toBe(text);
});

test('a place says what the run holds, else what it asks for', () => {
  const asks = aRun({ spec: aSpec({ resources: { cpus: 1, gpus: 2, memory_bytes: null } }) });
  expect(words.place(trans, asks)).toBe('local · 1 CPU · 2 GPUs');
  const lease = { cpus: 4, memory_bytes: 0, gpus: [] };
  const holds = aRun({ nodes: [{ index: 0, host: 'here', lease }] });
  expect(words.place(trans, holds)).toBe('local · 4 CPUs');
});

test('a label has the name where there is one', () => {
  expect(words.runLabel(aRun({ number: 7 }))).toBe('digits #7');
  expect(words.runLabel(aRun({ number: 7, spec: aSpec({ name: 'lr 3' }) }))).toBe('lr 3 #7');
});

test('a name that would turn the text around it is shown harmlessly', () => {
  expect(words.shown('model\u202egnp.exe\n')).toBe('model\ufffdgnp.exe\ufffd');
});

test('the reason of a cancel reads on from its state', () => {
  const run = aRun({ state: 'Canceled', reason: 'cancelled by you after 0:41' });
  expect(words.canceledReason(run)).toBe('by you after 0:41');
});

test('logs and variables are no outputs', () => {
  const names = ['azureml-logs/70_driver_log.txt', 'logs/a', 'variables/x', 'outputs/m', 'up'];
  expect(names.filter(name => words.isOutput({ name }))).toEqual(['outputs/m', 'up']);
});

test('a run that ends by itself in a moment cannot be canceled', () => {
  expect(words.canCancel(aRun({ state: 'Running' }))).toBe(true);
  expect(words.canCancel(aRun({ state: 'Finalizing' }))).toBe(false);
  expect(words.canCancel(aRun({ state: 'Completed' }))).toBe(false);
});
