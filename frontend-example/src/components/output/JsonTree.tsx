/** A JSON value as a tree: arrow keys open, close and walk; numbers have all the digits that the server sent. */
import { useEffect, useMemo, useRef, useState } from "react";
import { stringify, type Json } from "../../api/json";
import { download } from "../../clipboard";
import { Problem } from "../Problem";
import { useDebounced } from "../Time";
import { CopyButton } from "./CopyButton";
import { copyOf, findIn, hasManyNodes, MOST_FOUND, pathId, pathText, valueAt, type Path } from "./treeRows";
import { onFind, SearchBar } from "./SearchBar";
import { TreeNode } from "./TreeNode";
import { useTree } from "./useTree";
import "../../styles/output.css";

interface Props {
  value: Json;
  fileName: string;
  label?: string;
  /** Nodes with at most so many children are open at first, down to the second level. */
  openUpTo?: number;
}

export default function JsonTree({ value, fileName, label = "JSON", openUpTo = 20 }: Props) {
  const tree = useTree(value, openUpTo);
  const search = useTreeSearch(value, tree.show);
  const list = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState<Error | null>(null);
  const { rows, focused } = tree;
  const path = rows.find(({ id }) => id === focused)?.path ?? [];

  const seen = useRef<string | null>(null);
  useEffect(() => {
    const { currentId } = search;
    const row = currentId && list.current?.querySelector(`[data-id="${CSS.escape(currentId)}"]`);
    // The row may come with the next rows; it is brought into view once, not whenever a node is opened.
    if (seen.current === currentId || (currentId && !row)) return;
    seen.current = currentId;
    if (row) row.scrollIntoView({ block: "nearest" });
  }, [search, rows]);

  const focusRow = (id: string): void => {
    tree.focus(id);
    list.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`)?.focus();
  };

  return (
    <div className="output json" onKeyDown={(event) => onFind(event, field.current)}>
      <div className="output-tools">
        {(search.query || hasManyNodes(value)) && (
          <SearchBar
            ref={field}
            label={`Search in ${label}`}
            query={search.query}
            onQuery={search.setQuery}
            count={search.settled ? search.found.length : null}
            hasMore={search.found.length >= MOST_FOUND}
            position={search.position}
            onStep={search.step}
            onLeave={() => focusRow(focused)}
          />
        )}
        <CopyButton text={() => copyOf(value)} onError={setProblem}>
          Copy all
        </CopyButton>
        <button
          type="button"
          className="quiet"
          onClick={() => download(stringify(value, 2), fileName, "application/json")}
        >
          Download
        </button>
      </div>
      <div
        ref={list}
        className="json-tree"
        role="tree"
        aria-label={label}
        onKeyDown={(event) => tree.onKey(event, focusRow)}
      >
        {rows.map((row) => (
          <TreeNode
            key={row.id}
            row={row}
            fileName={fileName}
            isFocused={row.id === focused}
            isFound={row.range === null && row.id === search.currentId}
            onToggle={tree.toggle}
            onFocus={tree.focus}
          />
        ))}
      </div>
      {path.length > 0 && (
        <p className="json-place">
          <code>{pathText(path)}</code>
          <CopyButton text={() => pathText(path)} onError={setProblem}>
            Copy path
          </CopyButton>
          <CopyButton text={() => copyOf(valueAt(value, path))} onError={setProblem}>
            Copy value
          </CopyButton>
        </p>
      )}
      {problem && <Problem error={problem} />}
    </div>
  );
}

function useTreeSearch(value: Json, show: (path: Path) => void) {
  const [query, setQuery] = useState("");
  const settled = useDebounced(query.trim(), 150);
  const found = useMemo(() => findIn(value, settled), [value, settled]);
  const [position, setPosition] = useState(0);
  const latest = useRef(show);
  latest.current = show;
  useEffect(() => {
    setPosition(0);
    if (found[0]) latest.current(found[0]);
  }, [found]);

  const step = (by: 1 | -1): void => {
    if (!found.length) return;
    const next = (position + by + found.length) % found.length;
    setPosition(next);
    show(found[next] ?? []);
  };
  const current = found[position];
  return { query, setQuery, settled, found, position, step, currentId: current ? pathId(current) : null };
}
