// The colours of the theme, for what is drawn and not styled: charts and terminals.

import { useEffect, useState } from 'react';

const listeners = new Set<() => void>();
let observer: MutationObserver | null = null;

/** Call back whenever JupyterLab's theme, or the system's contrast, has changed. */
export function onThemeChange(listener: () => void): { dispose(): void } {
  if (!observer) {
    // Themes announce themselves on the body once their style sheet is there.
    observer = new MutationObserver(() => {
      for (const each of [...listeners]) {
        each();
      }
    });
    observer.observe(document.body, {
      attributeFilter: ['data-jp-theme-name', 'data-jp-theme-light']
    });
  }
  listeners.add(listener);
  return {
    dispose: () => {
      listeners.delete(listener);
      if (!listeners.size) {
        observer?.disconnect();
        observer = null;
      }
    }
  };
}

/** Render again when the theme changes; the number differs for each theme seen. */
export function useTheme(): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    const held = onThemeChange(() => setCount(before => before + 1));
    return () => held.dispose();
  }, []);
  return count;
}

/** Values of the theme's CSS variables, as an element sees them. */
export function themeOf(element: Element): (variable: string, otherwise: string) => string {
  const style = getComputedStyle(element);
  return (variable, otherwise) => style.getPropertyValue(variable).trim() || otherwise;
}
