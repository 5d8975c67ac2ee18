import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Menu } from '@lumino/widgets';
import * as React from 'react';

import type * as wire from '../api/wire';
import { COMMANDS as MODELS } from '../models/names';
import { stateIcon } from '../parts/stateicon';
import { runLabel, stateWord } from '../parts/words';
import { FileTree } from './filetree';
import type { RunPageModel } from './model';
import { RunPageView } from './RunPageView';

import '../../src/style/controls.css';
import '../../src/style/runpage.css';
import '../../src/style/files.css';
import '../../src/style/details.css';

export interface IRunPageOptions {
  model: RunPageModel;
  trans: TranslationBundle;
  commands: CommandRegistry;
}

/** The page of one run in the main area. It disposes of its model. */
export class RunPage extends ReactWidget {
  constructor(private readonly _options: IRunPageOptions) {
    super();
    const { model } = _options;
    this._tree = new FileTree(model.workspace.verbs, model.runId);
    this.addClass('jp-mltrain-RunPageWidget');
    this.title.closable = true;
    this._name();
    model.changed.connect(this._name, this);
  }

  get model(): RunPageModel {
    return this._options.model;
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.model.changed.disconnect(this._name, this);
    this._menu?.dispose();
    this._tree.dispose();
    this.model.dispose();
    super.dispose();
  }

  protected override onAfterShow(): void {
    this.update();
  }

  protected override onAfterHide(): void {
    this.update();
  }

  protected override onActivateRequest(): void {
    const active = document.activeElement;
    // JupyterLab gives it to the widget's own node, which has no use for keys.
    this._wantsFocus = active === this.node || !this.node.contains(active);
    this._focusTab();
  }

  protected override render(): React.JSX.Element {
    const { model, trans } = this._options;
    this._seen ||= this.isVisible;
    return (
      <RunPageView
        id={this.id}
        model={model}
        tree={this._tree}
        visible={this.isVisible}
        seen={this._seen}
        trans={trans}
        onCancel={() => void this._execute('mltrain:cancel-run')}
        onAgain={changes => void this._again(changes)}
        onMenu={below => this._openMenu(below)}
        onCopy={text => Clipboard.copyToSystem(text)}
        onTabs={() => this._focusTab()}
        onOpen={run => void this._execute('mltrain:open-run', run)}
        onOpenBuild={build =>
          void this._execute('mltrain:open-build', this.model.runId, { build })
        }
        onOpenModel={(name, version) =>
          void this._execute(MODELS.open, this.model.runId, { model: name, version })
        }
        onRegister={path => void this._execute(MODELS.register, this.model.runId, { path })}
      />
    );
  }

  /** The tabs are there once the run is; a page that was activated before waits for them. */
  private _focusTab(): void {
    const tab = this.node.querySelector<HTMLElement>('[role=tab][aria-selected=true]');
    if (this._wantsFocus && tab) {
      this._wantsFocus = false;
      tab.focus();
    }
  }

  private _execute(
    command: string,
    run = this.model.runId,
    more: ReadonlyPartialJSONObject = {}
  ): Promise<unknown> {
    const { workspaceId: workspace } = this.model;
    return this._options.commands.execute(command, { workspace, run, ...more });
  }

  /** The new run is what the user wants to see next. */
  private async _again(changes: wire.AgainRequest | null): Promise<void> {
    const made = (await this._execute(
      'mltrain:run-again',
      this.model.runId,
      changes ? { changes } : {}
    )) as wire.Run[] | undefined;
    if (made?.length && !this.isDisposed) {
      await this._execute('mltrain:open-run', made[0].id);
    }
  }

  private _openMenu(below: HTMLElement): void {
    const { commands } = this._options;
    const { runId: run, workspaceId: workspace } = this.model;
    if (!this._menu) {
      const menu = new Menu({ commands });
      for (const command of ['mltrain:run-again-with', 'mltrain:download-outputs']) {
        menu.addItem({ command, args: { workspace, run } });
      }
      menu.addItem({ type: 'separator' });
      menu.addItem({ command: 'mltrain:copy-run-id', args: { workspace, run } });
      menu.addItem({ command: 'mltrain:delete-run', args: { workspace, run } });
      this._menu = menu;
    }
    const { left, bottom } = below.getBoundingClientRect();
    this._menu.open(left, bottom);
  }

  private _name(): void {
    const { model, trans } = this._options;
    const { run } = model;
    if (run) {
      const label = runLabel(run);
      const word = stateWord(trans, run.state);
      this.title.label = label;
      this.title.caption = trans.__('%1: %2', label, model.gone ? trans.__('deleted') : word);
      if (run.state !== this._state) {
        this._state = run.state;
        // JupyterLab gives a tab's icon its place only when the tab is added.
        this.title.icon = stateIcon(run.state).bindprops({ stylesheet: 'mainAreaTab' });
      }
    } else {
      this.title.label = trans.__('Run');
      this.title.caption = model.runId;
    }
  }

  private readonly _tree: FileTree;
  private _menu: Menu | null = null;
  private _state: wire.RunState | null = null;
  /** It was in front once: until then it is no more than its title. */
  private _seen = false;
  private _wantsFocus = false;
}
