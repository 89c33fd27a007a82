/** A value that is shown and not asked: a fact, in words. */
import { lazy, Suspense } from "react";
import type { Json } from "../../api/json";
import { asList, asSchema } from "../schema";
import { textOf } from "../typed";
import { visible } from "../../visible";
import { usePage } from "./context";
import type { DrawnProps } from "./drawn";

const Result = lazy(() => import("../../components/output/Result"));
const TextOutput = lazy(() => import("../../components/output/TextOutput"));

/** A longer text, and a text of lines, is output. */
const LONGEST_LINE = 200;

export function ShownField({ schema, value, path, ui, control }: DrawnProps) {
  const { noteAt } = usePage();
  const shown = value === undefined ? (schema.const ?? null) : value;
  const name = path.join("-");
  return (
    <div className="fact-value" id={control.id} tabIndex={-1} aria-labelledby={`${control.id}__name`} role="group">
      <Suspense fallback={<p className="muted">Loading…</p>}>
        <Fact value={shown} name={name} words={choiceName(shown, schema, ui)} />
      </Suspense>
      {noteAt(path)}
    </div>
  );
}

function Fact({ value, name, words }: { value: Json; name: string; words: string | null }) {
  if (words !== null) return <span className="scalar">{visible(words)}</span>;
  if (value === null) return <span className="muted">Not set</span>;
  if (typeof value === "boolean") return <span className="scalar">{value ? "Yes" : "No"}</span>;
  if (typeof value === "object") return isEmpty(value) ? <span className="muted">Empty</span> : <Result value={value} fileName={`${name}.json`} />;
  const text = textOf(value);
  if (text === "") return <span className="muted">Empty</span>;
  if (typeof value === "string" && (text.length > LONGEST_LINE || /[\r\n]/.test(text))) return <TextOutput text={text} fileName={`${name}.txt`} />;
  return <span className={`scalar ${typeof value}`}>{visible(text)}</span>;
}

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;

/** The label of a choice. */
function choiceName(value: Json, schema: DrawnProps["schema"], ui: DrawnProps["ui"]): string | null {
  const at = asList(schema.enum).indexOf(value);
  const name = asList(ui["ui:enumNames"])[at] ?? (typeof value === "string" ? asSchema(schema.options)[value] : undefined);
  return at >= 0 && value !== null && name !== undefined ? textOf(name) : null;
}
