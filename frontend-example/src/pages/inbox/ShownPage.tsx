/** What a task asks to confirm, to look at. */
import { lazy, Suspense, type ReactNode } from "react";
import { readable } from "../../visible";
import type { Page } from "./bulk";

const PageForm = lazy(() => import("../../forms/PageForm"));

export function ShownPage({ page }: { page: Page }) {
  return (
    <div className="shown-page">
      {page.description && <p className="words">{readable(page.description)}</p>}
      <Suspense fallback={<p className="muted">Loading…</p>}>
        <PageForm schema={page.schema} uiSchema={page.uiSchema} initialData={page.initialData} cutNotes={cutNotes(page)} onSubmit={() => undefined}>
          {null}
        </PageForm>
      </Suspense>
    </div>
  );
}

/** A truthful note below each text of which only the beginning came. */
function cutNotes({ cuts }: Page): { [field: string]: ReactNode } {
  return Object.fromEntries(
    cuts.map(({ key, shownLength, totalLength }) => [
      key,
      <p key={key} className="help">
        The first {shownLength.toLocaleString()} of {totalLength.toLocaleString()} characters are shown. Open the task to read all of them.
      </p>,
    ]),
  );
}
