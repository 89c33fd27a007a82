/** Rows of a log with their tools: search, wrap, height, what to do with the whole, and the button to the newest rows. */
import { useCallback, useRef, useState, type ReactNode } from "react";
import { LogView, type LogViewHandle } from "./LogView";
import type { LogRowLine } from "./LogRow";
import { onFind, SearchBar } from "./SearchBar";
import { useSearch } from "./useSearch";
import "../../styles/output.css";
import "../../styles/ansi.css";

interface Props {
  label: string;
  rows: readonly LogRowLine[];
  firstKey?: number;
  startsAtEnd: boolean;
  hasNumbers?: boolean;
  tools?: ReactNode;
  notes?: ReactNode;
  gutter?: (row: LogRowLine) => ReactNode;
  /** Read rows before the first; absent if there are none. It is also called when the person comes to the first rows. */
  older?: (() => void) | undefined;
  /** Called when the person leaves the end, and when the end is seen again. */
  onFollow?: (isFollowing: boolean) => void;
}

/** The search and the choice of the height are worth their place only from so many rows on. */
const FEW_ROWS = 8;
const TALL_ROWS = 18;

/** Characters of a row that fit into a narrow page: a text of shorter rows needs no choice of wrapping. */
const NARROW = 60;

export function LogPane({ label, rows, firstKey, startsAtEnd, hasNumbers = true, ...props }: Props) {
  const { tools, notes, gutter, older, onFollow } = props;
  const view = useRef<LogViewHandle>(null);
  const field = useRef<HTMLInputElement>(null);
  const [isWrapped, setWrapped] = useState(true);
  const [isTall, setTall] = useState(false);
  const [newRows, setNewRows] = useState<number | null>(null);
  const search = useSearch(rows, ({ row }) => view.current?.toRow(row));
  const onPause = useCallback(
    (count: number | null) => {
      setNewRows(count);
      onFollow?.(count === null);
    },
    [onFollow],
  );

  return (
    <div className={isTall ? "output tall" : "output"} onKeyDown={(event) => onFind(event, field.current)}>
      <div className="output-tools">
        {(rows.length > FEW_ROWS || search.query) && (
          <SearchBar
            ref={field}
            label={`Search in ${label}`}
            query={search.query}
            onQuery={search.setQuery}
            count={search.found.query ? search.found.matches.length : null}
            hasMore={search.found.hasMore}
            position={search.position}
            onStep={search.step}
            onLeave={() => view.current?.focus()}
          />
        )}
        {(rows.length > FEW_ROWS || rows.some(({ width }) => width > NARROW)) && (
          <button type="button" className="quiet" aria-pressed={isWrapped} onClick={() => setWrapped(!isWrapped)}>
            Wrap
          </button>
        )}
        {rows.length > TALL_ROWS && (
          <button type="button" className="quiet" aria-pressed={isTall} onClick={() => setTall(!isTall)}>
            Full height
          </button>
        )}
        {tools}
      </div>
      <div className={hasNumbers ? "log-frame" : "log-frame without-numbers"}>
        <LogView
          ref={view}
          label={label}
          rows={rows}
          firstKey={firstKey}
          isWrapped={isWrapped}
          startsAtEnd={startsAtEnd}
          gutter={gutter}
          matches={search.byRow}
          current={search.current}
          onPause={onPause}
          onTop={older}
        />
        {newRows !== null && newRows > 0 && (
          <button type="button" className="new-lines" onClick={() => view.current?.toEnd()}>
            {newRows.toLocaleString()} new {newRows === 1 ? "line" : "lines"}
          </button>
        )}
      </div>
      {older && (
        <p className="cut-note">
          <button
            type="button"
            className="quiet"
            onClick={() => {
              // Where the end is followed, older rows go again.
              view.current?.toTop();
              older();
            }}
          >
            Load older lines
          </button>
        </p>
      )}
      {notes}
    </div>
  );
}
