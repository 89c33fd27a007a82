/** One process: what it is, how it stands, and all its steps with their callbacks and forms, live. */
import { useEffect, useMemo, useRef } from "react";
import { Link, useParams } from "wouter";
import { ApiError } from "../../api/client";
import { addresses } from "../../app/addresses";
import { announce, usePageTitle } from "../../components/Announcer";
import { Problem } from "../../components/Problem";
import { lookOf } from "../../status";
import "../../styles/process.css";
import { Heading } from "./Heading";
import type { Head, Shown } from "./processModel";
import { waitOf } from "./recovery";
import { Timeline } from "./Timeline";
import { useAttention } from "./useAttention";
import { useLateAnswers } from "./useLateAnswers";
import { ProcessProvider, useProcess } from "./useProcess";
import { titleOf } from "./words";

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export default function Process() {
  const { id = "" } = useParams<{ id: string }>();
  return (
    <section className="panel process" aria-label="Process">
      <Link className="back" href={addresses.processes}>
        ← All processes
      </Link>
      {ID.test(id) ? <Known key={id} id={id} /> : <NoAddress id={id} />}
    </section>
  );
}

function Known({ id }: { id: string }) {
  const [shown, model] = useProcess(id);
  const { head, isMissing, error } = shown;
  usePageTitle(head ? titleOf(head) : "Process");
  useAnnouncing(head);
  if (head) return <Found shown={shown} head={head} touch={() => model.touch()} />;
  if (isMissing)
    return (
      <Nothing title="No such process">
        There is no process with the id <code>{id}</code>. Either there never was, or it ended long ago and was removed,
        because this server keeps ended processes for a limited time.
      </Nothing>
    );
  // To read it again would change nothing: the server says when it was removed.
  if (error instanceof ApiError && error.code === "NOT_FOUND") return <Nothing title="The process was removed">{error.message}</Nothing>;
  if (error) return <Problem error={error} title="The process was not read." onRetry={() => model.touch()} />;
  return <p className="muted">Reading…</p>;
}

function Found({ shown: { steps, error }, head, touch }: { shown: Shown; head: Head; touch: () => void }) {
  const page = useRef<HTMLDivElement>(null);
  const { availableActions, currentStep } = head;
  const found = waitOf(head, steps);
  const wait = useMemo(() => found, [found?.index, found?.isJudged]);
  const late = useLateAnswers(head.id, wait, steps);
  const open = steps.flatMap(({ requests }) => requests.filter(({ status }) => status === "OPEN").map(({ id }) => id)).join();
  useAttention(page, head.id, open);
  const latest = useRef(touch);
  latest.current = touch;
  const context = useMemo(
    () => ({ head, wait, late, touch: () => latest.current() }),
    // Most changes of the head are of no interest to a button.
    [head.id, head.version, head.note, availableActions.join(), currentStep?.index, wait, late],
  );
  return (
    <ProcessProvider value={context}>
      <div ref={page}>
        {error && <Problem error={error} title="The process was not read again: what is shown may be old." onRetry={touch} />}
        <Heading head={head} steps={steps} />
        <Timeline head={head} steps={steps} />
      </div>
    </ProcessProvider>
  );
}

function NoAddress({ id }: { id: string }) {
  usePageTitle("No such process");
  return (
    <Nothing title="This is no address of a process">
      <code>{id}</code> is no id of a process: an id looks like <code>01a22849-0177-70de-b91e-36af1169ee5c</code>. Perhaps
      a part of the link was lost.
    </Nothing>
  );
}

function Nothing({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <>
      <h1>{title}</h1>
      <p className="words">{children}</p>
    </>
  );
}

/** Tell people who do not see the page that the status changed. */
function useAnnouncing(head: Head | null): void {
  const said = useRef<string | null>(null);
  const status = head?.status ?? null;
  const subject = head?.subject ?? "";
  useEffect(() => {
    if (status !== null && said.current !== null && said.current !== status) announce(`${subject}: ${lookOf(status).word}`);
    said.current = status;
  }, [status, subject]);
}
