import type { JSONObject } from '@lumino/coreutils';

import { parseCard } from '../../../src/runcard/parse';
import { outputOf } from '../../../src/runcard/savedlog';
import { aRun } from '../builders';

/** What a notebook has, with a part of it changed. */
function aCard(change: (card: JSONObject, run: JSONObject) => void = () => undefined): unknown {
  const run = JSON.parse(
    JSON.stringify(aRun({ state: 'Failed', advice: 'Try.' }))
  ) as JSONObject;
  const card: JSONObject = {
    version: 1,
    workspace_id: 'w1',
    run,
    files: [{ name: 'outputs/m', size_bytes: 3, modified_at: '2026-11-20T12:00:00Z' }]
  };
  change(card, run);
  return card;
}

test('a card is read', () => {
  const card = parseCard(aCard());
  expect(card?.run).toMatchObject({ number: 42, state: 'Failed', advice: 'Try.' });
  expect(card?.files.map(({ name }) => name)).toEqual(['outputs/m']);
});

test('keys of another version are passed over, and those that are missing unknown', () => {
  const card = parseCard(
    aCard((given, run) => {
      given.version = 9;
      given.more = {};
      run.more = [];
      delete run.rank;
      delete run.warnings;
      delete given.files;
    })
  );
  expect(card?.run).toMatchObject({ rank: null, warnings: [] });
  expect(card?.files).toEqual([]);
});

test.each<[string, (card: JSONObject, run: JSONObject) => void]>([
  ['no workspace', card => delete card.workspace_id],
  ['a workspace that is a path', card => (card.workspace_id = '../other')],
  ['a run that is a path', (_, run) => (run.id = 'a/../../b')],
  ['a run that is no record', card => (card.run = 'run')],
  ['a state that there is not', (_, run) => (run.state = 'toString')],
  ['a reason that is markup of React', (_, run) => (run.reason = { $$typeof: 1 })],
  ['a number that is none', (_, run) => (run.number = '42')],
  ['a time that is none', (_, run) => (run.created_at = 'soon')],
  ['files that are no list', card => (card.files = { length: 1 })],
  ['warnings that are no texts', (_, run) => (run.warnings = [1])]
])('%s is no card', (_, change) => {
  expect(parseCard(aCard(change))).toBeNull();
});

test.each([null, undefined, 'text', 7, []])('%p is no card', value => {
  expect(parseCard(value)).toBeNull();
});

test('the saved output is the text without what the card says itself', () => {
  const run = aRun({ advice: 'Try.' });
  const text = '✗ Failed  digits #42  it broke\nTry.\nepoch 1\nepoch 2\noutputs  m 3 bytes';
  expect(outputOf(text, run)).toBe('epoch 1\nepoch 2');
});

test('an output that does not begin so is left alone', () => {
  expect(outputOf('epoch 1', aRun())).toBe('epoch 1');
});
