import type { TranslationBundle } from '@jupyterlab/translation';
import { ellipsesIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { remedyOf } from '../parts/remedy';
import { canCancel, canRepeat, isFinal, runLabel } from '../parts/words';
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
  const remedy = remedyOf(trans, run);
  const final = isFinal(run);
  const { open, preparing } = model;
  return (
    <span className="jp-mltrain-RunCard-actions">
      {(final || (live && preparing)) && (
        <button
          type="button"
          className="jp-mltrain-RunCard-button"
          aria-expanded={open}
          aria-label={
            preparing
              ? open
                ? trans.__('Hide how %1 is prepared', label)
                : trans.__('Show how %1 is prepared', label)
              : open
                ? trans.__('Hide the output of %1', label)
                : trans.__('Show the output of %1', label)
          }
          onClick={() => {
            model.open = !open;
          }}
        >
          {preparing
            ? open
              ? trans.__('Hide log')
              : trans.__('Log')
            : open
              ? trans.__('Hide output')
              : trans.__('Output')}
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
      {live && final && canRepeat(run) && (
        <button
          type="button"
          className="jp-mltrain-RunCard-button"
          aria-label={remedy.name}
          disabled={model.repeating}
          onClick={() => deeds.again(remedy.changes)}
        >
          {remedy.label}
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
