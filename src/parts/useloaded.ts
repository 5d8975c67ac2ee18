import { useEffect, useRef, useState } from 'react';

import { messageOf } from '../api/error';

/** What a request gave, or why it gave nothing. */
export interface ILoaded<T> {
  value: T | null;
  problem: string | null;
}

/**
 * Ask once per `key`; what was there before stays until the answer has come.
 *
 * @param key What the answer depends on; `null` asks for nothing.
 */
export function useLoaded<T>(key: string | null, ask: () => Promise<T>): ILoaded<T> {
  const [loaded, setLoaded] = useState<ILoaded<T>>({ value: null, problem: null });
  const asked = useRef(ask);
  asked.current = ask;
  useEffect(() => {
    if (key === null) {
      return;
    }
    let current = true;
    asked.current().then(
      value => current && setLoaded({ value, problem: null }),
      (error: unknown) => {
        const problem = messageOf(error);
        if (current) {
          setLoaded(({ value }) => ({ value, problem }));
        }
      }
    );
    return () => {
      current = false;
    };
  }, [key]);
  return loaded;
}
