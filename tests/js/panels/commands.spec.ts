import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import type * as wire from '../../../src/api/wire';
import { addCommands, COMMANDS } from '../../../src/panels/commands';
import { question } from '../../../src/panels/deleting';
import { QueueOrder } from '../../../src/panels/queuemoves';
import { RunSelection } from '../../../src/panels/selection';
import { Targets } from '../../../src/panels/targets';
import type { IVerbs } from '../../../src/tokens';
import { aRun, aSpec } from '../builders';

import { anEntry, FakeTraining, FakeWorkspace } from './fakes';

const trans = nullTranslator.load('jupyter_mltrain');

/** JupyterLab with the commands, a sidebar with some runs selected, and a main area. */
function aLab(
  runs: readonly wire.Run[] = [],
  answers: Partial<IVerbs> = {}
): {
  commands: CommandRegistry;
  workspace: FakeWorkspace;
  targets: Targets;
  select: (...ids: string[]) => void;
  page: HTMLElement;
} {
  const workspace = new FakeWorkspace('w1', answers);
  workspace.runs.know(...runs);
  const training = new FakeTraining(workspace);
  const commands = new CommandRegistry();
  const selection = new RunSelection();
  const targets = new Targets(training.asTraining, selection, {
    currentWidget: null
  } as unknown as JupyterFrontEnd.IShell);
  const order = new QueueOrder(workspace.queue, workspace.verbs, () => undefined);
  addCommands({
    app: { commands } as unknown as JupyterFrontEnd,
    training: training.asTraining,
    targets,
    trans,
    orderOf: () => order,
    asksToDelete: () => false
  });
  document.body.innerHTML =
    '<div class="jp-mltrain-Sidebar"><i></i></div>' +
    '<div id="jp-main-dock-panel"><div data-mltrain-workspace="w1" data-mltrain-run="p1"><b></b>' +
    '</div><em></em></div><u></u>';
  return {
    commands,
    workspace,
    targets,
    select: (...ids) => {
      const rows = { length: ids.length, idAt: (index: number) => ids[index] };
      targets.see(document.querySelector('i'));
      selection.all(rows);
    },
    page: document.querySelector('b')!
  };
}

const running = aRun({ id: 'a', number: 1, state: 'Running', ended_at: null });
const ended = aRun({ id: 'b', number: 2 });

describe('commands', () => {
  it('make no sense when nothing is selected', () => {
    const { commands } = aLab([running]);
    for (const command of [
      COMMANDS.cancel,
      COMMANDS.again,
      COMMANDS.remove,
      COMMANDS.download
    ]) {
      expect(commands.isEnabled(command)).toBe(false);
    }
  });

  it('cancel what goes on, delete what has ended', () => {
    const { commands, select } = aLab([running, ended]);
    select('a');
    expect(commands.isEnabled(COMMANDS.cancel)).toBe(true);
    expect(commands.isEnabled(COMMANDS.remove)).toBe(false);
    select('b');
    expect(commands.isEnabled(COMMANDS.cancel)).toBe(false);
    expect(commands.isEnabled(COMMANDS.remove)).toBe(true);
  });

  it('say how many runs they act on', () => {
    const { commands, select } = aLab([
      running,
      aRun({ id: 'c', state: 'Queued', ended_at: null }),
      ended
    ]);
    select('a', 'b', 'c');
    expect(commands.label(COMMANDS.cancel)).toBe('Cancel 2 runs');
    expect(commands.label(COMMANDS.remove)).toBe('Delete run…');
  });

  it('act on the run of their arguments, whatever is selected', async () => {
    const { commands, workspace, select } = aLab([running], {
      cancel: () => Promise.resolve(running)
    });
    select('b');
    await commands.execute(COMMANDS.cancel, { workspace: 'w1', run: 'a' });
    expect(workspace.verbs.asked).toEqual([['cancel', 'a']]);
  });

  it('leave it to the server to refuse a run that the page does not know', () => {
    const { commands } = aLab();
    expect(commands.isEnabled(COMMANDS.cancel, { workspace: 'w1', run: 'x' })).toBe(true);
  });

  it('delete all that is selected, and tell what was refused', async () => {
    const { commands, workspace, select } = aLab([ended, aRun({ id: 'c', number: 3 })], {
      remove: id =>
        id === 'b' ? Promise.resolve(ended) : Promise.reject(new Error('it is in use'))
    });
    const error = jest.spyOn(Notification, 'error').mockReturnValue('');
    select('b', 'c');
    await commands.execute(COMMANDS.remove);
    expect(workspace.verbs.asked).toEqual([
      ['remove', 'b'],
      ['remove', 'c']
    ]);
    expect(error).toHaveBeenCalledWith('digits #3 cannot be deleted: it is in use', {
      autoClose: false
    });
  });

  it('run nothing again that a notebook has logged', () => {
    const logged = aRun({ id: 'c', spec: aSpec({ kind: 'interactive' }) });
    const { commands } = aLab([ended, logged]);
    expect(commands.isEnabled(COMMANDS.again, { run: 'c' })).toBe(false);
    expect(commands.isEnabled(COMMANDS.again, { run: 'b' })).toBe(true);
  });

  it('run again with changes, and give the new run back', async () => {
    const made = aRun({ id: 'n' });
    const { commands, workspace } = aLab([ended], { again: () => Promise.resolve(made) });
    const changes = { priority: 3 };
    const runs: unknown = await commands.execute(COMMANDS.again, { run: 'b', changes });
    expect(runs).toEqual([made]);
    expect(workspace.verbs.asked).toEqual([['again', 'b', changes]]);
  });

  it('move a waiting run', () => {
    const { commands, workspace, select } = aLab([], {
      prioritize: () => Promise.resolve(ended)
    });
    workspace.queue.entries = [anEntry({ run_id: 'a' }), anEntry({ run_id: 'b' })];
    select('b');
    expect(commands.isEnabled(COMMANDS.move, { to: 'down' })).toBe(false);
    expect(commands.isEnabled(COMMANDS.move, { to: 'front' })).toBe(true);
    void commands.execute(COMMANDS.move, { to: 'front' });
    expect(workspace.verbs.asked).toEqual([['prioritize', 'b', { before: 'a' }]]);
  });

  it('offer no move for a run that does not wait', () => {
    const { commands, select } = aLab([ended]);
    select('b');
    expect(commands.isVisible(COMMANDS.move, { to: 'front' })).toBe(false);
  });
});

describe('Targets', () => {
  it('are the selected runs while the user is in the sidebar', () => {
    const { targets, select } = aLab();
    select('a', 'b');
    expect(targets.of({})?.runIds).toEqual(['a', 'b']);
  });

  it('are the run whose page the user has turned to', () => {
    const { targets, select, page } = aLab();
    select('a');
    targets.see(page);
    expect(targets.of({})?.runIds).toEqual(['p1']);
  });

  it('are none in another document', () => {
    const { targets, select, page } = aLab();
    select('a');
    targets.see(page);
    targets.see(document.querySelector('em'));
    expect(targets.of({})).toBeNull();
  });

  it('stay while the user is in the palette, a menu or a dialog', () => {
    const { targets, select } = aLab();
    select('a');
    targets.see(document.querySelector('u'));
    expect(targets.of({})?.runIds).toEqual(['a']);
  });

  it('are none once the page is closed', () => {
    const { targets, page } = aLab();
    targets.see(page);
    page.parentElement?.remove();
    expect(targets.of({})).toBeNull();
  });
});

describe('the question before deleting', () => {
  it('names the run and what is lost', () => {
    const asked = question(trans, [ended], 1, { files: 14, bytes: 21_000_000 });
    expect(asked).toEqual({
      title: 'Delete digits #2 and its 14 files, 21 MB?',
      body: 'Logs, metrics and outputs cannot be brought back.',
      button: 'Delete run'
    });
  });

  it('counts many, and names the first', () => {
    const runs = Array.from({ length: 7 }, (_, index) =>
      aRun({ id: `r${index}`, number: index })
    );
    const asked = question(trans, runs, 7, { files: 14, bytes: 21_000_000 });
    expect(asked.title).toBe('Delete 7 runs and their 14 files, 21 MB?');
    expect(asked.body).toMatch(/^digits #0, .*digits #4 and 2 more\. Logs/);
    expect(asked.button).toBe('Delete 7 runs');
    expect(question(trans, runs, 7, null).title).toBe('Delete 7 runs?');
  });
});
