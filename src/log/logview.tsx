import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { useSignal } from '../parts/usesignal';
import { size as sizeWords } from '../parts/words';
import type { ILog } from '../tokens';
import { LogReader } from './reader';
import type { INotes } from './tokens';
import { LogToolbar } from './toolbar';

import '../../src/style/log.css';

/** Bytes of a log on the screen: in a page of its own, and in a card. */
const WINDOW_BYTES = 524_288;
const COMPACT_BYTES = 65_536;

const READ_ALOUD_MS = 500;

export interface ILogViewProps {
  /** Whoever gives it disposes of it. */
  log: ILog;
  /** Names what is shown, for those who cannot see it: `Output of digits #42`. */
  label: string;
  trans: TranslationBundle;
  /** Where all of it can be downloaded. */
  downloadUrl?: string;
  /** For cards: as high as its content up to some lines, without a toolbar. */
  compact?: boolean;
  /** Whether long lines are wrapped at first. */
  wrap?: boolean;
}

/** A log of any length, as a terminal shows it, live. */
export function LogView(props: ILogViewProps): React.JSX.Element {
  const { compact = false, log, trans, wrap = true } = props;
  const host = React.useRef<HTMLDivElement>(null);
  const find = React.useRef<HTMLInputElement>(null);
  const reader = useReader(log, trans, host, compact);
  useSignal(log.changed);
  useSignal(reader?.changed);
  React.useEffect(() => {
    reader?.setWrap(wrap);
  }, [reader, wrap]);

  const empty = log.size === 0 || log.size === null;
  const windowed = reader !== null && !empty && !compact && !reader.whole;
  return (
    <section
      className="jp-mltrain-LogView"
      data-compact={compact}
      data-windowed={windowed}
      data-wrap={reader?.wrap ?? wrap}
      aria-label={props.label}
    >
      {!compact && (
        <LogToolbar
          ref={find}
          reader={reader}
          trans={trans}
          empty={empty}
          downloadUrl={props.downloadUrl}
        />
      )}
      <div className="jp-mltrain-LogView-body">
        <div
          className="jp-mltrain-LogView-screen"
          role="group"
          aria-label={trans.__('%1: use the arrow keys to scroll', props.label)}
          tabIndex={empty ? -1 : 0}
          data-empty={empty}
          onKeyDownCapture={event => {
            if (reader && onKey(reader, event, find.current)) {
              event.preventDefault();
              event.stopPropagation();
            }
          }}
        >
          <div
            ref={host}
            className="jp-mltrain-LogView-host"
            aria-hidden="true"
            // The terminal takes no input; keys go to the element around it.
            onFocus={event => event.currentTarget.parentElement?.focus({ preventScroll: true })}
          />
          {reader && <SeenText reader={reader} />}
        </div>
        {empty && <p className="jp-mltrain-LogView-empty">{emptyWords(trans, log)}</p>}
        {windowed && (
          <input
            type="range"
            className="jp-mltrain-LogView-position"
            aria-label={trans.__('Position in the whole log')}
            aria-valuetext={trans.__(
              '%1 of %2',
              sizeWords(trans, reader.position),
              sizeWords(trans, log.size)
            )}
            min={0}
            max={log.size}
            step="any"
            value={reader.position}
            onChange={event => reader.goTo(Math.floor(event.target.valueAsNumber))}
          />
        )}
        {reader && !empty && !reader.following && log.growing && (
          <button
            type="button"
            className="jp-mltrain-LogView-follow"
            onClick={() => reader.follow()}
          >
            {trans.__('Follow')}
          </button>
        )}
      </div>
      {log.problem !== null && !empty && (
        <p className="jp-mltrain-LogView-problem" role="status">
          {log.problem}
        </p>
      )}
    </section>
  );
}

/** The reader of a log, with the terminal in an element; `null` until that is loaded. */
function useReader(
  log: ILog,
  trans: TranslationBundle,
  host: React.RefObject<HTMLDivElement>,
  compact: boolean
): LogReader | null {
  const [reader, setReader] = React.useState<LogReader | null>(null);
  React.useEffect(() => {
    const made = new LogReader(log, notesOf(trans), compact ? COMPACT_BYTES : WINDOW_BYTES);
    void import('./screen').then(async ({ loadTerminal, Screen }) => {
      const modules = await loadTerminal();
      const element = host.current;
      if (element && !made.isDisposed) {
        made.open(events => new Screen(modules, element, events, compact));
        setReader(made);
      }
    });
    return () => {
      made.dispose();
      setReader(null);
    };
  }, [log, trans, host, compact]);
  return reader;
}

/** What can be seen of the terminal, as text for a screen reader, while it has the focus. */
function SeenText(props: { reader: LogReader }): React.JSX.Element {
  const { reader } = props;
  const element = React.useRef<HTMLPreElement>(null);
  const [text, setText] = React.useState('');
  React.useEffect(() => {
    const around = element.current?.parentElement;
    let timer: ReturnType<typeof setTimeout> | null = null;
    const read = (): void => {
      timer = null;
      setText(
        around?.contains(document.activeElement) ? (reader.screen?.text('seen') ?? '') : ''
      );
    };
    const soon = (): void => {
      timer ??= setTimeout(read, READ_ALOUD_MS);
    };
    around?.addEventListener('focusin', soon);
    reader.changed.connect(soon);
    return () => {
      around?.removeEventListener('focusin', soon);
      reader.changed.disconnect(soon);
      if (timer !== null) {
        clearTimeout(timer);
      }
    };
  }, [reader]);
  return (
    <pre ref={element} className="jp-mltrain-Unseen">
      {text}
    </pre>
  );
}

/** Do what a key stands for; whether it stands for anything. */
function onKey(
  reader: LogReader,
  event: React.KeyboardEvent,
  find: HTMLInputElement | null
): boolean {
  const command = event.ctrlKey || event.metaKey;
  if (command && !event.altKey && !event.shiftKey) {
    switch (event.key) {
      case 'c':
        return copySelection(reader);
      case 'f':
        find?.focus();
        find?.select();
        return find !== null;
      case 'Home':
        reader.toStart();
        return true;
      case 'End':
        reader.follow();
        return true;
    }
  }
  if (command || event.altKey || event.shiftKey) {
    return false;
  }
  switch (event.key) {
    case 'ArrowUp':
      reader.screen?.scrollRows(-1);
      return true;
    case 'ArrowDown':
      reader.screen?.scrollRows(1);
      return true;
    case 'PageUp':
      reader.screen?.scrollPages(-1);
      return true;
    case 'PageDown':
      reader.screen?.scrollPages(1);
      return true;
    case 'Home':
      reader.toStart();
      return true;
    case 'End':
      reader.follow();
      return true;
    default:
      return false;
  }
}

function copySelection(reader: LogReader): boolean {
  const text = reader.screen?.selection() ?? '';
  if (text) {
    Clipboard.copyToSystem(text);
  }
  return text !== '';
}

function emptyWords(trans: TranslationBundle, log: ILog): string {
  if (log.problem !== null) {
    return log.problem;
  }
  return log.growing ? trans.__('No output yet.') : trans.__('Nothing was printed.');
}

function notesOf(trans: TranslationBundle): INotes {
  return {
    cut: trans.__(' … the rest of this line is in the download'),
    noError: trans.__('No line looks like an error.'),
    skipped: bytes => trans.__('… %1 skipped, scroll up to read them', sizeWords(trans, bytes)),
    notFound: text => trans.__('“%1” is not in this log.', text),
    wrapped: text => trans.__('No further “%1”: searched on from the other end.', text),
    failed: reason => trans.__('The log could not be read: %1', reason)
  };
}
