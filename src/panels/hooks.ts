import type { IDisposable } from '@lumino/disposable';
import { useEffect, useMemo, useState } from 'react';

import type { IRunFilter, IRunList, IWorkspace } from '../tokens';

/** Hold something that is only kept up to date while it is held. */
export function useHeld(held: { hold(): IDisposable } | null): void {
  useEffect(() => {
    const hold = held?.hold();
    return () => hold?.dispose();
  }, [held]);
}

/** Keep a workspace's events connection open. */
export function useConnected(workspace: IWorkspace | null): void {
  useEffect(() => {
    const hold = workspace?.connect();
    return () => hold?.dispose();
  }, [workspace]);
}

/** A list of runs that ends with the component, or with the filter. */
export function useRunList(workspace: IWorkspace, filter: IRunFilter): IRunList {
  const key = JSON.stringify(filter);
  // A list costs nothing before it is asked for rows, so one that React throws away is no loss.
  const list = useMemo(
    () => workspace.runs.list(JSON.parse(key) as IRunFilter),
    [workspace, key]
  );
  useEffect(() => () => list.dispose(), [list]);
  return list;
}

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
