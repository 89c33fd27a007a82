/** One row of a JSON tree; a long text opens as lines. */
import { memo } from "react";
import { plainText } from "../../api/json";
import { bytesOf, size } from "../../bytes";
import { visible } from "../../visible";
import { Icon } from "../Badge";
import { counted } from "../../words";
import { GLYPHS } from "./glyphs";
import { kindOf, LONGEST_TEXT, preview, type TreeRow } from "./treeRows";
import TextOutput from "./TextOutput";

interface Props {
  row: TreeRow;
  fileName: string;
  isFocused: boolean;
  isFound: boolean;
  onToggle: (row: TreeRow) => void;
  onFocus: (id: string) => void;
}

export const TreeNode = memo(function TreeNode({ row, fileName, isFocused, isFound, onToggle, onFocus }: Props) {
  const { id, level, position, siblings, key, range, value, canOpen, isOpen } = row;
  const kind = kindOf(value);
  const isText = kind === "text" && isOpen;
  return (
    <div
      role="treeitem"
      className={isFound ? "json-row found" : "json-row"}
      data-id={id}
      aria-level={level}
      aria-posinset={position}
      aria-setsize={siblings}
      aria-expanded={canOpen ? isOpen : undefined}
      aria-selected={isFocused}
      tabIndex={isFocused ? 0 : -1}
      style={{ paddingInlineStart: `${Math.min(level - 1, 12) * 1.1}rem` }}
      onFocus={({ target, currentTarget }) => target === currentTarget && onFocus(id)}
    >
      <span className="json-line" onClick={() => onToggle(row)}>
        <span className={isOpen ? "json-mark open" : "json-mark"}>{canOpen && <Icon path={GLYPHS.right} />}</span>
        {range ? (
          <span className="json-range">
            {range[0].toLocaleString()} – {range[1].toLocaleString()}
          </span>
        ) : (
          <>
            {key !== null && <span className="json-key">{typeof key === "number" ? key : visible(key || '""')}</span>}
            {!isText && <span className={`json-value kind-${kind}`}>{visible(preview(value))}</span>}
            {kind === "text" && canOpen && <span className="json-size">{lengthOf(String(value))}</span>}
          </>
        )}
      </span>
      {isText && (
        <TextOutput text={plainText(String(value))} fileName={`${fileName}.txt`} label={String(key ?? "Text")} />
      )}
    </div>
  );
});

function lengthOf(text: string): string {
  return text.length > LONGEST_TEXT ? size(bytesOf(text)) : counted(text.split("\n").length, "line");
}
