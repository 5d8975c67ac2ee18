import type * as wire from '../../../src/api/wire';
import { FileTree, PAGE } from '../../../src/runpage/filetree';
import { settle } from '../fakes';

/** Folders by path: the names in them, a folder's ending with a slash. */
type Folders = { [path: string]: string[] };

class FakeFolders {
  constructor(public folders: Folders) {}

  asked: { path?: string; limit?: number; after?: string }[] = [];
  failure: Error | null = null;
  sizes: { [path: string]: number } = {};

  folder = (
    _runId: string,
    query: { path?: string; limit?: number; after?: string } = {}
  ): Promise<wire.FolderPage> => {
    this.asked.push(query);
    if (this.failure) {
      return Promise.reject(this.failure);
    }
    const { path = '', limit = PAGE, after } = query;
    const names = this.folders[path] ?? [];
    const start = after === undefined ? 0 : names.indexOf(after) + 1;
    const page = names.slice(start, start + limit);
    const more = start + limit < names.length;
    return Promise.resolve({
      entries: page.map(name => this._entry(path, name)),
      total: names.length,
      next_after: more ? page[page.length - 1] : null
    });
  };

  private _entry(folder: string, name: string): wire.FolderEntry {
    const plain = name.replace(/\/$/, '');
    const path = folder ? `${folder}/${plain}` : plain;
    const is_folder = name.endsWith('/');
    return {
      name: plain,
      path,
      is_folder,
      size_bytes: is_folder ? null : (this.sizes[path] ?? 1),
      modified_at: null
    };
  }
}

const FOLDERS: Folders = {
  '': ['logs/', 'outputs/', 'notes.txt'],
  outputs: ['plots/', 'model.pt'],
  'outputs/plots': ['a.png'],
  logs: []
};

async function aTree(folders: Folders = FOLDERS): Promise<[FileTree, FakeFolders]> {
  const fake = new FakeFolders({ ...folders });
  const tree = new FileTree(fake, 'r1');
  await tree.refresh();
  return [tree, fake];
}

/** A tree with all its folders closed. */
async function aClosedTree(): Promise<[FileTree, FakeFolders]> {
  const [tree, fake] = await aTree();
  tree.toggle('outputs');
  return [tree, fake];
}

function shown(tree: FileTree): string[] {
  return tree.rows.map(row => `${'  '.repeat(row.level - 1)}${row.entry?.name ?? '?'}`);
}

describe('FileTree', () => {
  it('begins with what is in outputs, where there are any', async () => {
    const [tree] = await aTree();
    expect(shown(tree)).toEqual(['logs', 'outputs', '  plots', '  model.pt', 'notes.txt']);
    const [other, fake] = await aTree({ '': ['logs/'] });
    expect([shown(other), fake.asked.length]).toEqual([['logs'], 1]);
  });

  it('does not ask for an open folder that is deleted', async () => {
    const [tree, fake] = await aTree();
    fake.folders = { '': ['notes.txt'] };
    fake.asked = [];
    await tree.refresh();
    expect([shown(tree), fake.asked.length]).toEqual([['notes.txt'], 1]);
  });

  it('loads a folder when it is opened', async () => {
    const [tree, fake] = await aTree();
    tree.toggle('outputs/plots');
    await settle();
    expect(shown(tree).slice(2, 4)).toEqual(['  plots', '    a.png']);
    tree.toggle('outputs/plots');
    tree.toggle('outputs/plots');
    expect(fake.asked).toHaveLength(3);
  });

  it('knows its rows as a screen reader wants them', async () => {
    const [tree] = await aTree();
    expect(tree.rows[1]).toMatchObject({ level: 1, position: 2, siblings: 3, expanded: true });
    expect(tree.rows[3]).toMatchObject({ level: 2, position: 2, siblings: 2, expanded: false });
  });

  it('moves by keys as trees do', async () => {
    const [tree] = await aClosedTree();
    const press = (...keys: string[]): string | undefined => {
      keys.forEach(key => tree.press(key));
      return tree.selected?.path;
    };
    expect(press('ArrowDown', 'ArrowDown')).toBe('outputs');
    press('ArrowRight');
    await settle();
    expect(press('ArrowRight')).toBe('outputs/plots');
    expect(press('ArrowDown')).toBe('outputs/model.pt');
    expect(press('ArrowLeft')).toBe('outputs');
    expect(press('ArrowLeft')).toBe('outputs');
    expect(shown(tree)).toEqual(['logs', 'outputs', 'notes.txt']);
    expect(press('End')).toBe('notes.txt');
    expect(press('ArrowDown')).toBe('notes.txt');
    expect(press('Home')).toBe('logs');
    expect(tree.press('x')).toBe(false);
  });

  it('keeps what is selected and open when it looks again', async () => {
    const [tree, fake] = await aTree();
    tree.select('outputs/model.pt');
    fake.folders.outputs = ['best/', 'plots/', 'model.pt'];
    fake.sizes['outputs/model.pt'] = 2;
    await tree.refresh();
    expect(shown(tree)).toEqual([
      'logs',
      'outputs',
      '  best',
      '  plots',
      '  model.pt',
      'notes.txt'
    ]);
    expect(tree.selected).toMatchObject({ path: 'outputs/model.pt', size_bytes: 2 });
    expect(tree.selectedIndex).toBe(4);
  });

  it('does not stir when nothing has changed', async () => {
    const [tree] = await aTree();
    const changed = jest.fn();
    tree.changed.connect(changed);
    await tree.refresh();
    expect(changed).not.toHaveBeenCalled();
  });

  it('selects the folder when it is closed around the selection', async () => {
    const [tree] = await aTree();
    tree.select('outputs/model.pt');
    tree.toggle('outputs');
    expect(tree.selected?.path).toBe('outputs');
  });

  it('has a row for each of 100,000 files, and loads those that are needed', async () => {
    const many = Array.from({ length: 100_000 }, (_, index) => `f${index}`);
    const [tree, fake] = await aTree({ '': many });
    expect(tree.rows).toHaveLength(100_000);
    expect(tree.rows[PAGE].entry).toBeNull();
    tree.need(PAGE + 10, PAGE + 40);
    await settle();
    expect(tree.rows[PAGE + 39].entry?.name).toBe(`f${PAGE + 39}`);
    expect(tree.rows[2 * PAGE].entry).toBeNull();
    tree.need(60_000, 60_040);
    await settle();
    expect(tree.rows[60_039].entry?.name).toBe('f60039');
    expect(tree.rows).toHaveLength(100_000);
    expect(fake.asked.map(({ limit }) => limit)).toEqual([PAGE, PAGE, 25_000, 25_000, 25_000]);
  });

  it('asks only how many there are now, of a folder with very many loaded', async () => {
    const many = Array.from({ length: 60_000 }, (_, index) => `f${index}`);
    const [tree, fake] = await aTree({ '': many });
    tree.need(50_000, 50_040);
    await settle();
    fake.asked = [];
    await tree.refresh();
    expect(fake.asked).toEqual([{ path: '', limit: 1 }]);
    fake.folders[''] = ['a', ...many];
    await tree.refresh();
    expect(tree.rows[50_000].entry?.name).toBe('f49999');
  });

  it('looks again at all that is loaded of a folder in one request', async () => {
    const many = Array.from({ length: 5_000 }, (_, index) => `f${index}`);
    const [tree, fake] = await aTree({ '': many });
    tree.need(PAGE, PAGE + 1);
    await settle();
    await tree.refresh();
    expect(fake.asked[fake.asked.length - 1]).toMatchObject({ limit: 2 * PAGE });
  });

  it('says why it cannot be listed, and keeps what it knows', async () => {
    const [tree, fake] = await aClosedTree();
    fake.failure = new Error('The connection is cut.');
    await tree.refresh();
    expect(tree.problem).toBe('The connection is cut.');
    expect(shown(tree)).toEqual(['logs', 'outputs', 'notes.txt']);
    fake.failure = null;
    await tree.refresh();
    expect(tree.problem).toBeNull();
  });

  it('is silent after it is disposed of', async () => {
    const fake = new FakeFolders(FOLDERS);
    const tree = new FileTree(fake, 'r1');
    const changed = jest.fn();
    tree.changed.connect(changed);
    const refreshing = tree.refresh();
    tree.dispose();
    await refreshing;
    expect(changed).not.toHaveBeenCalled();
  });
});
