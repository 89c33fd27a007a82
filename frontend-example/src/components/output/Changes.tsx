/** Changes by path: what was added, removed and changed, the old beside the new, long texts line by line. */
import { exactNumber, isObject, plainText, stringify, type Json } from "../../api/json";
import { visible } from "../../visible";
import { Icon } from "../Badge";
import { grouped, serverChanges, type Change, type ChangeKind } from "./comparing";
import { GLYPHS } from "./glyphs";
import { pathText, preview, sizeOf } from "./treeRows";
import JsonTree from "./JsonTree";
import { textDiff } from "./textDiff";
import TextOutput from "./TextOutput";
import "../../styles/output.css";

interface Props {
  /** The `changes` of the server (`ProductSubscription.changes`, `SubscriptionVersion.changes`). */
  changes: Json;
}

/** The list of changes that the server made. */
export default function Changes({ changes }: Props) {
  const { changes: list, omitted } = serverChanges(changes);
  return <ChangeList changes={list} omitted={omitted} />;
}

/** More changes than that below one key are folded at first. */
const FEW = 12;

export function ChangeList({ changes, omitted = 0 }: { changes: readonly Change[]; omitted?: number }) {
  if (!changes.length && !omitted) return <p className="muted">Nothing changed.</p>;
  const groups = grouped(changes);
  return (
    <div className="changes">
      {groups.map(({ key, changes: some }) =>
        some.length > 1 && groups.length > 1 ? (
          <details key={JSON.stringify(key)} open={some.length <= FEW}>
            <summary>
              <code>{visible(String(key))}</code> <span className="muted">{counted(some)}</span>
            </summary>
            <Rows changes={some} />
          </details>
        ) : (
          <Rows key={JSON.stringify(key)} changes={some} />
        ),
      )}
      {omitted > 0 && <p className="cut-note">{omitted.toLocaleString()} more changes are not listed.</p>}
    </div>
  );
}

function counted(changes: readonly Change[]): string {
  const count = (kind: ChangeKind): number => changes.filter((change) => change.kind === kind).length;
  return (["added", "removed", "changed"] as const)
    .map((kind) => [count(kind), kind] as const)
    .filter(([number]) => number)
    .map(([number, kind]) => `${number.toLocaleString()} ${kind}`)
    .join(", ");
}

function Rows({ changes }: { changes: readonly Change[] }) {
  return (
    <ul className="change-rows">
      {changes.map((change) => (
        <ChangeRow key={`${change.kind}${JSON.stringify(change.path)}`} change={change} />
      ))}
    </ul>
  );
}

const ICONS: Record<ChangeKind, keyof typeof GLYPHS> = { added: "plus", removed: "minus", changed: "change" };

function ChangeRow({ change }: { change: Change }) {
  const { path, kind, before, after } = change;
  const lines = typeof before === "string" && typeof after === "string" ? linesOf(before, after) : null;
  return (
    <li className={`change ${kind}`}>
      <span className="change-kind">
        <Icon path={GLYPHS[ICONS[kind]]} />
        {kind}
      </span>
      <code className="change-path">{visible(path.length ? pathText(path).replace(/^\$\.?/, "") : "the whole")}</code>
      {lines !== null ? (
        <TextOutput text={lines} isDiff fileName="difference.diff" label={`Difference of ${pathText(path)}`} />
      ) : (
        <div className="change-values">
          {before !== undefined && <Value value={before} name="before" />}
          {before !== undefined && after !== undefined && <span className="change-arrow"> → </span>}
          {after !== undefined && <Value value={after} name="after" />}
        </div>
      )}
    </li>
  );
}

function linesOf(before: string, after: string): string | null {
  if (exactNumber(before) !== null || exactNumber(after) !== null) return null;
  const [old, now] = [plainText(before), plainText(after)];
  return old.includes("\n") || now.includes("\n") ? textDiff(old, now) : null;
}

const SHORT = 120;

function Value({ value, name }: { value: Json; name: "before" | "after" }) {
  const Tag = name === "before" ? "del" : "ins";
  if (sizeOf(value) && (Array.isArray(value) || isObject(value))) {
    const text = stringify(value);
    if (text.length > SHORT)
      return (
        <details className="change-value">
          <summary>
            <Tag>{preview(value)}</Tag>
          </summary>
          <JsonTree value={value} fileName={`${name}.json`} label={name} />
        </details>
      );
    return <Tag>{visible(text)}</Tag>;
  }
  if (typeof value === "string" && exactNumber(value) === null && value.length > SHORT)
    return (
      <details className="change-value">
        <summary>
          <Tag>{visible(preview(value))}</Tag>
        </summary>
        <TextOutput text={plainText(value)} fileName={`${name}.txt`} label={name} />
      </details>
    );
  return <Tag>{visible(preview(value))}</Tag>;
}
