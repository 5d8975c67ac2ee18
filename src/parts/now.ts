// One clock for everything on the page that shows how time passes.

import { useCallback, useSyncExternalStore } from 'react';

const listeners = new Map<() => void, number>();
let timer: ReturnType<typeof setTimeout> | null = null;

function tick(): void {
  timer = null;
  for (const listener of [...listeners.keys()]) {
    listener();
  }
  schedule();
}

function schedule(): void {
  if (listeners.size && timer === null && !document.hidden) {
    // Twice per period, so that no second is left out though timers are late.
    timer = setTimeout(tick, Math.min(...listeners.values()) / 2);
  }
}

function restart(): void {
  if (timer !== null) {
    clearTimeout(timer);
    timer = null;
  }
  if (!document.hidden) {
    tick();
  }
}

function listen(listener: () => void, periodMs: number): () => void {
  if (!listeners.size) {
    document.addEventListener('visibilitychange', restart);
  }
  const fastest = Math.min(...listeners.values());
  listeners.set(listener, periodMs);
  if (periodMs < fastest && timer !== null) {
    clearTimeout(timer);
    timer = null;
  }
  schedule();
  return () => {
    listeners.delete(listener);
    if (!listeners.size) {
      document.removeEventListener('visibilitychange', restart);
      if (timer !== null) {
        clearTimeout(timer);
        timer = null;
      }
    }
  };
}

/**
 * The time, in milliseconds since 1970, in steps of a period counted from an instant.
 *
 * All who use it share one timer, which runs only while one of them is mounted and the page can
 * be seen.
 *
 * @param periodMs How often it moves on; `Infinity` stops it.
 * @param sinceMs What the steps are counted from, so that elapsed seconds are whole ones.
 */
export function useNow(periodMs = 1_000, sinceMs = 0): number {
  const subscribe = useCallback(
    (listener: () => void) =>
      Number.isFinite(periodMs) ? listen(listener, periodMs) : () => undefined,
    [periodMs]
  );
  const step = Number.isFinite(periodMs) ? periodMs : 1_000;
  return useSyncExternalStore(
    subscribe,
    () => sinceMs + Math.floor((Date.now() - sinceMs) / step) * step
  );
}
