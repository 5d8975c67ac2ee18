import { MenuSvg } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import type { Menu } from '@lumino/widgets';

/** An entry of a menu; `null` is a line between two groups. */
export type Entry = readonly [command: string, args?: ReadonlyJSONObject] | null;

/** Open a menu below the button that asks for it, or where the mouse does. */
export function openMenu(
  commands: CommandRegistry,
  entries: readonly Entry[],
  at: Element | { readonly clientX: number; readonly clientY: number }
): void {
  const menu = new MenuSvg({ commands });
  entries.forEach(entry => menu.addItem(itemOf(entry)));
  menu.aboutToClose.connect(() => {
    // After the command it was opened for.
    requestAnimationFrame(() => menu.dispose());
  });
  if (at instanceof Element) {
    const { bottom, left } = at.getBoundingClientRect();
    menu.open(left, bottom);
  } else {
    menu.open(at.clientX, at.clientY);
  }
}

function itemOf(entry: Entry): Menu.IItemOptions {
  return entry === null ? { type: 'separator' } : { command: entry[0], args: entry[1] };
}
