import type { IClusterFields } from '../../../src/computes/clusterfields';
import {
  EMPTY,
  limitFieldsOf,
  onMachine,
  readCluster,
  readLimits,
  sizeWords
} from '../../../src/computes/clusterfields';
import { aClusterSpec } from '../builders';
import { trans } from '../fakes';

const GIVEN: IClusterFields = { ...EMPTY, name: 'cpu-cluster' };
const NC6 = {
  name: 'STANDARD_NC6',
  cpus: 6,
  memory_bytes: 56 * 1_024 ** 3,
  gpus: 1,
  node: { cpus: 6, memory_bytes: 16 * 1_024 ** 3, gpus: [] },
  note: 'This machine has no GPU.'
};

test('a cluster is a name, a size and limits', () => {
  const { problems, request } = readCluster({ ...GIVEN, size: ' standard_nc6 ' }, trans);
  expect(problems).toEqual({});
  expect(request).toEqual({
    name: 'cpu-cluster',
    spec: aClusterSpec({
      vm_size: 'STANDARD_NC6',
      min_nodes: 0,
      max_nodes: 2,
      idle_s: 1_800
    })
  });
});

test.each<[Partial<IClusterFields>, string]>([
  [{ name: '' }, 'name'],
  [{ name: 'x' }, 'name'],
  [{ name: 'two words' }, 'name'],
  [{ name: 'a-name-that-is-too-long' }, 'name'],
  [{ size: ' ' }, 'size'],
  [{ min: '-1' }, 'min'],
  [{ max: '0' }, 'max'],
  [{ max: 'many' }, 'max'],
  [{ min: '3', max: '2' }, 'max'],
  [{ idleMinutes: '' }, 'idleMinutes'],
  [{ idleMinutes: '-5' }, 'idleMinutes']
])('%j is refused', (fields, field) => {
  expect(Object.keys(readCluster({ ...GIVEN, ...fields }, trans).problems)).toEqual([field]);
});

test('limits that are there are read as they are', () => {
  const spec = aClusterSpec({ min_nodes: 1, max_nodes: 3, idle_s: 90 });
  expect(readLimits(limitFieldsOf(spec), trans)).toEqual({
    limits: { min_nodes: 1, max_nodes: 3, idle_s: 90 },
    problems: {}
  });
});

test('a size is said in what it has', () => {
  expect(sizeWords(trans, NC6)).toBe('6 CPUs · 56 GB · 1 GPU');
});

test('it is said what a size comes to on the machine', () => {
  expect(onMachine(trans, ' standard_nc6 ', [NC6])).toBe(
    'A node gets 6 CPUs · 16 GB. This machine has no GPU.'
  );
  expect(onMachine(trans, 'what', [NC6])).toBe('');
});
