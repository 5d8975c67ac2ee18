import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { MainAreaWidget } from '@jupyterlab/apputils';
import type { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { CommandRegistry } from '@lumino/commands';

import type { FormWidget } from '../../../src/form/FormWidget';
import { formPlugin } from '../../../src/form/plugin';
import { aRun } from '../builders';
import { aWorkspace, FakeTraining } from '../fakes';

function activate(selected: string[] = []): [CommandRegistry, MainAreaWidget<FormWidget>[]] {
  const workspace = aWorkspace({
    pythons: () => Promise.resolve([]),
    experiments: () => Promise.resolve({}),
    arguments: () => Promise.resolve({ arguments: [] })
  });
  workspace.runs.known.set('r1', aRun({ id: 'r1' }));
  const commands = new CommandRegistry();
  const widgets: MainAreaWidget<FormWidget>[] = [];
  const app = {
    commands,
    shell: {
      add: (widget: MainAreaWidget<FormWidget>) => widgets.push(widget),
      activateById: () => undefined,
      currentWidget: null
    },
    serviceManager: {
      contents: {
        localPath: (path: string) => path.replace(/^[^/]*:/, ''),
        get: () => Promise.resolve({ content: [] })
      }
    }
  } as unknown as JupyterFrontEnd;
  const browsers = {
    tracker: { currentWidget: { selectedItems: () => selected.map(path => ({ path })) } }
  } as unknown as IFileBrowserFactory;
  const rest = [null, null, null, null, null, null];
  void formPlugin.activate(app, new FakeTraining([workspace]), null, browsers, ...rest);
  return [commands, widgets];
}

function forms(widgets: MainAreaWidget<FormWidget>[]): string[] {
  return widgets.map(({ content }) => content.model.state.fields.path);
}

describe('the commands of the form', () => {
  it('open an empty one', async () => {
    const [commands, widgets] = activate();
    await commands.execute('mltrain:new-run');
    expect(forms(widgets)).toEqual(['']);
    widgets.forEach(widget => widget.dispose());
  });

  it('open one for each script that is selected in the file browser', async () => {
    const [commands, widgets] = activate(['a/train.py', 'data.csv', 'nb.ipynb']);
    expect(commands.isVisible('mltrain:train-with')).toBe(true);
    await commands.execute('mltrain:train-with');
    expect(forms(widgets)).toEqual(['a/train.py', 'nb.ipynb']);
    widgets.forEach(widget => widget.dispose());
  });

  it('are hidden where nothing can be trained with', () => {
    const [commands] = activate(['data.csv']);
    expect(commands.isVisible('mltrain:train-with')).toBe(false);
    expect(commands.isVisible('mltrain:train-with', { isPalette: true })).toBe(false);
  });

  it('open a run that is to be done again with changes', async () => {
    const [commands, widgets] = activate();
    await commands.execute('mltrain:run-again-with', { workspace: 'w1', run: 'r1' });
    expect(widgets[0].title.label).toBe('Again: digits #42');
    widgets.forEach(widget => widget.dispose());
  });
});
