/** What an entry says beside who, when and what: the reason first, and all of it on demand. */
import { lazy, Suspense, useState } from "react";
import { Fact } from "../../components/Fact";
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
            <Fact key={name} name={name}>
              {text}
            </Fact>
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
