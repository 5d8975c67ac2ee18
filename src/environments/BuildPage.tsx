import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';
import * as React from 'react';

import { lookOf, buildWord, fullName } from '../parts/environments';
import { stateIcon } from '../parts/stateicon';
import { shown } from '../parts/words';
import type { IBuild, IWorkspace } from '../tokens';
import { BuildView } from './BuildView';
import { COMMANDS } from './names';

import '../../src/style/controls.css';
import '../../src/style/runpage.css';
import '../../src/style/environments.css';

export interface IBuildPageOptions {
  workspace: IWorkspace;
  buildId: string;
  explained: boolean;
  trans: TranslationBundle;
  commands: CommandRegistry;
}

/** The page of one build in the main area. */
export class BuildPage extends ReactWidget {
  constructor(private readonly _options: IBuildPageOptions) {
    super();
    const { workspace, buildId } = _options;
    this._connection = workspace.connect();
    this._build = workspace.build(buildId);
    this._explained = _options.explained;
    this.addClass('jp-mltrain-RunPageWidget');
    this.title.closable = true;
    this._name();
    this._build.changed.connect(this._name, this);
  }

  get workspaceId(): string {
    return this._options.workspace.id;
  }

  get buildId(): string {
    return this._options.buildId;
  }

  /** Say why it was not cached. */
  explain(): void {
    this._explained = true;
    this.update();
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._build.changed.disconnect(this._name, this);
    this._build.dispose();
    this._connection.dispose();
    super.dispose();
  }

  protected override onActivateRequest(): void {
    const active = document.activeElement;
    // JupyterLab gives it to the widget's own node, which has no use for keys.
    if (active === this.node || !this.node.contains(active)) {
      void (this.renderPromise ?? Promise.resolve()).then(() => {
        this.node.querySelector<HTMLElement>('button')?.focus();
      });
    }
  }

  protected override render(): React.JSX.Element {
    const { workspace, trans, commands, buildId: build } = this._options;
    const where = { workspace: workspace.id };
    return (
      <BuildView
        build={this._build}
        verbs={workspace.verbs}
        trans={trans}
        explained={this._explained}
        onExplain={explained => {
          this._explained = explained;
          this.update();
        }}
        onCancel={() => void commands.execute(COMMANDS.cancelBuild, { ...where, build })}
        onBuild={fresh => {
          const { record } = this._build;
          if (record) {
            const environment = fullName(record);
            void commands.execute(COMMANDS.build, { ...where, environment, fresh });
          }
        }}
      />
    );
  }

  private _name(): void {
    const { trans, buildId } = this._options;
    const { record } = this._build;
    this.title.label = record ? fullName(record) : trans.__('Build');
    this.title.caption = record
      ? trans.__('Build of %1: %2', fullName(record), buildWord(trans, record.state))
      : shown(buildId);
    if (record && record.state !== this._state) {
      this._state = record.state;
      // JupyterLab gives a tab's icon its place only when the tab is added.
      this.title.icon = stateIcon(lookOf(record.state)).bindprops({
        stylesheet: 'mainAreaTab'
      });
    }
  }

  private readonly _connection: IDisposable;
  private readonly _build: IBuild;
  private _explained: boolean;
  private _state: string | null = null;
}
