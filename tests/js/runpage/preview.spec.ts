import { preview, previewOf, TEXT_BYTES } from '../../../src/runpage/preview';

const encoder = new TextEncoder();

/** A file of this size that begins with these bytes; it notes how much was asked for. */
function aFile(
  begin: string | Uint8Array,
  size?: number
): { read: (limit: number) => Promise<{ data: Uint8Array; size: number }>; asked: number[] } {
  const bytes = typeof begin === 'string' ? encoder.encode(begin) : begin;
  const asked: number[] = [];
  return {
    asked,
    read: limit => {
      asked.push(limit);
      return Promise.resolve({ data: bytes.subarray(0, limit), size: size ?? bytes.length });
    }
  };
}

describe('a preview', () => {
  it('of text is the text', async () => {
    const file = aFile('hello\n');
    expect(await preview(file.read, 'notes', 6)).toEqual({
      kind: 'text',
      text: 'hello\n',
      readBytes: 6,
      sizeBytes: 6
    });
  });

  it('of 5 GB is its first 256 kB', async () => {
    const file = aFile('x'.repeat(300_000), 5e9);
    const found = await preview(file.read, 'big.log', 5e9);
    expect(found).toMatchObject({ kind: 'text', readBytes: TEXT_BYTES, sizeBytes: 5e9 });
    expect(file.asked).toEqual([TEXT_BYTES]);
  });

  it('of text has no colours of a terminal', async () => {
    const file = aFile('\u001b[1;32mok\u001b[0m\u001b[K');
    expect(await preview(file.read, 'a.log', 20)).toMatchObject({ text: 'ok' });
  });

  it('does not end in half a character', async () => {
    const file = aFile(encoder.encode('aé').subarray(0, 2), 3);
    expect(await preview(file.read, 'a.txt', 3)).toMatchObject({ text: 'a' });
  });

  it('of what is binary is none', async () => {
    const file = aFile(new Uint8Array([1, 0, 2]));
    expect(await preview(file.read, 'model.bin', 3)).toEqual({ kind: 'none', why: 'binary' });
  });

  it('of nothing says so', async () => {
    expect(await preview(aFile('').read, 'a.txt', 0)).toEqual({ kind: 'none', why: 'empty' });
  });

  it.each([
    ['a.PNG', 'image/png'],
    ['a.jpeg', 'image/jpeg'],
    ['a.svg', 'image/svg+xml']
  ])('of %s is an image of type %s', async (name, mime) => {
    const found = await preview(aFile('<svg onload="alert(1)"/>').read, name, 24);
    expect(found).toMatchObject({ kind: 'image', mime });
  });

  it('of a huge image reads nothing', async () => {
    const file = aFile('', 5e9);
    expect(await preview(file.read, 'a.png', 5e9)).toEqual({ kind: 'none', why: 'large' });
    expect(file.asked).toEqual([]);
  });

  it('of JSON is its value', async () => {
    const file = aFile('{"loss": [1, 2]}');
    expect(await preview(file.read, 'm.json', 16)).toMatchObject({
      kind: 'json',
      value: { loss: [1, 2] }
    });
  });

  it('of JSON that is still being written is its text', async () => {
    expect(await preview(aFile('{"loss": [1,').read, 'm.json', 12)).toMatchObject({
      kind: 'text',
      text: '{"loss": [1,'
    });
  });

  it('of huge JSON is its first part as text', async () => {
    const file = aFile('['.repeat(300_000), 5e9);
    expect(await preview(file.read, 'm.json', 5e9)).toMatchObject({ kind: 'text' });
    expect(file.asked).toEqual([TEXT_BYTES]);
  });

  it('of CSV is a table with its head', async () => {
    const file = aFile('name,value\n"a, b",1\n\nc,2\n');
    expect(await preview(file.read, 't.csv', 25)).toEqual({
      kind: 'table',
      head: ['name', 'value'],
      rows: [
        ['a, b', '1'],
        ['c', '2']
      ],
      more: false
    });
  });

  it('of TSV is a table', async () => {
    expect(await preview(aFile('a\tb\n1\t2\n').read, 't.tsv', 8)).toMatchObject({
      head: ['a', 'b'],
      rows: [['1', '2']]
    });
  });

  it('of a long CSV is its first 200 rows', async () => {
    const lines = Array.from({ length: 500 }, (_, index) => `${index},x`);
    const file = aFile(`a,b\n${lines.join('\n')}\n`);
    const found = await preview(file.read, 't.csv', 5_000);
    expect(found.kind === 'table' && [found.rows.length, found.more]).toEqual([200, true]);
  });

  it('of a piece of a CSV leaves the line out that lost its end', async () => {
    const file = aFile('a,b\n1,2\n3,4', 1e9);
    expect(await preview(file.read, 't.csv', 1e9)).toMatchObject({
      rows: [['1', '2']],
      more: true
    });
  });

  it('asks for the file by its path', async () => {
    const readFile = jest.fn(() => Promise.resolve({ data: encoder.encode('x'), size: 1 }));
    const entry = {
      name: 'a.txt',
      path: 'outputs/a.txt',
      is_folder: false,
      size_bytes: 1,
      modified_at: null
    };
    await previewOf({ readFile }, 'r1', entry);
    expect(readFile).toHaveBeenCalledWith('r1', 'outputs/a.txt', TEXT_BYTES);
  });
});
