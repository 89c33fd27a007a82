// @vitest-environment jsdom
import { act } from "react";
import { createRoot } from "react-dom/client";
import { expect, it, vi } from "vitest";
import type { Json } from "../api/json";
import PageForm from "./PageForm";

const MARK = "\u202e";
const fact = { type: "string", readOnly: true };

/** What a page shows and does not ask, each with a mark that reverses the reading direction of what follows. */
const SHOWN: [string, { [key: string]: Json }, Json][] = [
  ["a line", fact, `${MARK}gnp.exe`],
  ["the name of a choice", { ...fact, enum: ["a"], options: { a: `${MARK}gnp.exe` } }, "a"],
  ["a choice", { type: "string", enum: [`${MARK}gnp.exe`, "b"] }, "b"],
  ["a label", { type: "string", format: "label" }, `${MARK}gnp.exe`],
  ["a callout", { type: "object", format: "callout" }, { header: "h", message: `${MARK}gnp.exe` }],
  ["a text with marks", { type: "object", format: "markdown" }, { content: `**${MARK}gnp.exe**` }],
  ["a table", { type: "object", format: "summary", extraProperties: { data: { headers: ["h"], labels: ["l"], columns: [[`${MARK}gnp.exe`]] } } }, null],
  ["the name of a field", { ...fact, title: `${MARK}gnp.exe` }, "x"],
  ["the help of a field", { ...fact, description: `${MARK}gnp.exe` }, "x"],
];

it.each(SHOWN)("a decision never reads as another one by a hidden mark: in %s", async (_, field, value) => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  const place = document.body.appendChild(document.createElement("div"));
  const root = createRoot(place);
  await act(async () => {
    root.render(
      <PageForm schema={{ type: "object", properties: { field } }} uiSchema={{}} initialData={{ field: value }} onSubmit={() => undefined}>
        {null}
      </PageForm>,
    );
  });
  expect(place.textContent).toContain("⟨U+202E⟩");
  expect(place.textContent).not.toContain(MARK);
  await act(async () => root.unmount());
  place.remove();
});
