/** Between rjsf and our fields: a field gets the value, its schema and one function to change it. */
import type { FieldProps, UiSchema } from "@rjsf/utils";
import type { ComponentType, ReactNode } from "react";
import type { Json } from "../../api/json";
import { asSchema, type Schema } from "../schema";
import { usePage, type Path } from "./context";

/** A field that another one draws: an item, a member, the chosen kind of a union. */
export interface Part {
  name: string | number;
  /** The schema as it stands in its parent, with its `$ref`. */
  schema: Schema;
  value: Json | undefined;
  label: string;
  ui?: Schema;
  isRequired?: boolean;
  /** Its label is there for screen readers only. */
  isInner?: boolean;
  /** The union at the same path draws it. */
  isSamePath?: boolean;
  /** Called with the value and the path of what changed, instead of the form. */
  onChange?: (value: Json, path: Path) => void;
}

export interface DrawnProps {
  schema: Schema;
  ui: Schema;
  value: Json | undefined;
  path: Path;
  label: string;
  isRequired: boolean;
  /** For the control itself. */
  control: ControlProps;
  change: (value: Json) => void;
  draw: (part: Part) => ReactNode;
}

export interface ControlProps {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
  "aria-required": true | undefined;
}

/** What our `SchemaField` adds to the properties of rjsf. */
export interface PartProps {
  piece?: Part;
}

export function asField(Drawn: ComponentType<DrawnProps>): ComponentType<FieldProps> {
  return function DrawnField(props: FieldProps) {
    const page = usePage();
    const { onChange, registry, uiSchema, fieldPathId } = props;
    const { schema, isRequired } = asDrawn(uiSchema);
    const path = fieldPathId.path as Path;
    const label = String(uiSchema?.["ui:title"] ?? "");
    const { SchemaField } = registry.fields;
    const draw = (part: Part): ReactNode => {
      if (!SchemaField) return null;
      const below = part.isSamePath ? path : [...path, part.name];
      return (
        <SchemaField
          {...props}
          name={String(part.name)}
          piece={part}
          schema={{}}
          uiSchema={part.ui ?? {}}
          formData={part.value}
          fieldPathId={{ $id: page.idOf(below), path: [...below] }}
          onChange={(value: unknown, changed: (string | number)[]) => (part.onChange ? part.onChange(value as Json, changed) : onChange(value, changed))}
        />
      );
    };
    const control = useControl(path, schema, isRequired, uiSchema?.["ui:field"] as string);
    return (
      <Drawn
        schema={schema}
        ui={asSchema(uiSchema)}
        value={props.formData as Json | undefined}
        path={path}
        label={label}
        isRequired={isRequired}
        control={control}
        change={(value) => onChange(value, [...path])}
        draw={draw}
      />
    );
  };
}

/** The real schema travels in the options of the uiSchema: rjsf itself sees an empty one, so it changes no value. */
export function asDrawn(uiSchema: UiSchema | undefined): { schema: Schema; isRequired: boolean; isInner: boolean } {
  const options = uiSchema?.["ui:options"] as { node?: Schema; isRequired?: boolean; isInner?: boolean } | undefined;
  return { schema: options?.node ?? {}, isRequired: options?.isRequired ?? false, isInner: options?.isInner ?? false };
}

function useControl(path: Path, schema: Schema, isRequired: boolean, kind: string): ControlProps {
  const { idOf, messagesAt } = usePage();
  const id = idOf(path);
  const isWrong = messagesAt(path, !HOLDS_FIELDS.has(kind)).length > 0;
  const described = [schema.description ? `${id}__help` : "", kind === "moment" || kind === "timestamp" ? `${id}__note` : "", isWrong ? `${id}__error` : ""];
  return {
    id,
    "aria-describedby": described.filter(Boolean).join(" ") || undefined,
    "aria-invalid": isWrong || undefined,
    "aria-required": isRequired || undefined,
  };
}

/** Kinds that draw fields below themselves: these show the problems below. */
export const HOLDS_FIELDS: ReadonlySet<string> = new Set(["model", "list", "tuple", "dict", "union"]);
