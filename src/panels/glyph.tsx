import type { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

/** An icon without the styles and signals of `LabIcon.react`, for rows that come and go in a scroll. */
export const Glyph = React.memo(function Glyph(props: {
  icon: LabIcon;
  className?: string;
}): React.JSX.Element {
  const { icon } = props;
  const put = React.useCallback(
    (element: HTMLElement | null) => element?.replaceChildren(icon.element({ tag: null })),
    [icon]
  );
  return (
    <span
      ref={put}
      className={`jp-mltrain-Glyph ${props.className ?? ''}`}
      aria-hidden="true"
    />
  );
});
