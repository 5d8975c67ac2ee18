// How the form's texts are read, and written again: sizes, lengths of time, names.

const SIZE = /^\s*(\d+(?:\.\d*)?|\.\d+)\s*([kmgt]?)(?:i?b?)\s*$/i;
const PART =
  /\s*(\d+(?:\.\d*)?|\.\d+)\s*(d(?:ays?)?|h(?:ours?)?|m(?:in(?:utes?)?)?|s(?:ec(?:onds?)?)?)/gi;
const NUMBER = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const SECONDS = { d: 86_400, h: 3_600, m: 60, s: 1 } as const;
const EXPERIMENT = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/;

/** An amount of memory in bytes: `4GB`, `1.5 GiB`, in powers of 1024 either way; else `null`. */
export function parseSize(text: string): number | null {
  const found = SIZE.exec(text);
  if (!found) {
    return null;
  }
  const power = ' kmgt'.indexOf(found[2].toLowerCase() || ' ');
  return Math.floor(Number(found[1]) * 1_024 ** power);
}

/** Bytes as `parseSize` reads them: `4GB`, `1536MB`, else the number itself. */
export function writeSize(bytes: number): string {
  for (const [power, unit] of [
    [4, 'TB'],
    [3, 'GB'],
    [2, 'MB'],
    [1, 'kB']
  ] as const) {
    if (bytes > 0 && bytes % 1_024 ** power === 0) {
      return `${bytes / 1_024 ** power}${unit}`;
    }
  }
  return String(bytes);
}

/** A length of time in seconds: `90`, `90s`, `10m`, `2h`, `1d`, `1h30m`; else `null`. */
export function parseDuration(text: string): number | null {
  const plain = text.trim();
  let seconds = 0;
  if (NUMBER.test(plain)) {
    seconds = Number(plain);
  } else {
    let read = 0;
    for (const [part, count, unit] of plain.matchAll(PART)) {
      read += part.length;
      seconds += Number(count) * SECONDS[unit[0].toLowerCase() as keyof typeof SECONDS];
    }
    if (read !== plain.length) {
      return null;
    }
  }
  return Number.isFinite(seconds) && seconds > 0 ? seconds : null;
}

/** Seconds as `parseDuration` reads them: `2h`, `90s`. */
export function writeDuration(seconds: number): string {
  for (const unit of ['d', 'h', 'm'] as const) {
    if (seconds % SECONDS[unit] === 0) {
      return `${seconds / SECONDS[unit]}${unit}`;
    }
  }
  return `${seconds}s`;
}

/** A whole number; `null` for anything else. */
export function parseWhole(text: string): number | null {
  return /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : null;
}

export function isExperimentName(text: string): boolean {
  return EXPERIMENT.test(text);
}

/** The experiment that a file's runs belong to unless the user says: the file's name. */
export function experimentOf(path: string): string {
  const stem = fileName(path).replace(/(.)\.[^.]*$/, '$1');
  const letters = stem.normalize('NFKD').replace(/[^\x00-\x7f]/g, '');
  const plain = letters.replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[-._]+|[-._]+$/g, '');
  return plain.slice(0, 255) || 'notebook';
}

/** The last part of a path of the file browser. */
export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The folder of a path of the file browser; empty for Jupyter's root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Whether a path is one of a notebook. */
export function isNotebook(path: string): boolean {
  return /\.ipynb$/i.test(path);
}
