import type { TranslationBundle } from '@jupyterlab/translation';
import {
  caretDownIcon,
  caretRightIcon,
  downloadIcon,
  fileIcon,
  folderIcon
} from '@jupyterlab/ui-components';
import { useVirtualizer } from '@tanstack/react-virtual';
import * as React from 'react';

import type * as wire from '../api/wire';
import { modelIcon } from '../models/icon';
import { Age } from '../parts/times';
import { useSignal } from '../parts/usesignal';
import { shown, size } from '../parts/words';
import type { IVerbs } from '../tokens';
import { FilePreview } from './FilePreview';
import type { FileTree, ITreeRow } from './filetree';

const ROW_PX = 24;
const REFRESH_MS = 2_000;

/** The files of a run as a tree, with a preview of the one that is selected. */
export function FilesTab(props: {
  id: string;
  tree: FileTree;
  verbs: IVerbs;
  run: wire.Run;
  /** The run can still write files. */
  live: boolean;
  /** The page is in front. */
  visible: boolean;
  trans: TranslationBundle;
  /** Register a file or folder as a model. */
  onRegister: (path: string) => void;
}): React.JSX.Element {
  const { tree, verbs, run, live, visible, trans } = props;
  useSignal(tree.changed);
  useRefresh(tree, live, visible, run.version);
  const { rows, selected, problem } = tree;
  const top = rows.filter(({ level }) => level === 1).length;
  return (
    <div className="jp-mltrain-Files">
      <div className="jp-mltrain-Files-side">
        <div className="jp-mltrain-Files-bar">
          <span>{tree.ready ? trans._n('%1 entry', '%1 entries', top) : ''}</span>
          <a
            className="jp-mltrain-Button"
            href={verbs.zipUrl(run.id)}
            download=""
            aria-label={trans.__('Download all files as a zip')}
          >
            <downloadIcon.react tag="span" width="14px" height="14px" />
            {trans.__('All')}
          </a>
          {selected?.is_folder && (
            <a
              className="jp-mltrain-Button"
              href={verbs.zipUrl(run.id, `${selected.path}/`)}
              download=""
              aria-label={trans.__('Download the folder %1 as a zip', shown(selected.name))}
            >
              <downloadIcon.react tag="span" width="14px" height="14px" />
              {shown(selected.name)}
            </a>
          )}
          {selected && /^outputs(\/|$)/.test(selected.path) && (
            <button
              type="button"
              className="jp-mltrain-Button"
              aria-label={trans.__('Register %1 as model', shown(selected.name))}
              onClick={() => props.onRegister(selected.path)}
            >
              <modelIcon.react tag="span" width="14px" height="14px" />
              {trans.__('Register as model…')}
            </button>
          )}
        </div>
        {problem !== null && <p className="jp-mltrain-RunPage-note">{problem}</p>}
        {rows.length ? (
          <Tree id={props.id} tree={tree} trans={trans} />
        ) : tree.ready ? (
          problem === null && (
            <p className="jp-mltrain-RunPage-empty">
              {live
                ? trans.__(
                    'No files yet. What the script writes to outputs/ and logs/ shows here.'
                  )
                : trans.__('The run kept no files.')}
            </p>
          )
        ) : (
          <div className="jp-mltrain-Skeleton" aria-hidden="true">
            <span />
            <span />
            <span />
          </div>
        )}
      </div>
      <div className="jp-mltrain-Files-preview">
        {selected && !selected.is_folder ? (
          <FilePreview verbs={verbs} runId={run.id} entry={selected} trans={trans} />
        ) : (
          <p className="jp-mltrain-RunPage-empty">
            {trans.__('Select a file to look into it.')}
          </p>
        )}
      </div>
    </div>
  );
}

function Tree(props: {
  id: string;
  tree: FileTree;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { id, tree, trans } = props;
  const { rows, selectedIndex } = tree;
  const scroller = React.useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 10
  });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const end = (items[items.length - 1]?.index ?? -1) + 1;
  React.useEffect(() => {
    tree.need(first, end);
  }, [tree, first, end, rows]);
  const { selected } = tree;
  const path = selected?.path;
  const seen = React.useRef(path);
  React.useEffect(() => {
    // Follow the selection as it moves, but leave the reader where they are when rows change.
    if (path !== seen.current && selectedIndex >= 0) {
      virtual.scrollToIndex(selectedIndex);
    }
    seen.current = path;
  }, [path, selectedIndex, virtual]);
  return (
    <div
      ref={scroller}
      className="jp-mltrain-Files-tree"
      role="tree"
      tabIndex={0}
      aria-label={trans.__('Files of the run')}
      aria-activedescendant={
        selectedIndex >= first && selectedIndex < end ? `${id}-row-${selectedIndex}` : undefined
      }
      onFocus={() => {
        if (selectedIndex < 0 && rows[0]?.entry) {
          tree.select(rows[0].entry.path);
        }
      }}
      onKeyDown={event => {
        const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
        const page = Math.floor((scroller.current?.clientHeight ?? 240) / ROW_PX) - 1;
        if (plain && event.target === event.currentTarget && tree.press(event.key, page)) {
          event.preventDefault();
          event.stopPropagation();
        }
      }}
    >
      <div className="jp-mltrain-Files-rows" style={{ height: virtual.getTotalSize() }}>
        {items.map(item => (
          <Row
            key={rows[item.index].entry?.path ?? `${rows[item.index].folder}/\0${item.index}`}
            tree={tree}
            trans={trans}
            rowId={`${id}-row-${item.index}`}
            row={rows[item.index]}
            top={item.start}
            selected={item.index === selectedIndex}
          />
        ))}
      </div>
    </div>
  );
}

/** One row; it stays as it is while others come and go around it. */
const Row = React.memo(function Row(props: {
  rowId: string;
  row: ITreeRow;
  top: number;
  selected: boolean;
  tree: FileTree;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { row, selected, tree, trans } = props;
  const { entry, expanded, level } = row;
  const style = { top: props.top, paddingLeft: 4 + (level - 1) * 16 };
  if (!entry) {
    return (
      <div className="jp-mltrain-Files-row" style={style} role="presentation">
        <span className="jp-mltrain-Files-missing" />
      </div>
    );
  }
  const Caret = expanded ? caretDownIcon : caretRightIcon;
  const Kind = entry.is_folder ? folderIcon : fileIcon;
  const name = shown(entry.name);
  return (
    <div
      id={props.rowId}
      className="jp-mltrain-Files-row"
      style={style}
      role="treeitem"
      aria-level={level}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-selected={selected}
      aria-expanded={entry.is_folder ? expanded : undefined}
      title={shown(entry.path)}
      onClick={() => {
        tree.select(entry.path);
        if (entry.is_folder) {
          tree.toggle(entry.path);
        }
      }}
    >
      <span className="jp-mltrain-Files-caret">
        {entry.is_folder && <Caret.react tag="span" width="14px" height="14px" />}
      </span>
      <Kind.react tag="span" width="14px" height="14px" className="jp-mltrain-Files-kind" />
      <span className="jp-mltrain-Files-name">{name}</span>
      {entry.modified_at !== null && !entry.is_folder && (
        <span className="jp-mltrain-Files-age">
          <Age at={entry.modified_at} trans={trans} />
        </span>
      )}
      {entry.size_bytes !== null && (
        <span className="jp-mltrain-Files-size">{size(trans, entry.size_bytes)}</span>
      )}
    </div>
  );
});

/** Look again while the run goes on and the reader can see it, and once when it has changed. */
function useRefresh(tree: FileTree, live: boolean, visible: boolean, version: number): void {
  React.useEffect(() => {
    if (!visible) {
      return;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    let current = true;
    const look = async (): Promise<void> => {
      if (!document.hidden) {
        await tree.refresh();
      }
      if (current && live) {
        timer = setTimeout(() => void look(), REFRESH_MS);
      }
    };
    void look();
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [tree, live, visible, version]);
}
