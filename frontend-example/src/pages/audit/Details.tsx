/** What an entry says beside who, when and what: the reason first, and all of it on demand. */
import { lazy, Suspense, useState } from "react";
import type { AuditRowFragment } from "../../gql/graphql";
import { wordsOf } from "./entry";

const Result = lazy(() => import("../../components/output/Result"));

export function Details({ entry }: { entry: AuditRowFragment }) {
  const [isOpen, setOpen] = useState(false);
  const { details, seq, seal, digest, id } = entry;
  const words = wordsOf(details);
  return (
    <>
      {words.length > 0 && (
        <dl className="entry-words">
          {words.map(([name, text]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      )}
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Entry {seq} of its chain, {seal === null || seal === undefined ? "not sealed yet" : `seal ${seal}`}</summary>
        {isOpen && (
          <Suspense fallback={null}>
            <p className="id">digest {digest}</p>
            <Result value={details} fileName={`audit-${id}.json`} />
          </Suspense>
        )}
      </details>
    </>
  );
}
