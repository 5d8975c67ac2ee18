import { join, quote, split } from '../../../src/parts/shell';

describe('quote', () => {
  it.each([
    ['plain', 'plain'],
    ['--lr=0.1', '--lr=0.1'],
    ['a/b_c-d.e:f,g@h%i+j', 'a/b_c-d.e:f,g@h%i+j'],
    ['', "''"],
    ['two words', "'two words'"],
    ["it's", `'it'"'"'s'`],
    ['$HOME', "'$HOME'"],
    ['~/x', "'~/x'"],
    ['a\nb', "'a\nb'"],
    ['back\\slash', "'back\\slash'"],
    ['größe', "'größe'"]
  ])('writes %j as a shell reads it', (word, written) => {
    expect(quote(word)).toBe(written);
  });
});

describe('split', () => {
  it.each<[string, string[]]>([
    ['', []],
    ['  a\tb\nc ', ['a', 'b', 'c']],
    ["'two words' x", ['two words', 'x']],
    [`"two words"`, ['two words']],
    [`a'b'"c"d`, ['abcd']],
    ["''", ['']],
    ['a\\ b', ['a b']],
    [`"say \\"hi\\" \\\\ \\n"`, ['say "hi" \\ \\n']],
    [`'\\'`, ['\\']],
    ['# not a comment', ['#', 'not', 'a', 'comment']]
  ])('reads %j as shlex does', (line, words) => {
    expect(split(line)).toEqual(words);
  });

  it.each(["it's", '"open', 'end\\', `"a\\"`])('refuses %j, which is not closed', line => {
    expect(split(line)).toBeNull();
  });

  it.each([
    ['--note', "it's", '"quoted"', '', ' ', '\\', '$x', '{y}', '\n', '*', 'ü', '-', '--', "''"],
    []
  ])('gives back what join has written', (...words) => {
    expect(split(join(words))).toEqual(words);
  });
});
