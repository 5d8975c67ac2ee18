import type { JupyterFrontEnd } from '@jupyterlab/application';
import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import { Menu } from '@lumino/widgets';
import * as React from 'react';

import type * as wire from '../api/wire';
import { COMMANDS } from '../panels/commands';
import type { ITraining } from '../tokens';
import { CardModel } from './model';
import type { ICardDeeds } from './runcard';
import { RunCard } from './runcard';

import '../../src/style/runcard.css';

export { parseCard } from './parse';

/** Cards so near to what can be seen are alive already. */
const MARGIN = '200px';

/** What scrolls out of sight is let go a moment later: most of it comes back. */
const RELEASE_MS = 2_000;

/** A run card in a notebook; alive only while it is attached and can be seen. */
export class RunCardWidget extends ReactWidget {
  constructor(
    app: JupyterFrontEnd,
    training: ITraining | null,
    trans: TranslationBundle,
    card: wire.RunCard,
    text: string
  ) {
    super();
    this.addClass('jp-mltrain-RunCardWidget');
    this._commands = app.commands;
    this._trans = trans;
    this._model = new CardModel(training, trans, card, text);
    this._seen = new IntersectionObserver(
      entries => this._onSeen(entries.at(-1)?.isIntersecting ?? false),
      { rootMargin: MARGIN }
    );
  }

  get model(): CardModel {
    return this._model;
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._seen.disconnect();
    this._stopWaiting();
    this._menu?.dispose();
    super.dispose();
    this._model.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._seen.observe(this.node);
  }

  protected override onBeforeDetach(message: Message): void {
    this._seen.disconnect();
    this._stopWaiting();
    this._model.release();
    super.onBeforeDetach(message);
  }

  protected override render(): React.JSX.Element {
    return <RunCard model={this._model} deeds={this._deeds} trans={this._trans} />;
  }

  private _onSeen(seen: boolean): void {
    this._stopWaiting();
    if (seen) {
      this._model.hold();
      // What it needs is there again; the height it was kept at need not be.
      this._waiting = setTimeout(() => {
        this.node.style.minHeight = '';
      }, RELEASE_MS);
      return;
    }
    this._waiting = setTimeout(() => {
      // A card that shrinks out of sight would move what is in sight.
      this.node.style.minHeight = `${this.node.offsetHeight}px`;
      this._model.release();
    }, RELEASE_MS);
  }

  private _stopWaiting(): void {
    clearTimeout(this._waiting);
  }

  private get _args(): ReadonlyPartialJSONObject {
    return { workspace: this._model.workspaceId, run: this._model.run.id };
  }

  private _openMenu(x: number, y: number): void {
    this._menu?.dispose();
    const menu = new Menu({ commands: this._commands });
    for (const [command, more] of [
      [COMMANDS.copyId, {}],
      [COMMANDS.download, {}],
      [COMMANDS.download, { everything: true }],
      [COMMANDS.remove, {}]
    ] as const) {
      if (this._commands.hasCommand(command)) {
        menu.addItem({ command, args: { ...this._args, ...more } });
      }
    }
    this._menu = menu;
    menu.open(x, y);
  }

  private readonly _deeds: ICardDeeds = {
    cancel: () => {
      void this._model.cancel(async () => {
        const canceled: unknown = await this._commands.execute(COMMANDS.cancel, this._args);
        return Array.isArray(canceled) && canceled.length > 0;
      });
    },
    again: changes => {
      void this._model.repeat(async () => {
        const args = { ...this._args, ...(changes ? { changes } : {}) };
        const made: unknown = await this._commands.execute(COMMANDS.again, args);
        return Array.isArray(made) ? ((made as wire.Run[]).at(0) ?? null) : null;
      });
    },
    openRun: () => {
      void this._commands.execute(COMMANDS.open, this._args);
    },
    menu: (x, y) => this._openMenu(x, y)
  };

  private readonly _commands: CommandRegistry;
  private readonly _trans: TranslationBundle;
  private readonly _model: CardModel;
  private readonly _seen: IntersectionObserver;
  private _menu: Menu | null = null;
  private _waiting: ReturnType<typeof setTimeout> | undefined;
}
