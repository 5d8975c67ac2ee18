import type { Widget } from '@lumino/widgets';

/** Whether the user looks at a run's page, or at a card of it, right now. */
export function isInFront(runId: string, current: Widget | null): boolean {
  if (document.hidden || !current?.isVisible) {
    return false;
  }
  const shown = `[data-mltrain-run="${CSS.escape(runId)}"]`;
  return [current.node, ...current.node.querySelectorAll(shown)].some(
    node => node.matches(shown) && isInView(node)
  );
}

function isInView(element: Element): boolean {
  const box = element.getBoundingClientRect();
  return box.height > 0 && box.bottom > 0 && box.top < window.innerHeight;
}
