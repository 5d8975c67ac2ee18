import { Clipboard } from '@jupyterlab/apputils';
import { CommandRegistry } from '@lumino/commands';

import { addModelCommands } from '../../../src/models/commands';
import { COMMANDS } from '../../../src/models/names';
import type { IVerbs } from '../../../src/tokens';
import { aModel } from '../builders';
import { aWorkspace, FakeTraining, trans } from '../fakes';

const shown: { title: string; body: string }[] = [];
let isSure = true;

jest.mock('@jupyterlab/apputils', () => ({
  ...jest.requireActual<object>('@jupyterlab/apputils'),
  showDialog: (given: { title: string; body: string }) => {
    shown.push(given);
    return Promise.resolve({ button: { accept: isSure } });
  }
}));

beforeEach(() => {
  shown.length = 0;
  isSure = true;
});

function registry(verbs: Partial<IVerbs> = {}): CommandRegistry {
  const commands = new CommandRegistry();
  const training = new FakeTraining([aWorkspace(verbs)]);
  addModelCommands({ commands, training, trans });
  return commands;
}

const ARGS = { workspace: 'w1', model: 'digits', version: 2 };

test('nothing can be done with a model that is not named', () => {
  const commands = registry();
  for (const command of [COMMANDS.download, COMMANDS.copyCode, COMMANDS.remove]) {
    expect(commands.isEnabled(command, { model: 'digits' })).toBe(false);
    expect(commands.isEnabled(command, ARGS)).toBe(true);
  }
});

test('name and code are copied', async () => {
  const copied = jest.spyOn(Clipboard, 'copyToSystem').mockImplementation(() => undefined);
  const commands = registry();
  await commands.execute(COMMANDS.copyName, ARGS);
  await commands.execute(COMMANDS.copyCode, ARGS);
  expect(copied.mock.calls).toEqual([['digits'], ['Model(ws, "digits", version=2)']]);
});

test('a version is deleted after a question that names what is lost', async () => {
  const removeModel = jest.fn(() => Promise.resolve());
  const models = (): Promise<ReturnType<typeof aModel>[]> =>
    Promise.resolve([aModel(), aModel({ version: 2 })]);
  const commands = registry({ models, removeModel });
  expect(commands.label(COMMANDS.remove, ARGS)).toBe('Delete version 2…');
  await commands.execute(COMMANDS.remove, ARGS);
  expect(shown[0].title).toBe('Delete digits:2 and its 1 file, 12 kB?');
  expect(shown[0].body).toBe('The files cannot be brought back. The other version stays.');
  expect(removeModel).toHaveBeenCalledWith('digits', 2);
});

test('a version is kept', async () => {
  isSure = false;
  const removeModel = jest.fn(() => Promise.resolve());
  const commands = registry({
    models: () => Promise.resolve([aModel({ version: 2 })]),
    removeModel
  });
  await commands.execute(COMMANDS.remove, ARGS);
  expect(shown[0].body).toContain('It is the only version of this model.');
  expect(removeModel).not.toHaveBeenCalled();
});
