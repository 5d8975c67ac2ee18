import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { ITraining } from '../tokens';
import type { RunPage } from './RunPage';

const OPEN_RUN = 'mltrain:open-run';

/** A page per run in the main area, there again after a reload. */
export const runPagePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mltrain:run-page',
  description: 'Opens a run in the main area: its output, files, metrics and details.',
  autoStart: true,
  requires: [ITraining],
  optional: [ITranslator, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    training: ITraining,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_mltrain');
    const { commands, shell } = app;
    const tracker = new WidgetTracker<MainAreaWidget<RunPage>>({ namespace: 'mltrain-run' });
    const opening = new Map<string, Promise<MainAreaWidget<RunPage>>>();

    const make = async (
      workspace: string,
      run: string,
      tab: unknown
    ): Promise<MainAreaWidget<RunPage>> => {
      // The terminal is the largest part, and most pages begin with the output.
      void import('../log/screen').then(({ loadTerminal }) => loadTerminal());
      const [{ isTab, RunPageModel }, { RunPage }] = await Promise.all([
        import('./model'),
        import('./RunPage')
      ]);
      const model = new RunPageModel(
        training,
        workspace,
        run,
        trans,
        isTab(tab) ? tab : undefined
      );
      const content = new RunPage({ model, trans, commands });
      const name = `mltrain-run-${workspace}-${run}`;
      content.id = `${name}-content`;
      const widget = new MainAreaWidget({ content });
      widget.id = name;
      // Commands without arguments act on the run that is in front.
      widget.node.dataset.mltrainWorkspace = workspace;
      widget.node.dataset.mltrainRun = run;
      widget.toolbar.hide();
      shell.add(widget, 'main');
      await tracker.add(widget);
      let shown = model.tab;
      model.changed.connect(() => {
        if (model.tab !== shown) {
          shown = model.tab;
          void tracker.save(widget);
        }
      });
      return widget;
    };

    commands.addCommand(OPEN_RUN, {
      label: trans.__('Open run'),
      caption: trans.__('Show the output, files, metrics and details of a run'),
      describedBy: {
        args: {
          type: 'object',
          required: ['run'],
          properties: {
            workspace: {
              type: 'string',
              description: trans.__('Id of the workspace; by default the one that is shown')
            },
            run: { type: 'string', description: trans.__('Id of the run') },
            tab: {
              type: 'string',
              description: trans.__('What to show first: %1', 'output, files, metrics, details')
            }
          }
        }
      },
      isEnabled: args => typeof args.run === 'string',
      execute: async args => {
        const { run } = args;
        let workspace = typeof args.workspace === 'string' ? args.workspace : undefined;
        if (workspace === undefined) {
          // Never while the layout is restored: there the workspace is given, and the models are
          // not ready before that is done.
          await training.ready;
          workspace = training.current?.id;
        }
        if (workspace === undefined || typeof run !== 'string') {
          return null;
        }
        // A run's id is its own wherever it is; a workspace has a second name until it is made.
        const known = tracker.find(({ content: { model } }) => model.runId === run);
        let pending = opening.get(run);
        if (!known && !pending) {
          pending = make(workspace, run, args.tab).finally(() => opening.delete(run));
          opening.set(run, pending);
        }
        const widget = known ?? (await pending);
        if (!widget) {
          return null;
        }
        if (known && args.tab !== undefined) {
          const { isTab } = await import('./model');
          widget.content.model.tab = isTab(args.tab) ? args.tab : widget.content.model.tab;
        }
        shell.activateById(widget.id);
        return widget;
      }
    });

    if (restorer) {
      void restorer.restore(tracker, {
        command: OPEN_RUN,
        args: ({ content: { model } }) => ({
          workspace: model.workspaceId,
          run: model.runId,
          tab: model.tab
        }),
        name: widget => widget.id
      });
    }
  }
};
