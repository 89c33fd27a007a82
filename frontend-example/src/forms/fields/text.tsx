/** Texts: one line or several, moments, numbers, JSON. */
import { useState } from "react";
import type { ReactNode } from "react";
import type { Json } from "../../api/json";
import { emptied } from "../fresh";
import { typeOf } from "../kinds";
import { EXAMPLES, localTime, noteOn, readSeconds, writeSeconds } from "../moments";
import { asList, asSchema, type Schema } from "../schema";
import { hasLines, readDecimal, readJson, readNumber, textOf, textValue, withEndsOf, withPlainEnds, writeJson, type Reading } from "../typed";
import { usePage } from "./context";
import type { ControlProps, DrawnProps } from "./drawn";
import { useTyped } from "./useTyped";

/** Empty input means: no value, or the empty text. */
function useEmptied({ schema }: DrawnProps): Json {
  const { root } = usePage();
  return schema.isNullable ? null : emptied(schema, root);
}

const placeholderOf = (value: Json | undefined, isNullable: unknown, ui: Schema, example = ""): string => {
  const own = ui["ui:placeholder"];
  if (typeof own === "string") return own;
  return example || (isNullable && (value === null || value === undefined) ? "Not set" : "");
};

interface LineProps extends ControlProps {
  value: string;
  onChange: (text: string) => void;
  placeholder: string;
  inputMode?: "decimal" | "email" | "numeric" | "url";
  list?: string;
}

function Line({ onChange, ...props }: LineProps) {
  return <input type="text" autoComplete="off" spellCheck={false} {...props} onChange={(event) => onChange(event.target.value)} />;
}

const INPUT_MODES: Record<string, "email" | "url"> = { email: "email", uri: "url" };

export function TextField(props: DrawnProps) {
  const { schema, ui, value, control, change } = props;
  const empty = useEmptied(props);
  // A text that once had lines keeps its area while the person types.
  const [hadLines] = useState(() => hasLines(value));
  if (hadLines || hasLines(value)) return <LinesField {...props} />;
  const shared = {
    ...control,
    value: textOf(value),
    onChange: (text: string) => change(text === "" ? empty : textValue(text)),
    placeholder: placeholderOf(value, schema.isNullable, ui),
  };
  const mode = INPUT_MODES[String(schema.format)];
  const examples = asList(schema.examples);
  if (!examples.length) return <Line {...shared} {...(mode && { inputMode: mode })} />;
  const labels = asSchema(schema.options);
  return (
    <>
      <Line {...shared} list={`${control.id}__list`} />
      <datalist id={`${control.id}__list`}>
        {examples.map((example) => (
          <option key={textOf(example)} value={textOf(example)}>
            {textOf(labels[textOf(example)])}
          </option>
        ))}
      </datalist>
    </>
  );
}

const FEWEST_ROWS = 4;
const MOST_ROWS = 16;

const looksLikeCode = (text: string): boolean => /^\s*[[{<]/.test(text);

export function LinesField(props: DrawnProps) {
  const { schema, ui, value, control, change } = props;
  const empty = useEmptied(props);
  const [before] = useState(() => textOf(value));
  const text = textOf(value);
  return (
    <textarea
      {...control}
      className={looksLikeCode(before) ? "code" : undefined}
      spellCheck={!looksLikeCode(before)}
      rows={Math.min(MOST_ROWS, Math.max(FEWEST_ROWS, withPlainEnds(text).split("\n").length))}
      placeholder={placeholderOf(value, schema.isNullable, ui)}
      value={withPlainEnds(text)}
      onChange={(event) => change(event.target.value === "" ? empty : textValue(withEndsOf(before, event.target.value)))}
    />
  );
}

function Noted({ id, note, children }: { id: string; note: ReactNode; children: ReactNode }) {
  return (
    <div className="noted">
      {children}
      <span className="help" id={`${id}__note`}>
        {note}
      </span>
    </div>
  );
}

export function MomentField(props: DrawnProps) {
  const { schema, ui, value, control, change } = props;
  const empty = useEmptied(props);
  const format = String(schema.format);
  return (
    <Noted id={control.id} note={noteOn(format, textOf(value))}>
      <Line
        {...control}
        value={textOf(value)}
        onChange={(text) => change(text === "" ? empty : textValue(text))}
        placeholder={placeholderOf(value, schema.isNullable, ui, EXAMPLES[format])}
      />
    </Noted>
  );
}

/** Seconds since 1970, shown and typed as date and time. */
export function TimestampField(props: DrawnProps) {
  const { schema, ui, value, path, control, change } = props;
  const empty = useEmptied(props);
  const [text, type] = useTyped({
    value,
    path,
    change,
    write: (seconds) => (typeof seconds === "number" ? writeSeconds(seconds) : textOf(seconds)),
    read: (typed) => (typed === "" ? { value: empty } : readSeconds(typed)),
  });
  const note = typeof value === "number" ? `${localTime(value * 1000)} local time.` : "";
  return (
    <Noted id={control.id} note={note}>
      <Line {...control} value={text} onChange={type} placeholder={placeholderOf(value, schema.isNullable, ui, EXAMPLES["date-time"])} />
    </Noted>
  );
}

function ExactField(props: DrawnProps & { read: (text: string) => Reading; inputMode: "decimal" | "numeric" }) {
  const { schema, ui, value, path, control, change, read, inputMode } = props;
  const empty = useEmptied(props);
  const [text, type] = useTyped({ value, path, change, write: textOf, read: (typed) => (typed.trim() === "" ? { value: empty } : read(typed)) });
  return <Line {...control} value={text} onChange={type} inputMode={inputMode} placeholder={placeholderOf(value, schema.isNullable, ui)} />;
}

/** A number of any length: the browser's own number input rounds, and empties what it does not understand. */
export function NumberField(props: DrawnProps) {
  const isWhole = typeOf(props.schema) === "integer";
  return <ExactField {...props} read={(text) => readNumber(text, isWhole)} inputMode={isWhole ? "numeric" : "decimal"} />;
}

export function DecimalField(props: DrawnProps) {
  return <ExactField {...props} read={readDecimal} inputMode="decimal" />;
}

/** Any value, typed as JSON. */
export function JsonField(props: DrawnProps) {
  const { value, path, control, change } = props;
  const [text, type] = useTyped({ value, path, change, write: writeJson, read: (typed) => (typed.trim() === "" ? { value: null } : readJson(typed)) });
  const rows = Math.min(MOST_ROWS, Math.max(2, text.split("\n").length));
  return <textarea {...control} className="code" spellCheck={false} rows={rows} placeholder="JSON" value={text} onChange={(event) => type(event.target.value)} />;
}
