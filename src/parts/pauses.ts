import { useEffect, useState } from 'react';

/** Whether something has been going on for longer than so many milliseconds. */
export function useLongerThan(lengthMs: number, isGoingOn: boolean): boolean {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    if (!isGoingOn) {
      return;
    }
    const timer = setTimeout(() => setLong(true), lengthMs);
    return () => {
      clearTimeout(timer);
      setLong(false);
    };
  }, [lengthMs, isGoingOn]);
  return isLong && isGoingOn;
}

/** A value that follows another one after a pause in its changes. */
export function useSettled<T>(value: T, pauseMs: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pauseMs);
    return () => clearTimeout(timer);
  }, [value, pauseMs]);
  return settled;
}
