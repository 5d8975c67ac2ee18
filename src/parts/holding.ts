// What a component holds while it is there.

import type { IDisposable } from '@lumino/disposable';
import { useEffect, useMemo, useRef, useState } from 'react';

import type { IRunFilter, IRunList, IWorkspace } from '../tokens';

/** Hold something that is only kept up to date while it is held. */
export function useHold(held: { hold(): IDisposable } | null): void {
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

/** Something that is held while the component is there; another one when the key changes. */
export function useHeld<T extends IDisposable>(key: string, take: () => T): T | null {
  const [held, setHeld] = useState<T | null>(null);
  const taken = useRef(take);
  taken.current = take;
  useEffect(() => {
    const made = taken.current();
    setHeld(made);
    return () => {
      made.dispose();
      setHeld(null);
    };
  }, [key]);
  return held;
}
