import type { IRouter, JupyterFrontEnd } from '@jupyterlab/application';
import { CommandRegistry } from '@lumino/commands';

import { runLinkPlugin } from '../../../src/runpage/link';

async function visited(search: string): Promise<[unknown[], string[]]> {
  const opened: unknown[] = [];
  const navigated: string[] = [];
  const commands = new CommandRegistry();
  commands.addCommand('mltrain:open-run', { execute: args => opened.push(args) });
  const app = { commands, restored: Promise.resolve() } as unknown as JupyterFrontEnd;
  const router = {
    current: { path: '/lab/tree/a.ipynb', search, hash: '#end' },
    navigate: (path: string) => navigated.push(path)
  } as unknown as IRouter;
  await runLinkPlugin.activate(app, router);
  await Promise.resolve();
  return [opened, navigated];
}

describe('the address of a run', () => {
  it('opens the run and is gone from the address', async () => {
    const [opened, navigated] = await visited('?reset&mltrain-run=w1/digits_1_ab');
    expect(opened).toEqual([{ workspace: 'w1', run: 'digits_1_ab' }]);
    expect(navigated).toEqual(['/lab/tree/a.ipynb?reset=#end']);
  });

  it('reads a name with characters that an address cannot have', async () => {
    const [opened, navigated] = await visited('?mltrain-run=w1/a%20b');
    expect(opened).toEqual([{ workspace: 'w1', run: 'a b' }]);
    expect(navigated).toEqual(['/lab/tree/a.ipynb#end']);
  });

  it.each(['', '?reset', '?mltrain-run=', '?mltrain-run=w1', '?mltrain-run=w1/r1/x'])(
    'does nothing for %p',
    async search => {
      expect(await visited(search)).toEqual([[], []]);
    }
  );
});
