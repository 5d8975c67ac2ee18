import type { IDisposable } from '@lumino/disposable';
import * as React from 'react';

/** Something that is held while the component is there; another one when the key changes. */
export function useHeld<T extends IDisposable>(key: string, take: () => T): T | null {
  const [held, setHeld] = React.useState<T | null>(null);
  const taken = React.useRef(take);
  taken.current = take;
  React.useEffect(() => {
    const made = taken.current();
    setHeld(made);
    return () => {
      made.dispose();
      setHeld(null);
    };
  }, [key]);
  return held;
}
