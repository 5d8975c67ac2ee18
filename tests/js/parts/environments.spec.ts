import type * as wire from '../../../src/api/wire';
import { BUILD_LOG, DRIVER_LOG } from '../../../src/api/wire';
import { logOf, missingPackages } from '../../../src/parts/environments';
import { anEnvironment, anImage, aRun, aSpec } from '../builders';

const BUILT = aSpec({ environment: anEnvironment({ image: anImage() }) });

test.each<[string | null, string[]]>([
  ['Add it with --pip colorama.', ['colorama']],
  ['Add them with --pip "torch ruamel.yaml".', ['torch', 'ruamel.yaml']],
  [
    'Add it to the environment (`--pip scikit-learn`). If it is yours, ship it.',
    ['scikit-learn']
  ],
  ['Install it there (`pip install torch`).', []],
  [null, []]
])('of the advice %j, what can be added is %j', (advice, packages) => {
  const run = aRun({ state: 'Failed', advice, spec: BUILT });
  expect(missingPackages(run)).toEqual(packages);
});

test('nothing can be added to a Python of the machine, or to a run that goes on', () => {
  const advice = 'Add it with --pip torch.';
  expect(missingPackages(aRun({ state: 'Failed', advice }))).toEqual([]);
  expect(missingPackages(aRun({ state: 'Running', advice, spec: BUILT }))).toEqual([]);
});

test.each<[Partial<wire.Run>, string]>([
  [{ state: 'Preparing', started_at: null, spec: BUILT }, BUILD_LOG],
  [{ state: 'Preparing', started_at: null }, DRIVER_LOG],
  [{ state: 'Running', spec: BUILT }, DRIVER_LOG],
  [{ state: 'Failed', spec: BUILT }, DRIVER_LOG],
  [{ state: 'Failed', started_at: null, spec: BUILT }, BUILD_LOG],
  [{ state: 'Failed', started_at: null }, DRIVER_LOG]
])('of a run %j the log is %s', (given, log) => {
  expect(logOf(aRun(given))).toBe(log);
});
