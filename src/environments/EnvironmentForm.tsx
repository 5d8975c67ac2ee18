import { addIcon, ReactWidget } from '@jupyterlab/ui-components';
import { type ISignal, Signal } from '@lumino/signaling';
import * as React from 'react';

import { useSignal } from '../parts/usesignal';
import type { EnvironmentFormModel, ISaved } from './formmodel';
import { EnvironmentFormView, headingOf } from './FormView';

import '../../src/style/controls.css';
import '../../src/style/form.css';
import '../../src/style/environments.css';

export interface IEnvironmentFormProps {
  model: EnvironmentFormModel;
  /** Lets the user choose a folder; resolves with `null` when they do not. */
  browse: ((from: string) => Promise<string | null>) | null;
}

/** The form of an environment in the main area. It disposes of its model. */
export class EnvironmentForm extends ReactWidget {
  constructor(private readonly _props: IEnvironmentFormProps) {
    super();
    this.addClass('jp-mltrain-FormWidget');
    this.title.icon = addIcon;
    this.title.closable = true;
    this._name();
    _props.model.changed.connect(this._name, this);
  }

  get model(): EnvironmentFormModel {
    return this._props.model;
  }

  /** It was saved by this form. */
  get saved(): ISignal<this, ISaved> {
    return this._saved;
  }

  override dispose(): void {
    this.model.changed.disconnect(this._name, this);
    this.model.dispose();
    Signal.clearData(this);
    super.dispose();
  }

  protected override onActivateRequest(): void {
    const active = document.activeElement;
    // JupyterLab gives it to the widget's own node, which has no use for keys.
    if (active === this.node || !this.node.contains(active)) {
      void (this.renderPromise ?? Promise.resolve()).then(() => {
        this.node
          .querySelector<HTMLElement>('input:not([type=radio]):not([readonly]), textarea')
          ?.focus();
      });
    }
  }

  protected override render(): React.JSX.Element {
    return (
      <Connected
        {...this._props}
        id={this.id}
        save={async (password, andBuild) => {
          const saved = await this.model.save(password, andBuild);
          if (this.isDisposed) {
            return;
          }
          if (saved) {
            this._saved.emit(saved);
          } else {
            this._focusProblem();
          }
        }}
      />
    );
  }

  /** What is wrong may be out of sight. */
  private _focusProblem(): void {
    requestAnimationFrame(() => {
      this.node.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
    });
  }

  private _name(): void {
    const { state, options } = this.model;
    const heading = headingOf({ ...options, state });
    this.title.label = heading;
    this.title.caption = heading;
  }

  private _saved = new Signal<this, ISaved>(this);
}

function Connected(
  props: IEnvironmentFormProps & {
    id: string;
    save: (password: string, andBuild: boolean) => Promise<void>;
  }
): React.JSX.Element {
  const { browse, model } = props;
  useSignal(model.changed);
  return (
    <EnvironmentFormView
      id={props.id}
      purpose={model.options.purpose}
      state={model.state}
      trans={model.options.trans}
      onFill={fields => model.fill(fields)}
      onSave={(password, andBuild) => void props.save(password, andBuild)}
      onBrowse={
        browse &&
        (() => {
          void browse(model.state.fields.context).then(context => {
            if (context !== null) {
              model.fill({ context });
            }
          });
        })
      }
    />
  );
}
