import { Dialog, Notification, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { messageOf } from '../api/error';
import { shown } from './words';

/** What a dialog's fields are shown with. */
export interface IFilling<T> {
  fields: T;
  /** It was tried: what is wrong is said. */
  tried: boolean;
  onFill: (fields: Partial<T>) => void;
}

/** A dialog that asks for some fields, and does something with them. */
export interface IQuestion<T, R> {
  title: string;
  /** What the button says that does it. */
  button: string;
  fields: T;
  trans: TranslationBundle;
  view: (filling: IFilling<T>) => React.JSX.Element;
  /** Do it with what was filled in; `null` where that is not complete. */
  act: (fields: T) => { doing: string; done: Promise<R> } | null;
}

/**
 * Ask until it is done, or the user leaves it: then `null`.
 *
 * What is wrong is said in the dialog, which comes again as it was filled in.
 */
export async function askUntilDone<T, R>(question: IQuestion<T, R>): Promise<R | null> {
  const { title, button, trans } = question;
  let { fields } = question;
  let refusal: string | null = null;
  let tried = false;
  for (;;) {
    const dialog = new Dialog<T>({
      title,
      body: new Body(question, fields, refusal, tried),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.okButton({ label: button })
      ],
      focusNodeSelector: 'input'
    });
    const answer = await dialog.launch();
    if (!answer.button.accept || answer.value === null) {
      return null;
    }
    fields = answer.value;
    tried = true;
    refusal = null;
    const action = question.act(fields);
    if (action) {
      const told = Notification.emit(action.doing, 'in-progress', { autoClose: false });
      try {
        return await action.done;
      } catch (error) {
        refusal = messageOf(error);
      } finally {
        Notification.dismiss(told);
      }
    }
  }
}

class Body<T, R> extends ReactWidget {
  constructor(
    private readonly _question: IQuestion<T, R>,
    private _fields: T,
    private readonly _refusal: string | null,
    private readonly _tried: boolean
  ) {
    super();
    this.addClass('jp-mltrain-Dialog');
  }

  getValue(): T {
    return this._fields;
  }

  protected override render(): React.JSX.Element {
    return (
      <div className="jp-mltrain-Form">
        <div role="alert">
          {this._refusal !== null && (
            <p className="jp-mltrain-Form-refusal">{shown(this._refusal)}</p>
          )}
        </div>
        {this._question.view({
          fields: this._fields,
          tried: this._tried,
          onFill: fields => {
            this._fields = { ...this._fields, ...fields };
            this.update();
          }
        })}
      </div>
    );
  }
}
