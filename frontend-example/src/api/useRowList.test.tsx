// @vitest-environment jsdom
import { act } from "react";
import { createRoot } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Page, Source } from "./rowList";
import { useRowList } from "./useRowList";

interface Row {
  id: string;
}

/** A source whose answer comes when the test wants it. */
function source(id: string): Source<Row> & { answer: () => Promise<void> } {
  let resolve = (_page: Page<Row>): void => undefined;
  const page = new Promise<Page<Row>>((take) => (resolve = take));
  return {
    page: () => page,
    compare: (a, b) => a.id.localeCompare(b.id),
    answer: () => act(async () => resolve({ rows: [{ id }], hasMore: false, cursor: null })),
  };
}

function List({ from }: { from: Source<Row> }) {
  const [, { rows, isReading }] = useRowList(from, () => undefined);
  return `${rows.map(({ id }) => id).join()}${isReading ? " reading" : ""}`;
}

describe("the rows of a component", () => {
  const place = document.createElement("div");
  const root = createRoot(place);
  beforeEach(() => {
    vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
    vi.stubGlobal("scrollTo", () => undefined);
  });
  afterEach(() => vi.unstubAllGlobals());

  it("stay while another list is read, so that a filter leaves no gap", async () => {
    const [first, second] = [source("one"), source("two")];
    await act(async () => root.render(<List from={first} />));
    expect(place.textContent).toBe(" reading");
    await first.answer();
    expect(place.textContent).toBe("one");
    await act(async () => root.render(<List from={second} />));
    expect(place.textContent).toBe("one reading");
    await second.answer();
    expect(place.textContent).toBe("two");
  });
});
