/** Chooses the field for a part of the page, and hands it to rjsf. */
import SchemaField from "@rjsf/core/lib/components/fields/SchemaField.js";
import type { FieldProps } from "@rjsf/utils";
import { useState } from "react";
import { drawnSchema, isSecret, kindOf } from "../kinds";
import { isNullable, resolved, type Schema } from "../schema";
import { usePage } from "./context";
import type { PartProps } from "./drawn";

/**
 * rjsf fills in defaults, and cleans values by the schema that it knows: both change what nobody touched. So it knows none;
 * the real schema travels in `ui:options`, and our fields walk through it.
 */
export function PartField({ piece: part, ...props }: FieldProps & PartProps) {
  const { root } = usePage();
  // The field stays the same while the person types: a secret is still a secret when its mask is gone.
  const [first] = useState(part?.value);
  if (!part) return <SchemaField {...props} schema={{ title: " " }} uiSchema={pageUi(props, root)} />;
  const whole = resolved(part.schema, root);
  const kind = kindOf(whole, root, first);
  if (kind === "hidden") return null;
  const node = kind === "union" ? whole : { ...drawnSchema(whole, root), isNullable: isNullable(whole, root) };
  const isAsked = (part.isRequired ?? false) && !isNullable(whole, root) && !isSecretWithValue(whole, part.value);
  const ui = {
    ...part.ui,
    "ui:field": kind,
    "ui:title": part.label,
    "ui:options": { ...(part.ui?.["ui:options"] as object | undefined), node, isRequired: isAsked, isInner: part.isInner ?? false },
  };
  return <SchemaField {...props} schema={{ title: part.label || " " }} uiSchema={ui} />;
}

const isSecretWithValue = (schema: Schema, value: unknown): boolean => isSecret(schema, value) && typeof value === "string";

const pageUi = (props: FieldProps, root: Schema) => ({ ...props.uiSchema, "ui:field": "page", "ui:options": { node: root, isInner: true } });
