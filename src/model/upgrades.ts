import type { TranslationBundle } from '@jupyterlab/translation';

import { Notification } from '@jupyterlab/apputils';

import type { Training } from './training';

/** Says once that the server is of another version than the page. */
export class Upgrades {
  constructor(
    training: Training,
    private readonly _trans: TranslationBundle
  ) {
    training.changed.connect(this._onChanged, this);
  }

  private _onChanged(training: Training): void {
    if (!training.isOutdated || this._said) {
      return;
    }
    this._said = true;
    Notification.warning(
      this._trans.__(
        'The server has another version of jupyter_mltrain than this page. Reload the page to go on with it.'
      ),
      {
        autoClose: false,
        actions: [{ label: this._trans.__('Reload'), callback: () => window.location.reload() }]
      }
    );
  }

  private _said = false;
}
