/** What a task asks to confirm, to look at. */
import { lazy, Suspense } from "react";
import type { Page } from "./bulk";

const PageForm = lazy(() => import("../../forms/PageForm"));

export function ShownPage({ page }: { page: Page }) {
  return (
    <div className="shown-page">
      {page.description && <p className="words">{page.description}</p>}
      <Suspense fallback={<p className="muted">Loading…</p>}>
        <PageForm schema={page.schema} initialData={page.initialData} onSubmit={() => undefined}>
          {null}
        </PageForm>
      </Suspense>
      {page.cuts.map(({ key, shownLength, totalLength }) => (
        <p key={key} className="help">
          {key}: the first {shownLength.toLocaleString()} of {totalLength.toLocaleString()} characters are shown. Open the task to read all
          of them.
        </p>
      ))}
    </div>
  );
}
