/** Somebody else was faster: who, and what the person had typed. */
import { Time } from "../../components/Time";
import type { Draft } from "../wizard/drafts";
import { TypedValues } from "../wizard/TypedValues";
import { ENDS, firstWords, isOpen, type Request } from "./facts";

interface Props {
  request: Request;
  draft: Draft | null;
  onForget: () => void;
}

export function KeptTexts({ request, draft, onForget }: Props) {
  const pages = draft?.pages.map(({ typed }) => typed).filter((typed) => Object.keys(typed).length > 0) ?? [];
  return (
    <section className="kept" aria-label={draft ? "What you had typed" : "Who was first"}>
      <p className="words" role="alert">
        <WhoWasFirst request={request} gaveWayAt={draft?.gaveWayAt} />
        {draft && " What you had typed was not taken. It is kept here:"}
      </p>
      {pages.length > 0 && <TypedValues pages={pages} />}
      {draft?.comment && <q>{draft.comment}</q>}
      <div className="actions">
        <button type="button" className="quiet" onClick={onForget}>
          {draft ? "Forget it" : "Dismiss"}
        </button>
      </div>
    </section>
  );
}

function WhoWasFirst({ request, gaveWayAt }: { request: Request; gaveWayAt: string | undefined }) {
  const end = ENDS[request.status];
  const first = firstWords(request, gaveWayAt);
  if (end) return <>{end}.</>;
  if (!first) return <>What is asked has changed meanwhile.</>;
  return (
    <>
      {first.words} <Time at={first.at} isRelative />.
      {isOpen(request) && " The form below shows what was approved."}
    </>
  );
}
