import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  bugIcon,
  caretDownEmptyThinIcon,
  caretUpEmptyThinIcon,
  copyIcon,
  downloadIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import type { LogReader } from './reader';

export interface ILogToolbarProps {
  reader: LogReader | null;
  trans: TranslationBundle;
  empty: boolean;
  downloadUrl?: string;
}

/** What can be done with a log: find, jump, follow, wrap, copy, download. */
export const LogToolbar = React.forwardRef<HTMLInputElement, ILogToolbarProps>(
  function LogToolbar(props, find): React.JSX.Element {
    const { empty, reader, trans } = props;
    const [text, setText] = React.useState('');
    const idle = reader === null || empty;
    return (
      <div
        className="jp-mltrain-LogToolbar"
        role="toolbar"
        aria-label={trans.__('Output tools')}
      >
        <form
          className="jp-mltrain-LogToolbar-find"
          role="search"
          onSubmit={event => {
            event.preventDefault();
            reader?.find(text, false);
          }}
        >
          <input
            ref={find}
            type="search"
            className="jp-mltrain-LogToolbar-text"
            aria-label={trans.__('Find in the output')}
            placeholder={trans.__('Find')}
            value={text}
            disabled={idle}
            onChange={event => setText(event.target.value)}
            onKeyDown={event => {
              if (event.key === 'Enter' && event.shiftKey) {
                event.preventDefault();
                reader?.find(text, true);
              } else if (event.key === 'Escape') {
                setText('');
                reader?.find('', false);
              }
            }}
          />
          <IconButton
            label={trans.__('Find previous')}
            disabled={idle || !text}
            onClick={() => reader?.find(text, true)}
          >
            <caretUpEmptyThinIcon.react tag={null} />
          </IconButton>
          <IconButton
            label={trans.__('Find next')}
            disabled={idle || !text}
            onClick={() => reader?.find(text, false)}
          >
            <caretDownEmptyThinIcon.react tag={null} />
          </IconButton>
        </form>
        <IconButton
          label={trans.__('Go to the first error; again for the next one')}
          disabled={idle}
          onClick={() => reader?.findError()}
        >
          <bugIcon.react tag={null} />
        </IconButton>
        <span className="jp-mltrain-LogToolbar-message" role="status">
          {reader?.message}
        </span>
        <ToggleButton
          label={trans.__('Follow')}
          title={trans.__('Show the end of the output as it grows')}
          pressed={reader?.following ?? true}
          disabled={idle}
          onClick={() => (reader?.following ? reader.screen?.scrollRows(-1) : reader?.follow())}
        />
        <ToggleButton
          label={trans.__('Wrap')}
          title={trans.__('Wrap long lines')}
          pressed={reader?.wrap ?? true}
          disabled={idle}
          onClick={() => reader?.setWrap(!reader.wrap)}
        />
        <IconButton
          label={
            reader?.hasSelection
              ? trans.__('Copy the selection')
              : trans.__('Copy the loaded part of the output')
          }
          disabled={idle}
          onClick={() => {
            const screen = reader?.screen;
            if (screen) {
              Clipboard.copyToSystem(screen.selection() || screen.text('all'));
            }
          }}
        >
          <copyIcon.react tag={null} />
        </IconButton>
        {props.downloadUrl !== undefined && (
          <a
            className="jp-mltrain-LogToolbar-button"
            href={props.downloadUrl}
            download=""
            aria-label={trans.__('Download the whole output')}
            title={trans.__('Download the whole output')}
          >
            <downloadIcon.react tag={null} />
          </a>
        )}
      </div>
    );
  }
);

function IconButton(props: {
  label: string;
  disabled: boolean;
  onClick: () => void;
  children: React.ReactNode;
}): React.JSX.Element {
  return (
    <button
      type="button"
      className="jp-mltrain-LogToolbar-button"
      aria-label={props.label}
      title={props.label}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      {props.children}
    </button>
  );
}

function ToggleButton(props: {
  label: string;
  title: string;
  pressed: boolean;
  disabled: boolean;
  onClick: () => void;
}): React.JSX.Element {
  return (
    <button
      type="button"
      className="jp-mltrain-LogToolbar-toggle"
      aria-pressed={props.pressed}
      title={props.title}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      {props.label}
    </button>
  );
}
