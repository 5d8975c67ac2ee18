import { PageConfig } from '@jupyterlab/coreutils';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, ReactWidget } from '@jupyterlab/ui-components';
import { type ISignal, Signal } from '@lumino/signaling';
import * as React from 'react';

import type * as wire from '../api/wire';
import { runLabel } from '../parts/words';
import { useSignal } from '../parts/usesignal';
import type { IPlace } from './code';
import { defaultPython } from './environment';
import { FormView } from './FormView';
import type { FormModel } from './model';
import { folderOf } from './reading';

import '../../src/style/controls.css';
import '../../src/style/form.css';

export interface IFormWidgetOptions {
  model: FormModel;
  trans: TranslationBundle;
  contents: Contents.IManager;
  /** Lets the user choose a file or a folder; resolves with `null` when they do not. */
  browse: ((what: 'path' | 'source', from: string) => Promise<string | null>) | null;
}

/** A form in the main area. It disposes of its model. */
export class FormWidget extends ReactWidget {
  constructor(private readonly _options: IFormWidgetOptions) {
    super();
    const { model, trans } = _options;
    const { base } = model.state;
    this.addClass('jp-mltrain-FormWidget');
    this.title.icon = addIcon;
    this.title.label = base ? trans.__('Again: %1', runLabel(base)) : trans.__('New run');
    this.title.caption = base
      ? trans.__('Run %1 again with changes', runLabel(base))
      : trans.__('Fill in and submit a training run');
    this.title.closable = true;
  }

  get model(): FormModel {
    return this._options.model;
  }

  /** A run was submitted by this form. */
  get submitted(): ISignal<this, wire.Run> {
    return this._submitted;
  }

  override dispose(): void {
    this._options.model.dispose();
    Signal.clearData(this);
    super.dispose();
  }

  protected override onActivateRequest(): void {
    const active = document.activeElement;
    // JupyterLab gives it to the widget's own node, which has no use for keys.
    if (active === this.node || !this.node.contains(active)) {
      void (this.renderPromise ?? Promise.resolve()).then(() => {
        this.node.querySelector<HTMLElement>('input:not([type=radio]), button')?.focus();
      });
    }
  }

  protected override render(): React.JSX.Element {
    return (
      <Connected
        {...this._options}
        id={this.id}
        submit={async force => {
          const run = await this._options.model.submit(force);
          if (run && !this.isDisposed) {
            this._submitted.emit(run);
          }
        }}
      />
    );
  }

  private _submitted = new Signal<this, wire.Run>(this);
}

function Connected(
  props: IFormWidgetOptions & { id: string; submit: (force: boolean) => Promise<void> }
): React.JSX.Element {
  const { browse, contents, model, trans } = props;
  useSignal(model.changed);
  const { state } = model;
  const completions = useScripts(contents, folderOf(state.fields.path));
  const workspace = state.workspaces.find(({ id }) => id === state.workspaceId);
  const place: IPlace = {
    root: PageConfig.getOption('serverRoot'),
    workspace: workspace ?? { default: true, directory: '' },
    interpreter: defaultPython(state.around.pythons)
  };
  return (
    <FormView
      id={props.id}
      state={state}
      place={place}
      completions={completions}
      trans={trans}
      onFill={fields => model.fill(fields)}
      onChoose={id => model.choose(id)}
      onSubmit={force => void props.submit(force)}
      onCopy={text => void navigator.clipboard.writeText(text)}
      onBrowse={
        browse &&
        (what => {
          const from = state.fields[what] || state.fields.path;
          void browse(what, folderOf(from)).then(found => {
            if (found !== null) {
              model.fill({ [what]: found });
            }
          });
        })
      }
    />
  );
}

/** The scripts, notebooks and folders in a folder of the file browser; empty until known. */
function useScripts(contents: Contents.IManager, folder: string): readonly string[] {
  const [found, setFound] = React.useState<readonly string[]>([]);
  React.useEffect(() => {
    let current = true;
    const listing = contents.get(folder, { content: true, type: 'directory' });
    listing.then(
      model => {
        const entries = Array.isArray(model.content)
          ? (model.content as Contents.IModel[])
          : [];
        const paths = entries.map(({ path, type }) =>
          type === 'directory' ? `${path}/` : path
        );
        if (current) {
          setFound(paths.filter(path => /(\/|\.py|\.ipynb)$/i.test(path)).slice(0, 500));
        }
      },
      () => {
        // A folder that is still being typed: nothing to go on with.
        if (current) {
          setFound([]);
        }
      }
    );
    return () => {
      current = false;
    };
  }, [contents, folder]);
  return found;
}
