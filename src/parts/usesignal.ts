import type { ISignal } from '@lumino/signaling';
import { useEffect, useReducer } from 'react';

/** Render again whenever a signal of a model is emitted; `null` for none. */
export function useSignal<S, A>(signal: ISignal<S, A> | null | undefined): void {
  const [, again] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (!signal) {
      return;
    }
    const slot = (): void => again();
    signal.connect(slot);
    // What has changed between the first rendering and now was not heard.
    again();
    return () => {
      signal.disconnect(slot);
    };
  }, [signal]);
}
