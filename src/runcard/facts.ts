import type * as wire from '../api/wire';
import { canceledReason, shown } from '../parts/words';
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
      return { reason: sentence(shown(reason)), advice };
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

/** Twice the memory of a run that had not enough; `null` where that is no remedy. */
export function moreMemory(run: wire.Run): number | null {
  const limit = run.spec.resources.memory_bytes;
  return run.state === 'Failed' && run.exit?.cause === 'memory' && limit ? 2 * limit : null;
}

/** The service says a reason in passing: after a state, or in a list. */
function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
