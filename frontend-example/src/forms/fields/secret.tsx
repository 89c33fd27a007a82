/** A secret is never shown: it stays as it is, or is replaced whole. */
import { useState } from "react";
import { emptied } from "../fresh";
import { typeOf } from "../kinds";
import { readJson, readNumber, textValue, type Reading } from "../typed";
import { usePage } from "./context";
import type { DrawnProps } from "./drawn";
import { useTyped } from "./useTyped";

export function SecretField(props: DrawnProps) {
  const { value, control, change } = props;
  // What came is a mask, if anything came: it goes back untouched.
  const [came] = useState(value);
  const [isReplaced, setReplaced] = useState(false);
  const isSet = came !== undefined && came !== null && came !== "";
  if (!isSet) return <SecretInput {...props} />;
  if (!isReplaced)
    return (
      <div className="secret">
        <span className="muted" id={`${control.id}__state`}>
          A value is set. It is not shown.
        </span>
        <button type="button" {...control} aria-required={undefined} aria-invalid={undefined} onClick={() => setReplaced(true)}>
          Replace
        </button>
      </div>
    );
  const keep = (): void => {
    setReplaced(false);
    change(came);
  };
  return (
    <div className="secret">
      <SecretInput {...props} value={value === came ? undefined : value} isFocused />
      <button type="button" className="quiet" onClick={keep}>
        Keep the value that is set
      </button>
    </div>
  );
}

function SecretInput(props: DrawnProps & { isFocused?: boolean }) {
  const { schema, value, path, control, change, isFocused = false } = props;
  const { root } = usePage();
  const [text, type] = useTyped({
    value,
    path,
    change,
    write: (shown) => (typeof shown === "string" ? shown : ""),
    read: (typed) => (typed === "" ? { value: schema.isNullable ? null : emptied({ type: schema.type }, root) } : readSecret(typed, typeOf(schema))),
  });
  return (
    <>
    {/* Browsers ask for the name that belongs to a password; a field of a form has none. */}
    <input type="text" autoComplete="username" hidden readOnly value="" />
    <input
      {...control}
      type="password"
      autoComplete="new-password"
      spellCheck={false}
      autoFocus={isFocused}
      placeholder={schema.isNullable && (value === null || value === undefined) ? "Not set" : ""}
      value={text}
      onChange={({ target }) => type(target.value)}
    />
    </>
  );
}

function readSecret(typed: string, type: string): Reading {
  if (type === "string") return { value: textValue(typed) };
  return type === "integer" || type === "number" ? readNumber(typed, type === "integer") : readJson(typed);
}
