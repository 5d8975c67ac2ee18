import { canceledReason, shown, shownLines } from '../parts/words';
import type { CardModel } from './model';

/** What a card says below its first line: why, and what to do about it. */
export interface IFacts {
  reason: string;
  advice: string;
}

/** The facts that matter in a run's state; empty texts where there is nothing to say. */
export function factsOf(model: Pick<CardModel, 'run' | 'reason'>): IFacts {
  const { reason, run } = model;
  const advice = shown(run.advice ?? '');
  switch (run.state) {
    case 'Queued':
    case 'NotStarted':
    case 'Preparing':
    case 'Provisioning':
    case 'Failed':
    case 'NotResponding':
      return { reason: sentence(shownLines(reason)), advice };
    case 'Canceled':
      return { reason: canceledReason(run), advice };
    case 'Starting':
    case 'Running':
    case 'Finalizing':
    case 'CancelRequested':
    case 'Completed':
      return { reason: '', advice };
  }
}

/** The service says a reason in passing: after a state, or in a list. */
function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
