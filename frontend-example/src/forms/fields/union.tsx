/** A value of one of several kinds: the person chooses the kind, and then the field of that kind is drawn. */
import { Fragment, useMemo, useRef, useState } from "react";
import type { Json } from "../../api/json";
import { branchesOf, branchOf, namesOf } from "../branches";
import { fresh } from "../fresh";
import { asSchema, type Schema } from "../schema";
import { usePage } from "./context";
import type { DrawnProps } from "./drawn";

export function UnionField({ schema, ui, value, label, isRequired, control, change, draw }: DrawnProps) {
  const { root } = usePage();
  const branches = useMemo(() => branchesOf(schema, root), [schema, root]);
  const names = useMemo(() => namesOf(branches, root), [branches, root]);
  const [picked, setPicked] = useState<number | null>(null);
  const found = useMemo(() => branchOf(value, branches, root), [value, branches, root]);
  // What the person typed for another kind comes back with that kind.
  const kept = useRef(new Map<number, Json>());
  const chosen = picked ?? found;
  const branch = branches[chosen];

  const pick = (next: number): void => {
    if (value !== undefined) kept.current.set(chosen, value);
    setPicked(next);
    const known = kept.current.get(next);
    change(known !== undefined ? known : fresh(branches[next] ?? {}, root));
  };
  return (
    <div className={`union ${branch && isSmall(branch) ? "small" : "large"}`}>
      <select
        id={branch && branch.type !== "null" ? `${control.id}__kind` : control.id}
        aria-label={`Kind of ${label}`}
        value={chosen < 0 ? "" : chosen}
        onChange={({ target }) => pick(Number(target.value))}
      >
        {chosen < 0 && (
          <option value="" disabled>
            Choose…
          </option>
        )}
        {names.map((name, at) => (
          <option key={at} value={at}>
            {name}
          </option>
        ))}
      </select>
      {branch && branch.type !== "null" && (
        <Fragment key={chosen}>
          {draw({ name: "", schema: withoutName(branch, schema), value, label, ui: uiOf(ui, chosen), isRequired, isInner: true, isSamePath: true })}
        </Fragment>
      )}
    </div>
  );
}

const isSmall = (branch: Schema): boolean => branch.type !== "object" && branch.type !== "array" && !branch.properties;

/** The kind's own title, and the field that names the kind, stand in the selector already. */
function withoutName({ title: _title, ...branch }: Schema, union: Schema): Schema {
  const { propertyName } = asSchema(union.discriminator);
  const named = Object.entries(asSchema(branch.properties)).filter(([key]) => key !== propertyName);
  return branch.properties ? { ...branch, properties: Object.fromEntries(named) as Schema as Json } : branch;
}

function uiOf(ui: Schema, chosen: number): Schema {
  const { "ui:field": _field, "ui:title": _title, "ui:options": _options, ...below } = ui;
  const own = asSchema((Array.isArray(ui.anyOf) ? ui.anyOf : [])[chosen]);
  return { ...below, ...own };
}
