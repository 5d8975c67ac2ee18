import type * as wire from '../api/wire';
import type { IVerbs } from '../tokens';

/** Most bytes that are read for a preview of text, and of what has to be whole. */
export const TEXT_BYTES = 256_000;
const JSON_BYTES = 2_000_000;
const IMAGE_BYTES = 20_000_000;
const TABLE_ROWS = 200;

const IMAGES: { readonly [extension: string]: string } = {
  gif: 'image/gif',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  png: 'image/png',
  svg: 'image/svg+xml',
  webp: 'image/webp'
};

/** Colours and movements of a terminal (ECMA-48, 5.4): here they would be noise. */
const ESCAPES = /\u001b\[[0-?]*[ -/]*[@-~]/g;

/** What is shown of a file. */
export type Preview =
  | { kind: 'image'; data: Uint8Array; mime: string }
  | { kind: 'table'; head: string[]; rows: string[][]; more: boolean }
  | { kind: 'json'; value: unknown; text: string }
  | { kind: 'text'; text: string; readBytes: number; sizeBytes: number }
  /** Nothing can be shown: it is binary, or too large to be shown as what it is. */
  | { kind: 'none'; why: 'binary' | 'large' | 'empty' };

type Reader = (limitBytes: number) => Promise<{ data: Uint8Array; size: number }>;

/** Read as much of a file of a run as its preview takes. Rejects with an `ApiError`. */
export function previewOf(
  verbs: Pick<IVerbs, 'readFile'>,
  runId: string,
  entry: wire.FolderEntry
): Promise<Preview> {
  return preview(
    limitBytes => verbs.readFile(runId, entry.path, limitBytes),
    entry.name,
    entry.size_bytes ?? 0
  );
}

/** Read as much of a file as its preview takes; never more than an image of `IMAGE_BYTES`. */
export async function preview(
  reader: Reader,
  name: string,
  sizeBytes: number
): Promise<Preview> {
  const extension = /\.([^.]+)$/.exec(name.toLowerCase())?.[1] ?? '';
  if (extension in IMAGES) {
    if (sizeBytes > IMAGE_BYTES) {
      return { kind: 'none', why: 'large' };
    }
    const { data, size } = await reader(IMAGE_BYTES);
    return size > IMAGE_BYTES
      ? { kind: 'none', why: 'large' }
      : { kind: 'image', data, mime: IMAGES[extension] };
  }
  if ((extension === 'json' || extension === 'ipynb') && sizeBytes <= JSON_BYTES) {
    const { data, size } = await reader(JSON_BYTES);
    const text = decode(data, data.length < size);
    return parsed(text) ?? asText(data, size);
  }
  const { data, size } = await reader(TEXT_BYTES);
  if (extension === 'csv' || extension === 'tsv') {
    const table = await asTable(data, size);
    if (table) {
      return table;
    }
  }
  return asText(data, size);
}

function parsed(text: string): Preview | null {
  try {
    return { kind: 'json', value: JSON.parse(text) as unknown, text };
  } catch {
    return null; // what is no JSON, or not yet, is shown as the text that it is
  }
}

function asText(data: Uint8Array, sizeBytes: number): Preview {
  if (!data.length) {
    return { kind: 'none', why: 'empty' };
  }
  if (data.includes(0)) {
    return { kind: 'none', why: 'binary' };
  }
  const cut = data.subarray(0, TEXT_BYTES);
  const text = decode(cut, cut.length < sizeBytes).replace(ESCAPES, '');
  return { kind: 'text', text, readBytes: cut.length, sizeBytes };
}

async function asTable(data: Uint8Array, sizeBytes: number): Promise<Preview | null> {
  const cut = data.length < sizeBytes;
  if (!data.length || data.includes(0)) {
    return null;
  }
  const { parse } = await import('papaparse');
  const { data: found } = parse<string[]>(decode(data, cut), {
    preview: TABLE_ROWS + 2,
    skipEmptyLines: true
  });
  // The last line of a piece has most likely lost its end.
  const whole = cut && found.length < TABLE_ROWS + 2 ? found.slice(0, -1) : found;
  if (whole.length < 1) {
    return null;
  }
  const [head, ...rows] = whole;
  return {
    kind: 'table',
    head,
    rows: rows.slice(0, TABLE_ROWS),
    more: rows.length > TABLE_ROWS || cut
  };
}

/** Bytes as text; a character that the cut went through is left out. */
function decode(data: Uint8Array, cut: boolean): string {
  return new TextDecoder().decode(data, { stream: cut });
}
