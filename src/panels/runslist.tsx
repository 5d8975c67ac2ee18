import type { TranslationBundle } from '@jupyterlab/translation';
import { useVirtualizer } from '@tanstack/react-virtual';
import * as React from 'react';

import { useSignal } from '../parts';
import type { IRunList } from '../tokens';

import { RunRow, tooltip } from './runrow';
import type { IRows, RunSelection } from './selection';

/** What the list of runs shows, and tells. */
export interface IRunsListProps {
  list: IRunList;
  selection: RunSelection;
  trans: TranslationBundle;
  onOpen: (runId: string) => void;
  onCancel: (runId: string) => void;
  /** Delete what is selected. */
  onDelete: () => void;
}

/** Rows that are rendered beyond what can be seen, above and below. */
const OVERSCAN = 8;

/** Rows that are loaded beyond those, so that they are there when they are scrolled to. */
const AHEAD = 40;

/** How often rows are asked for while the list is scrolled, in ms. */
const ASK_MS = 80;

/** Height of a row per pixel of its font. */
const ROW_PER_FONT = 28 / 13;

/** Rows of a list that has not answered yet. */
const SKELETONS = 5;

/** Rows that come or go above at once, at most, for the view to stay where it is. */
const SHIFT = 20;

/** Runs, newest first, of which only those in view are rendered. */
export function RunsList(props: IRunsListProps): React.JSX.Element {
  const { list, selection, trans } = props;
  useSignal(list.changed);
  useSignal(selection.changed);
  const idPrefix = React.useId();
  const scroller = React.useRef<HTMLDivElement>(null);
  const rowPx = useRowHeight(scroller);
  const rows = React.useMemo<IRows>(
    () => ({
      get length() {
        return list.length ?? 0;
      },
      idAt: index => list.at(index)?.id
    }),
    [list]
  );
  const virtual = useVirtualizer({
    count: list.length ?? SKELETONS,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    overscan: OVERSCAN,
    // Rows are cheap; what scrolls must not wait for them.
    useFlushSync: false
  });
  React.useEffect(() => virtual.measure(), [virtual, rowPx]);

  const items = virtual.getVirtualItems();
  const from = items[0]?.index ?? 0;
  const to = (items.at(-1)?.index ?? SKELETONS - 1) + 1;
  const ask = useThrottled((): void => {
    const wanted = selection.wanted;
    if (wanted) {
      list.need(...wanted);
    }
    list.need(Math.max(0, from - AHEAD), to + AHEAD);
  }, ASK_MS);
  React.useEffect(ask);
  React.useEffect(() => {
    const settle = (): void => selection.settle(rows);
    list.changed.connect(settle);
    return () => {
      list.changed.disconnect(settle);
    };
  }, [list, rows, selection]);

  // What is looked at stays where it is when runs come or go above it.
  const first = React.useRef<{ index: number; id: string | undefined } | null>(null);
  React.useLayoutEffect(() => {
    const offset = virtual.scrollOffset ?? 0;
    const before = first.current;
    if (before?.id !== undefined && before.index > 0) {
      const now = near(rows, before.index, before.id);
      if (now !== null && now !== before.index) {
        const moved = offset + (now - before.index) * rowPx;
        virtual.scrollToOffset(moved);
        first.current = { index: now, id: before.id };
        return;
      }
    }
    const index = Math.floor(offset / rowPx);
    first.current = { index, id: rows.idAt(index) };
  });

  const active = selection.active;
  const isOwn = React.useRef(false);
  React.useEffect(() => {
    if (isOwn.current && active >= 0) {
      isOwn.current = false;
      virtual.scrollToIndex(active, { align: 'auto' });
    }
  }, [active, virtual]);

  const onKeyDown = (event: React.KeyboardEvent<HTMLDivElement>): void => {
    // Keys on a row's button are the button's.
    if (event.target !== event.currentTarget) {
      return;
    }
    const page = Math.max(1, Math.floor(event.currentTarget.clientHeight / rowPx) - 1);
    const target = destination(event.key, selection.active, rows.length, page);
    if (target !== null) {
      isOwn.current = true;
      if (event.shiftKey) {
        selection.extendTo(rows, target);
      } else if (event.ctrlKey || event.metaKey) {
        selection.goTo(rows, target);
      } else {
        selection.moveTo(rows, target);
      }
    } else if (event.key === 'Enter') {
      const id = rows.idAt(selection.active);
      if (id !== undefined) {
        props.onOpen(id);
      }
    } else if (event.key === ' ') {
      selection.toggle(rows, selection.active);
    } else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) {
      selection.all(rows);
    } else if (event.key === 'Escape' && selection.ids.size > 0) {
      selection.clear();
    } else if (
      (event.key === 'Delete' || (event.key === 'Backspace' && event.metaKey)) &&
      selection.ids.size > 0
    ) {
      props.onDelete();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const indexOf = (target: EventTarget): number | null => {
    const row = (target as Element).closest<HTMLElement>('[data-index]');
    return row ? Number(row.dataset.index) : null;
  };
  const onClick = (event: React.MouseEvent<HTMLDivElement>): void => {
    const index = indexOf(event.target);
    if (index === null) {
      return;
    }
    const button = (event.target as Element).closest<HTMLElement>('[data-action]');
    if (button) {
      const id = rows.idAt(index);
      if (button.dataset.action === 'menu') {
        openMenu(button);
      } else if (id !== undefined) {
        props.onCancel(id);
      }
    } else if (event.shiftKey) {
      selection.extendTo(rows, index);
    } else if (event.ctrlKey || event.metaKey) {
      selection.toggle(rows, index);
    } else {
      selection.moveTo(rows, index);
    }
  };
  const onDoubleClick = (event: React.MouseEvent<HTMLDivElement>): void => {
    const index = indexOf(event.target);
    const id = index === null ? undefined : rows.idAt(index);
    if (id !== undefined && !(event.target as Element).closest('button')) {
      props.onOpen(id);
    }
  };
  // A menu is about what is selected, and about the row it was opened on.
  const onContextMenu = (event: React.MouseEvent<HTMLDivElement>): void => {
    const index = indexOf(event.target);
    if (index !== null) {
      const id = rows.idAt(index);
      if (id === undefined || !selection.ids.has(id)) {
        selection.moveTo(rows, index);
      }
    } else if (event.target === event.currentTarget && selection.active >= 0) {
      // From the keyboard: the menu belongs to the row, not to the list that has the focus.
      const row = document.getElementById(`${idPrefix}${selection.active}`);
      event.preventDefault();
      event.stopPropagation();
      if (row) {
        openMenu(row);
      }
    }
  };
  const onMouseOver = (event: React.MouseEvent<HTMLDivElement>): void => {
    const row = (event.target as Element).closest<HTMLElement>('[data-index]');
    const run = row && list.at(Number(row.dataset.index));
    if (run) {
      row.title = tooltip(trans, run, Date.now());
    }
  };
  const onFocus = (event: React.FocusEvent<HTMLDivElement>): void => {
    if (event.target === event.currentTarget && selection.active < 0) {
      selection.goTo(rows, 0);
    }
  };

  const keys = new Set<string | number>();
  return (
    <div
      ref={scroller}
      className="jp-mltrain-RunsList"
      role="grid"
      tabIndex={0}
      aria-label={trans.__('Runs')}
      aria-multiselectable="true"
      aria-rowcount={list.length ?? -1}
      aria-busy={list.length === null}
      aria-activedescendant={active >= from && active < to ? `${idPrefix}${active}` : undefined}
      onKeyDown={onKeyDown}
      onClick={onClick}
      onDoubleClick={onDoubleClick}
      onContextMenu={onContextMenu}
      onMouseOver={onMouseOver}
      onFocus={onFocus}
    >
      <div
        className="jp-mltrain-RunsList-rows"
        role="presentation"
        style={{ height: virtual.getTotalSize() }}
      >
        {items.map(({ index, start }) => {
          const run = list.at(index);
          // While pages of a changing list come in, a run can be in it twice.
          const key = run && !keys.has(run.id) ? run.id : index;
          keys.add(key);
          return (
            <RunRow
              key={key}
              id={`${idPrefix}${index}`}
              run={run}
              index={index}
              topPx={start}
              heightPx={rowPx}
              isSelected={run !== undefined && selection.ids.has(run.id)}
              isActive={index === active}
              trans={trans}
            />
          );
        })}
      </div>
    </div>
  );
}

/** The index that a key goes to; `null` for a key that goes nowhere. */
function destination(key: string, active: number, length: number, page: number): number | null {
  if (length === 0) {
    return null;
  }
  const to: Partial<Record<string, number>> = {
    ArrowUp: active - 1,
    ArrowDown: active + 1,
    PageUp: active - page,
    PageDown: active + page,
    Home: 0,
    End: length - 1
  };
  const target = to[key];
  return target === undefined ? null : Math.max(0, Math.min(target, length - 1));
}

/** What a click with the right button would open. */
export function openMenu(element: Element): void {
  const box = element.getBoundingClientRect();
  element.dispatchEvent(
    new MouseEvent('contextmenu', {
      bubbles: true,
      cancelable: true,
      clientX: box.left + box.width / 2,
      clientY: box.bottom
    })
  );
}

/** A call that is made at once, then at most every so often, the last one always. */
function useThrottled(call: () => void, everyMs: number): () => void {
  const latest = React.useRef(call);
  latest.current = call;
  const state = React.useRef({ timer: 0, at: -Infinity });
  React.useEffect(() => () => window.clearTimeout(state.current.timer), []);
  return React.useCallback(() => {
    const { current } = state;
    const run = (): void => {
      current.timer = 0;
      current.at = performance.now();
      latest.current();
    };
    const waitMs = current.at + everyMs - performance.now();
    if (waitMs <= 0 && !current.timer) {
      run();
    } else if (!current.timer) {
      current.timer = window.setTimeout(run, waitMs);
    }
  }, [everyMs]);
}

/** Where a run is now that was at an index a moment ago. */
function near(rows: IRows, index: number, id: string): number | null {
  for (let step = 0; step <= SHIFT; step += 1) {
    if (rows.idAt(index + step) === id) {
      return index + step;
    }
    if (rows.idAt(index - step) === id) {
      return index - step;
    }
  }
  return null;
}

/** The height of every row, which follows the size of the font. */
function useRowHeight(element: React.RefObject<HTMLElement>): number {
  const [fontPx, setFontPx] = React.useState(13);
  React.useLayoutEffect(() => {
    const found = element.current && parseFloat(getComputedStyle(element.current).fontSize);
    if (found) {
      setFontPx(found);
    }
  }, [element]);
  return Math.round(fontPx * ROW_PER_FONT);
}
