import { CommandRegistry } from '@lumino/commands';

import { ApiError } from '../../../src/api/error';
import { addEnvironmentCommands } from '../../../src/environments/commands';
import { COMMANDS } from '../../../src/environments/names';
import type { IVerbs } from '../../../src/tokens';
import { aBuild } from '../builders';
import { aWorkspace, FakeTraining, trans } from '../fakes';

const told: unknown[] = [];

jest.mock('@jupyterlab/apputils', () => ({
  Notification: { error: (message: string) => told.push(message) }
}));

function registered(verbs: Partial<IVerbs>): [CommandRegistry, unknown[]] {
  const commands = new CommandRegistry();
  const opened: unknown[] = [];
  addEnvironmentCommands({
    commands,
    training: new FakeTraining([aWorkspace(verbs)]),
    trans,
    openForm: (_, ...what) => Promise.resolve(void opened.push(what)),
    openBuild: (_, ...what) => Promise.resolve(void opened.push(what))
  });
  return [commands, opened];
}

beforeEach(() => {
  told.length = 0;
});

test('a build is begun, and shown', async () => {
  const asked: unknown[] = [];
  const [commands, opened] = registered({
    startBuild: request => {
      asked.push(request);
      return Promise.resolve(aBuild());
    }
  });
  await commands.execute(COMMANDS.build, { environment: 'fit', fresh: true });
  expect(asked).toEqual([{ environment: 'fit', fresh: true }]);
  expect(opened).toEqual([['b1', false]]);
});

test('a refusal is said', async () => {
  const refusal = new ApiError('no_such_environment', "No environment 'fit'.", 404);
  const [commands, opened] = registered({ startBuild: () => Promise.reject(refusal) });
  await commands.execute(COMMANDS.build, { environment: 'fit' });
  expect(told).toEqual(["It cannot be built: No environment 'fit'."]);
  expect(opened).toEqual([]);
});

test('what comes with mltrain can be copied, not changed or deleted', () => {
  const [commands] = registered({});
  const args = { environment: 'sklearn', reserved: true };
  expect(commands.isEnabled(COMMANDS.clone, args)).toBe(true);
  expect(commands.isEnabled(COMMANDS.edit, args)).toBe(false);
  expect(commands.isEnabled(COMMANDS.remove, args)).toBe(false);
});

test('a log, or why it was not cached, is of a build', async () => {
  const [commands, opened] = registered({});
  expect(commands.isEnabled(COMMANDS.openBuild, { build: null })).toBe(false);
  await commands.execute(COMMANDS.openBuild, { build: 'b1', explain: true });
  expect(opened).toEqual([['b1', true]]);
});
