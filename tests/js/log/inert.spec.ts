import { InertText } from '../../../src/log/inert';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function inert(...pieces: string[]): string {
  const text = new InertText('…');
  return pieces.map(piece => text.feed(bytes(piece))).join('');
}

test('colours, carriage returns and movements near the cursor are let through', () => {
  const text = '\x1b[1;31mred\x1b[0m\n 5%\r10%\x1b[K\x1b[2A\x1b[3G\b\t';
  expect(inert(text)).toBe(text.replace('[K', '[0K'));
});

test.each([
  ['a title', '\x1b]0;owned\x07'],
  ['a link', '\x1b]8;;http://x\x1b\\'],
  ['the clipboard', '\x1b]52;c;ZXZpbA==\x07'],
  ['an image', '\x1bPq#0;2;0~~\x1b\\'],
  ['the alternate screen', '\x1b[?1049h'],
  ['mouse reports', '\x1b[?1000h\x1b[?1006h'],
  ['a query', '\x1b[6n\x1b[c\x1b[>c'],
  ['a bell', '\x07'],
  ['a reset', '\x1bc'],
  ['another character set', '\x1b(0'],
  ['clearing the screen', '\x1b[H\x1b[2J\x1b[3J'],
  ['a window command', '\x1b[8;1;1t'],
  ['an 8-bit control', '\u009b\u0090'],
  ['a change of direction', '\u202e\u2066']
])('%s does nothing', (_, sequence) => {
  expect(inert(`a${sequence}b`)).toBe('ab');
});

test('it does nothing either when it comes byte by byte', () => {
  const text = 'a\x1b]52;c;ZXZpbA==\x1b\\b\x1b[?1049hc\x1b[31md\x1b]0;t\x07e';
  expect(inert(...Array.from(text))).toBe('abc\x1b[31mde');
});

test('a string that nobody ends takes no more than its line', () => {
  expect(inert('a\x1b]0;title\nb')).toBe('a\nb');
});

test('a string ends where the next sequence begins', () => {
  expect(inert('\x1b]0;t', 'itle\x1b', '[31mred')).toBe('\x1b[31mred');
});

test('a hostile number is cut to the size of a terminal', () => {
  expect(inert('\x1b[999999999A\x1b[99999999999999B')).toBe('\x1b[999A');
});

test('a character that is split across pieces is whole', () => {
  const text = new InertText('…');
  const data = bytes('ä€😀');
  const parts = [...data].map(byte => text.feed(new Uint8Array([byte])));
  expect(parts.join('')).toBe('ä€😀');
});

test('a byte that is no UTF-8 is shown as such', () => {
  const text = new InertText('…');
  expect(text.feed(new Uint8Array([0x41, 0xff, 0x42]))).toBe('A\ufffdB');
});

test('a line that is too long is cut once, with a note, and the next one is whole', () => {
  const text = new InertText('(cut)', 5);
  const shown =
    text.feed(bytes('abc')) + text.feed(bytes('defgh')) + text.feed(bytes('ij\nkl'));
  expect(shown).toBe('abcde\x1b[0;2m(cut)\x1b[0m\nkl');
});

test('a progress bar is no long line', () => {
  const text = new InertText('(cut)', 5);
  expect(text.feed(bytes('12345\r12345\r12345'))).toBe('12345\r12345\r12345');
  expect(text.longest).toBe(5);
});
