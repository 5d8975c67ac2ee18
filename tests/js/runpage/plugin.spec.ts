import type { JupyterFrontEnd } from '@jupyterlab/application';
import { CommandRegistry } from '@lumino/commands';
import type { Widget } from '@lumino/widgets';

import { runPagePlugin } from '../../../src/runpage/plugin';
import { aRun } from '../builders';
import { aWorkspace, FakeTraining } from '../fakes';

class FakeShell {
  readonly widgets: Widget[] = [];
  readonly activated: string[] = [];

  add(widget: Widget): void {
    this.widgets.push(widget);
  }

  activateById(id: string): void {
    this.activated.push(id);
  }
}

function activate(): [CommandRegistry, FakeShell] {
  const workspace = aWorkspace();
  for (const id of ['r1', 'r2']) {
    workspace.runs.known.set(id, aRun({ id, number: Number(id[1]) }));
  }
  const commands = new CommandRegistry();
  const shell = new FakeShell();
  const app = { commands, shell } as unknown as JupyterFrontEnd;
  void runPagePlugin.activate(app, new FakeTraining([workspace]), null, null);
  return [commands, shell];
}

const OPEN = 'mltrain:open-run';

describe('the command that opens a run', () => {
  it('opens each run once, and brings the one to the front that is open', async () => {
    const [commands, shell] = activate();
    await Promise.all([
      commands.execute(OPEN, { workspace: 'w1', run: 'r1' }),
      commands.execute(OPEN, { workspace: 'w1', run: 'r1' })
    ]);
    await commands.execute(OPEN, { workspace: 'w1', run: 'r2' });
    await commands.execute(OPEN, { workspace: 'w1', run: 'r1' });
    const [one, two] = shell.widgets;
    expect(shell.widgets).toHaveLength(2);
    expect(shell.activated).toEqual([one.id, one.id, two.id, one.id]);
    expect([one.title.label, two.title.label]).toEqual(['digits #1', 'digits #2']);
  });

  it('takes the workspace that is shown when none is named', async () => {
    const [commands, shell] = activate();
    await commands.execute(OPEN, { run: 'r1' });
    expect(shell.widgets).toHaveLength(1);
  });

  it('needs a run', () => {
    const [commands] = activate();
    expect(commands.isEnabled(OPEN, {})).toBe(false);
  });
});
