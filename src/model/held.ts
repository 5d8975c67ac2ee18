import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';

import { ApiError } from '../api/error';

/** At least so long between two requests, in ms. */
const PAUSE_MS = 200;

/** Something that is loaded from the server, and again after changes, while somebody holds it. */
export class Held {
  /** @param _load Asks the server; an `ApiError` leaves what was there. */
  constructor(private readonly _load: () => Promise<void>) {}

  hold(): IDisposable {
    this._holders += 1;
    this.touch();
    return new DisposableDelegate(() => {
      this._holders -= 1;
    });
  }

  /** It may have changed: load it if anybody cares, at once after a pause, else soon. */
  touch(): void {
    if (this._holders === 0) {
      return;
    }
    if (this._busy) {
      this._again = true;
      return;
    }
    this._busy = true;
    void this._run();
  }

  private async _run(): Promise<void> {
    let again = true;
    while (again) {
      this._again = false;
      try {
        await this._load();
      } catch (error) {
        // The events connection tells what is wrong, and touches this again when it is mended.
        if (!(error instanceof ApiError)) {
          throw error;
        }
      }
      await new Promise(resolve => window.setTimeout(resolve, PAUSE_MS));
      again = this._wanted();
    }
    this._busy = false;
  }

  private _wanted(): boolean {
    return this._again;
  }

  private _holders = 0;
  private _busy = false;
  private _again = false;
}
