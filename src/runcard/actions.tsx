import type { TranslationBundle } from '@jupyterlab/translation';
import { ellipsesIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { askedSize, canCancel, isFinal, runLabel } from '../parts/words';
import { moreMemory } from './facts';
import type { CardModel } from './model';
import type { ICardDeeds } from './runcard';

/** The buttons of a card. */
export function CardActions(props: {
  model: CardModel;
  deeds: ICardDeeds;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { deeds, model, trans } = props;
  const { live, run } = model;
  const label = runLabel(run);
  const memory = moreMemory(run);
  const final = isFinal(run);
  return (
    <span className="jp-mltrain-RunCard-actions">
      {final && (
        <button
          type="button"
          className="jp-mltrain-RunCard-button"
          aria-expanded={model.open}
          aria-label={
            model.open
              ? trans.__('Hide the output of %1', label)
              : trans.__('Show the output of %1', label)
          }
          onClick={() => {
            model.open = !model.open;
          }}
        >
          {model.open ? trans.__('Hide output') : trans.__('Output')}
        </button>
      )}
      {live && canCancel(run) && (
        <button
          type="button"
          className="jp-mltrain-RunCard-button"
          aria-label={trans.__('Cancel %1', label)}
          disabled={model.canceling}
          onClick={() => deeds.cancel()}
        >
          {trans.__('Cancel')}
        </button>
      )}
      {live && final && (
        <button
          type="button"
          className="jp-mltrain-RunCard-button"
          aria-label={
            memory === null
              ? trans.__('Run %1 again', label)
              : trans.__('Run %1 again with %2', label, askedSize(trans, memory))
          }
          disabled={model.repeating}
          onClick={() => deeds.again(memory ?? undefined)}
        >
          {memory === null
            ? trans.__('Run again')
            : trans.__('Run again with %1', askedSize(trans, memory))}
        </button>
      )}
      {live && (
        <button
          type="button"
          className="jp-mltrain-RunCard-button"
          aria-label={trans.__('Open %1', label)}
          onClick={() => deeds.openRun()}
        >
          {trans.__('Open')}
        </button>
      )}
      {live && (
        <button
          type="button"
          className="jp-mltrain-RunCard-button jp-mltrain-RunCard-more"
          aria-label={trans.__('More to do with %1', label)}
          aria-haspopup="menu"
          onClick={event => {
            const { bottom, left } = event.currentTarget.getBoundingClientRect();
            deeds.menu(left, bottom);
          }}
        >
          <ellipsesIcon.react tag={null} />
        </button>
      )}
    </span>
  );
}
