/** Every version with what it changed, the newest first, and a comparison of any two of them. */
import { lazy, Suspense, useId, useMemo, useState } from "react";
import { Link } from "wouter";
import { run } from "../../api/client";
import type { Source } from "../../api/rowList";
import { useRowList } from "../../api/useRowList";
import { addresses } from "../../app/addresses";
import { Badge } from "../../components/Badge";
import { Problem } from "../../components/Problem";
import { Time } from "../../components/Time";
import type { SubscriptionHistoryQuery } from "../../gql/graphql";
import { CHANGES_BETWEEN, HISTORY } from "../../operations/products";
import { isObject, type Json } from "../../api/json";
import { counted } from "../../words";
import { isAbout } from "./detail";

const Changes = lazy(() => import("../../components/output/Changes"));

type Version = NonNullable<SubscriptionHistoryQuery["productSubscription"]>["history"]["nodes"][number];
type Row = Version & { id: string };

/** Changes that are shown unfolded. */
const FEW = 12;

export function History({ id, version }: { id: string; version: number }) {
  const source = useMemo(() => sourceOf(id), [id]);
  const [list, shown] = useRowList(source, (rows, events) => {
    if (events.some((event) => isAbout(id, event))) rows.peekSoon();
  });
  return (
    <section className="subscription-history" aria-labelledby="history-title">
      <h2 id="history-title">History</h2>
      {version > 1 && <Comparison id={id} version={version} />}
      {shown.error && <Problem error={shown.error} title="The history was not read." onRetry={() => void list.reload()} />}
      <ol className="versions" reversed>
        {shown.rows.map((row, at) => (
          <VersionItem key={row.id} row={row} before={shown.rows[at + 1]} />
        ))}
      </ol>
      {shown.hasMore && (
        <button type="button" className="quiet" disabled={shown.isReading} onClick={() => void list.more()}>
          Show older versions
        </button>
      )}
    </section>
  );
}

function sourceOf(id: string): Source<Row> {
  return {
    pageSize: 10,
    showsNewAtOnce: true,
    page: async (first, after) => {
      const { productSubscription } = await run(HISTORY, { id, first, after });
      const { nodes = [], pageInfo } = productSubscription?.history ?? {};
      const rows = nodes.map((each) => ({ ...each, id: String(each.version) }));
      return { rows, hasMore: pageInfo?.hasNextPage ?? false, cursor: pageInfo?.endCursor ?? null };
    },
    compare: (a, b) => b.version - a.version,
  };
}

/** In the first version also what has no value counts as added; nobody wants to read it. */
function shownChanges(changes: Json): Json[] {
  const all = Array.isArray(changes) ? changes : [];
  return all.filter((each) => !isObject(each) || each["change"] === "omitted" || !isNothing(each["old"]) || !isNothing(each["new"]));
}

const isNothing = (value: unknown): boolean => value === null || value === undefined;

function VersionItem({ row, before }: { row: Row; before: Row | undefined }) {
  const { version, at, status, process } = row;
  const changes = shownChanges(row.changes);
  const count = changes.length;
  const list = (
    <Suspense fallback={<p className="muted">Reading…</p>}>
      <Changes changes={changes} />
    </Suspense>
  );
  return (
    <li className="version" aria-label={`Version ${version}`}>
      <p className="version-head">
        <b>Version {version}</b>
        {status !== before?.status && <Badge status={status} />}
        <Time at={at} />
        <span className="muted">
          {process ? (
            <>
              by <Link href={addresses.process(process.id)}>{process.subject}</Link>
              {process.createdBy && `, started by ${process.createdBy.name}`}
            </>
          ) : (
            "by a person who edited a text, by a migration, or by a process that is removed"
          )}
        </span>
      </p>
      {count === 0 && <p className="muted">Nothing that is shown differs.</p>}
      {version === 1 || count > FEW ? (
        <details>
          <summary>{version === 1 ? `Created with ${counted(count, "value")}` : counted(count, "change")}</summary>
          {list}
        </details>
      ) : (
        count > 0 && list
      )}
    </li>
  );
}

/** What differs between two versions that need not follow each other. */
function Comparison({ id, version }: { id: string; version: number }) {
  const [from, setFrom] = useState(1);
  const [to, setTo] = useState(version);
  const [answer, setAnswer] = useState<{ from: number; to: number; changes: Json } | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const compare = async (): Promise<void> => {
    setError(null);
    try {
      const { productSubscription } = await run(CHANGES_BETWEEN, { id, from, to });
      setAnswer({ from, to, changes: productSubscription?.changes ?? [] });
    } catch (problem) {
      setAnswer(null);
      setError(problem as Error);
    }
  };
  return (
    <details className="comparison">
      <summary>Compare two versions</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void compare();
        }}
      >
        <VersionField label="From version" value={from} most={version} onChange={setFrom} />
        <VersionField label="to version" value={to} most={version} onChange={setTo} />
        <button>Compare</button>
      </form>
      {error && <Problem error={error} title="The versions were not compared." />}
      {answer && (
        <div role="status">
          <h3>
            From version {answer.from} to version {answer.to}
          </h3>
          {Array.isArray(answer.changes) && answer.changes.length === 0 ? (
            <p className="muted">Nothing differs.</p>
          ) : (
            <Suspense fallback={null}>
              <Changes changes={answer.changes} />
            </Suspense>
          )}
        </div>
      )}
    </details>
  );
}

interface VersionFieldProps {
  label: string;
  value: number;
  most: number;
  onChange: (version: number) => void;
}

function VersionField({ label, value, most, onChange }: VersionFieldProps) {
  const id = useId();
  return (
    <div className="version-field">
      <label htmlFor={id}>{label}</label>
      <input id={id} type="number" min={1} max={most} required value={value} onChange={(event) => onChange(event.target.valueAsNumber || 1)} />
    </div>
  );
}
