import type { IAttachFields } from '../../../src/computes/attaching';
import { readAttach } from '../../../src/computes/attaching';
import { trans } from '../fakes';

const GIVEN: IAttachFields = {
  name: 'big',
  url: 'ssh://ada@big',
  cpus: '',
  memory: '',
  gpus: ''
};

test('an engine is a name and an address', () => {
  expect(readAttach(GIVEN, trans)).toEqual({
    request: { name: 'big', url: 'ssh://ada@big', cpus: null, memory_bytes: null, gpus: 0 },
    problems: {}
  });
});

test('what runs may hold there can be limited', () => {
  const { request } = readAttach({ ...GIVEN, cpus: '8', memory: '4GB', gpus: '2' }, trans);
  expect(request).toMatchObject({ cpus: 8, memory_bytes: 4 * 1_024 ** 3, gpus: 2 });
});

test.each<[Partial<IAttachFields>, string]>([
  [{ name: '' }, 'name'],
  [{ name: 'a b' }, 'name'],
  [{ url: '' }, 'url'],
  [{ url: 'http://big' }, 'url'],
  [{ cpus: '0' }, 'cpus'],
  [{ memory: 'much' }, 'memory'],
  [{ gpus: '-1' }, 'gpus']
])('%j is refused', (fields, field) => {
  expect(Object.keys(readAttach({ ...GIVEN, ...fields }, trans).problems)).toEqual([field]);
});
