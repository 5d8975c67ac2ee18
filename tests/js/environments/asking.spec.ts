import { reclaimed } from '../../../src/environments/asking';
import type { IVerbs } from '../../../src/tokens';
import { aBuild } from '../builders';
import { trans } from '../fakes';

const told: string[] = [];
const asked: string[] = [];
let isSure = true;

jest.mock('@jupyterlab/apputils', () => ({
  Dialog: { cancelButton: (given: object) => given, warnButton: (given: object) => given },
  Notification: {
    info: (message: string) => told.push(message),
    warning: (message: string) => told.push(message)
  },
  showDialog: ({ body }: { body: string }) => {
    asked.push(body);
    return Promise.resolve({ button: { accept: isSure } });
  }
}));

const PROBLEM = 'big:1 is not deleted: The image is still held by the container box.';

function verbs(count: number): { given: IVerbs; reclaim: jest.Mock } {
  const reclaim = jest.fn(({ dry_run }: { dry_run: boolean }) =>
    Promise.resolve({
      builds: Array.from({ length: count }, () => aBuild()),
      freed_bytes: 1_200_000,
      dry_run,
      problems: dry_run ? [] : [PROBLEM]
    })
  );
  return { given: { reclaim } as unknown as IVerbs, reclaim };
}

beforeEach(() => {
  told.length = asked.length = 0;
  isSure = true;
});

test('what could not be deleted is said beside what was reclaimed', async () => {
  await reclaimed(trans, verbs(1).given);
  expect(told).toEqual(['1.2 MB reclaimed.', PROBLEM]);
});

test('nothing is deleted that nobody has agreed to', async () => {
  isSure = false;
  const { given, reclaim } = verbs(1);
  await reclaimed(trans, given);
  expect(asked).toHaveLength(1);
  expect(reclaim.mock.calls).toEqual([[{ dry_run: true }]]);
  expect(told).toEqual([]);
});

test('where there is nothing to reclaim nobody is asked', async () => {
  await reclaimed(trans, verbs(0).given);
  expect(asked).toEqual([]);
  expect(told).toEqual(['There is nothing to reclaim: every build is needed.']);
});
