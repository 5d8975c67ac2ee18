import { codeOf, isModelName, suggestedName } from '../../../src/models/naming';
import { aModel } from '../builders';

test.each<[string, string]>([
  ['outputs/model.bin', 'model'],
  ['outputs/epochs/best.tar', 'best'],
  ['outputs/tf mnist', 'tf-mnist'],
  ['outputs/.hidden', 'hidden'],
  ['outputs', 'digits'],
  ['outputs/größe.bin', 'gr-e']
])('%s is suggested as %s', (path, name) => {
  expect(suggestedName(path, 'digits')).toBe(name);
});

test('what is suggested can name a model', () => {
  expect(isModelName(suggestedName(`outputs/${'a'.repeat(400)}`, 'digits'))).toBe(true);
});

test('the code gets that very version', () => {
  expect(codeOf(aModel({ name: 'tf-mnist', version: 3 }))).toBe(
    'Model(ws, "tf-mnist", version=3)'
  );
});
