import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { PanelLayout, Widget } from '@lumino/widgets';

import type * as wire from '../api/wire';
import type { ITraining } from '../tokens';
import type { RunCardWidget } from './widget';

export const RUN_MIME = 'application/vnd.jupyter-mltrain.run+json';

/** A card, and the record that its notebook has. */
export interface IShownCard {
  readonly node: HTMLElement;
  readonly run: wire.Run;
}

/** Shows a run card, or the text beside it where that is no card. */
export class RunCardRenderer extends Widget implements IRenderMime.IRenderer {
  constructor(
    private readonly _app: JupyterFrontEnd,
    private readonly _training: ITraining | null,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-mltrain-RunCardRenderer');
    this.layout = new PanelLayout();
  }

  /** A card was shown, or what its notebook has of it has changed. */
  static get shown(): ISignal<typeof RunCardRenderer, IShownCard> {
    return shown;
  }

  /** Called for each update of the display: up to four times a second. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const given = model.data['text/plain'];
    const text = Array.isArray(given) ? given.join('') : typeof given === 'string' ? given : '';
    const data = model.data[RUN_MIME];
    this._latest += 1;
    const turn = this._latest;
    const { parseCard, RunCardWidget } = await import('./widget');
    if (this.isDisposed || turn !== this._latest) {
      return;
    }
    const card = parseCard(data);
    if (!card) {
      this._show(null);
      this._plain(text);
      return;
    }
    if (this._card) {
      this._card.model.update(card, text);
    } else {
      this.node.replaceChildren();
      this._show(new RunCardWidget(this._app, this._training, this._trans, card, text));
    }
    shown.emit({ node: this.node, run: card.run });
  }

  private _show(card: RunCardWidget | null): void {
    this._card?.dispose();
    this._card = card;
    if (card) {
      (this.layout as PanelLayout).addWidget(card);
    }
  }

  private _plain(text: string): void {
    const element = document.createElement('pre');
    element.className = 'jp-mltrain-RunCardRenderer-text';
    // Colours are of no use here, and other sequences of none anywhere.
    element.textContent = text.replace(/\x1b\[[0-?]*[ -/]*[@-~]/g, '');
    this.node.replaceChildren(element);
  }

  private _card: RunCardWidget | null = null;
  private _latest = 0;
}

const shown = new Signal<typeof RunCardRenderer, IShownCard>(RunCardRenderer);
