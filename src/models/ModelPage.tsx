import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import { openMenu } from '../parts/menu';
import { shown } from '../parts/words';
import { modelIcon } from './icon';
import { argsOf, entriesOf } from './menu';
import type { ModelPageModel } from './model';
import { ModelView } from './ModelView';

import '../../src/style/controls.css';
import '../../src/style/runpage.css';
import '../../src/style/details.css';
import '../../src/style/models.css';

export interface IModelPageOptions {
  model: ModelPageModel;
  trans: TranslationBundle;
  commands: CommandRegistry;
}

/** The page of one model in the main area. It disposes of its model. */
export class ModelPage extends ReactWidget {
  constructor(private readonly _options: IModelPageOptions) {
    super();
    const { model, trans } = _options;
    this.addClass('jp-mltrain-RunPageWidget');
    this.title.closable = true;
    this.title.label = shown(model.name);
    this.title.caption = trans.__('Model %1', shown(model.name));
    this.title.icon = modelIcon.bindprops({ stylesheet: 'mainAreaTab' });
  }

  get model(): ModelPageModel {
    return this._options.model;
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._watch?.dispose();
    this.model.dispose();
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._look();
  }

  protected override onAfterShow(): void {
    this._look();
  }

  protected override onAfterHide(): void {
    this._look();
  }

  protected override onActivateRequest(): void {
    const active = document.activeElement;
    // JupyterLab gives it to the widget's own node, which has no use for keys.
    this._wantsFocus = active === this.node || !this.node.contains(active);
    void (this.renderPromise ?? Promise.resolve()).then(() => this._focus());
  }

  protected override render(): React.JSX.Element {
    const { commands, model, trans } = this._options;
    const { workspaceId: workspace } = model;
    return (
      <ModelView
        model={model}
        trans={trans}
        onCopy={text => Clipboard.copyToSystem(text)}
        onOpenRun={run => void commands.execute('mltrain:open-run', { workspace, run })}
        onMenu={(version, below) =>
          openMenu(commands, entriesOf(argsOf(workspace, version), 'page'), below)
        }
        onShown={() => this._focus()}
      />
    );
  }

  /** What nobody sees is not asked for. */
  private _look(): void {
    if (this.isVisible) {
      this._watch ??= this.model.watch();
    } else {
      this._watch?.dispose();
      this._watch = null;
    }
  }

  /** What can have the focus is there once the versions are; a page that is new waits for it. */
  private _focus(): void {
    const first = this.node.querySelector<HTMLElement>('[aria-current=true], a, button');
    if (this._wantsFocus && first) {
      this._wantsFocus = false;
      first.focus();
    }
  }

  private _watch: IDisposable | null = null;
  private _wantsFocus = false;
}
