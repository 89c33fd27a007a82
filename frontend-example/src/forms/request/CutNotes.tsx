/** Texts that are shown without their end: how much is missing, and the whole text on demand. */
import { lazy, Suspense, useState, type ReactNode } from "react";
import { run } from "../../api/client";
import { asSchema, named } from "../schema";
import { FIELD_TEXT } from "../../operations/inputRequests";
import { ErrorWords } from "../wizard/Refusals";
import type { Fields, Page } from "../wizard/types";
import { cutWords } from "./cuts";

const TextOutput = lazy(() => import("../../components/output/TextOutput"));

/** The most that the server returns at once. */
const PART = 1_000_000;

interface Props {
  requestId: string;
  page: Page;
  pagesBefore: () => readonly Fields[];
  cut: Page["cuts"][number];
}

/** A note for each field of the page whose text is cut. */
export const cutNotesOf = (page: Page, props: Pick<Props, "requestId" | "pagesBefore">): { [field: string]: ReactNode } =>
  Object.fromEntries(page.cuts.map((cut) => [cut.key, <CutNote key={page.digest} cut={cut} page={page} {...props} />]));

function CutNote({ requestId, page, pagesBefore, cut }: Props) {
  const [text, setText] = useState<string | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [isLoading, setLoading] = useState(false);
  const { title } = asSchema(asSchema(asSchema(page.schema).properties)[cut.key]);
  const label = typeof title === "string" ? title : named(cut.key);
  const load = async (): Promise<void> => {
    setLoading(true);
    setError(null);
    try {
      setText(await wholeText(requestId, cut.key, pagesBefore()));
    } catch (problem) {
      setError(problem as Error);
    }
    setLoading(false);
  };
  return (
    <div className="cut-note">
      <p>
        {cutWords(label, cut)}{" "}
        {text === null && (
          <button type="button" className="link" aria-disabled={isLoading} onClick={() => !isLoading && void load()}>
            {isLoading ? "Loading…" : "Show the whole text"}
          </button>
        )}
      </p>
      {error && (
        <p className="error" role="alert">
          <ErrorWords error={error} />
        </p>
      )}
      {text !== null && (
        <section aria-label={`${label}, the whole text`}>
          <Suspense fallback={<p className="muted">Loading…</p>}>
            <TextOutput text={text} fileName={`${cut.key}.txt`} />
          </Suspense>
        </section>
      )}
    </div>
  );
}

/** The text in as many parts as it takes. */
async function wholeText(id: string, key: string, pages: readonly Fields[]): Promise<string> {
  const parts: string[] = [];
  let offset: number | null = 0;
  while (offset !== null) {
    const part: { text: string; nextOffset: number | null } | null = await slice(id, key, pages, offset);
    if (!part) throw new Error("The form is closed: its text can be read in the process.");
    parts.push(part.text);
    offset = part.nextOffset;
  }
  return parts.join("");
}

async function slice(id: string, key: string, pages: readonly Fields[], offset: number) {
  const { node } = await run(FIELD_TEXT, { id, key, pages: [...pages], offset, length: PART });
  return node && "fieldText" in node ? node.fieldText : null;
}
