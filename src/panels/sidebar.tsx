import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import type { ISidebarViewProps } from './sidebarview';
import { SIDEBAR_CLASS } from './targets';

/** The sidebar's place. What is in it is loaded when it is first shown, and asks only while shown. */
export class Sidebar extends ReactWidget {
  constructor(private readonly _props: ISidebarViewProps) {
    super();
    this.addClass(SIDEBAR_CLASS);
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.update();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.update();
  }

  protected render(): React.JSX.Element {
    if (!this.isVisible) {
      return <></>;
    }
    if (!this._view) {
      void this._load();
      return <></>;
    }
    return <this._view {...this._props} />;
  }

  private async _load(): Promise<void> {
    const { SidebarView } = await import('./sidebarview');
    this._view = SidebarView;
    this.update();
  }

  private _view: React.ComponentType<ISidebarViewProps> | null = null;
}
