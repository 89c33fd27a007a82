/** What is typed and is no value, above the page: it takes the focus, and each line leads to its field. */
import { useEffect, useRef, type MouseEvent } from "react";
import type { Path } from "./fields/context";
import { branchesOf } from "./branches";
import type { FieldProblem } from "./PageForm";
import { valuesOf } from "./kinds";
import { asList, asSchema, labelOf, resolved, type Schema } from "./schema";

interface Props {
  problems: readonly FieldProblem[];
  idOf: (path: Path) => string;
  schema: Schema;
}

export function ProblemSummary({ problems, idOf, schema }: Props) {
  const summary = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (problems.length) summary.current?.focus();
  }, [problems]);
  if (!problems.length) return null;
  return (
    <div className="summary problems" role="alert" tabIndex={-1} ref={summary}>
      <p>{problems.length === 1 ? "One thing must be corrected:" : `${problems.length} things must be corrected:`}</p>
      <ul>
        {problems.map(({ path, message }, at) => (
          <li key={at}>{path.length ? <ProblemLink name={nameOf(path, schema)} message={message} ids={placesOf(path, idOf)} /> : message}</li>
        ))}
      </ul>
    </div>
  );
}

/** The field, and where it is not drawn the fields above it. */
const placesOf = (path: Path, idOf: (path: Path) => string): string[] => path.map((_, at) => idOf(path.slice(0, path.length - at)));

function ProblemLink({ name, message, ids }: { name: string; message: string; ids: readonly string[] }) {
  const follow = (event: MouseEvent): void => {
    event.preventDefault();
    const place = ids.map((id) => document.getElementById(id) ?? document.getElementById(`${id}__group`)).find(Boolean);
    const control = place?.matches("fieldset") ? place.querySelector<HTMLElement>("input, select, textarea, button") : place;
    control?.scrollIntoView({ block: "center" });
    control?.focus();
  };
  return (
    <>
      <a href={`#${ids[0]}`} onClick={follow}>
        {name}
      </a>
      {": "}
      {message}
    </>
  );
}

/** `Ports 2, Vlan`: the labels on the way to the field. */
function nameOf(path: Path, root: Schema): string {
  const names: string[] = [];
  let at = root;
  for (const key of path) {
    const below = branchesOf(at, root).map((branch) => ({ branch, part: partAt(branch, key) })).find(({ part }) => part !== null);
    const isItem = /^\d+$/.test(String(key)) && !asSchema(below?.branch.properties)[String(key)];
    if (isItem && names.length) names[names.length - 1] += ` ${Number(key) + 1}`;
    else names.push(labelOf(String(key), below?.part ?? {}));
    at = resolved(below?.part ?? {}, root);
  }
  return names.join(", ");
}

function partAt(schema: Schema, key: string | number): Schema | null {
  const property = asSchema(schema.properties)[String(key)];
  const item = schema.prefixItems ? asList(schema.prefixItems)[Number(key)] : schema.items;
  const part = property ?? item ?? (schema.type === "object" ? valuesOf(schema) : null);
  return part === null || part === undefined ? null : asSchema(part);
}
