// Words on a command line, as Python's shlex reads and writes them.

// What shlex.quote leaves as it is.
const PLAIN = /^[\w@%+=:,./-]+$/;

/** One word, quoted where a shell would not leave it alone. */
export function quote(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replace(/'/g, `'"'"'`)}'`;
}

/** Words as they would be typed. */
export function join(words: readonly string[]): string {
  return words.map(quote).join(' ');
}

/** The words of a typed line; `null` when a quote is not closed, or a backslash ends it. */
export function split(line: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < line.length; at++) {
    const char = line[at];
    if (/[ \t\r\n]/.test(char)) {
      if (word !== null) {
        words.push(word);
        word = null;
      }
    } else if (char === "'" || char === '"') {
      const quoted = read(line, at + 1, char);
      if (!quoted) {
        return null;
      }
      word = (word ?? '') + quoted.text;
      at = quoted.end;
    } else if (char === '\\') {
      at++;
      if (at === line.length) {
        return null;
      }
      word = (word ?? '') + line[at];
    } else {
      word = (word ?? '') + char;
    }
  }
  return word === null ? words : [...words, word];
}

/** What stands between quotes, and where the closing one is. */
function read(
  line: string,
  from: number,
  closing: string
): { text: string; end: number } | null {
  let text = '';
  for (let at = from; at < line.length; at++) {
    const next = line[at + 1];
    if (line[at] === closing) {
      return { text, end: at };
    }
    if (closing === '"' && line[at] === '\\' && (next === '"' || next === '\\')) {
      text += next;
      at++;
    } else {
      text += line[at];
    }
  }
  return null;
}
