/** Label, control, help and problems of one field. */
import type { FieldTemplateProps } from "@rjsf/utils";
import type { ReactNode } from "react";
import type { Schema } from "../schema";
import { readable } from "../../visible";
import { hasTasks, isBox } from "./choice";
import { usePage, type Path } from "./context";
import { asDrawn, HOLDS_FIELDS } from "./drawn";

type Layout = "bare" | "group" | "plain" | "shown" | "tick";

const LAYOUTS: Record<string, Layout> = {
  page: "bare",
  callout: "bare",
  divider: "bare",
  label: "bare",
  markdown: "bare",
  summary: "group",
  model: "group",
  list: "group",
  tuple: "group",
  dict: "group",
  union: "group",
  choices: "group",
  shown: "shown",
};

function layoutOf(kind: string, schema: Schema): Layout {
  if (kind === "boolean") return isBox(schema) ? "tick" : "group";
  if (kind === "accept") return hasTasks(schema) ? "group" : "tick";
  return LAYOUTS[kind] ?? "plain";
}

export function FieldTemplate(props: FieldTemplateProps) {
  const { uiSchema, fieldPathId, children, label } = props;
  const { idOf, messagesAt } = usePage();
  const { schema, isInner, isRequired } = asDrawn(uiSchema);
  const kind = String(uiSchema?.["ui:field"]);
  const layout = layoutOf(kind, schema);
  if (kind === "page") return <>{children}</>;
  const id = idOf(fieldPathId.path as Path);
  const below = (
    <>
      {typeof schema.description === "string" && !isInner && (
        <p className="help" id={`${id}__help`}>
          {readable(schema.description)}
        </p>
      )}
      <Problems id={id} messages={messagesAt(fieldPathId.path as Path, !HOLDS_FIELDS.has(kind))} />
    </>
  );
  const name = (
    <>
      {readable(label)}
      {isRequired && !isInner && <span className="required" aria-hidden="true">{" *"}</span>}
    </>
  );
  return <Frame {...{ layout, id, name, below, isInner, kind }}>{children}</Frame>;
}

interface FrameProps {
  layout: Layout;
  id: string;
  name: ReactNode;
  below: ReactNode;
  isInner: boolean;
  kind: string;
  children: ReactNode;
}

function Frame({ layout, id, name, below, isInner, kind, children }: FrameProps) {
  switch (layout) {
    case "bare":
      return <div className="field bare">{children}</div>;
    case "shown":
      return (
        <div className="field fact">
          <h4 id={`${id}__name`} className={isInner ? "unseen" : undefined}>{name}</h4>
          {children}
          {below}
        </div>
      );
    case "group":
      return (
        <fieldset className={`field ${isInner ? "inner" : "group"} kind-${kind}`} id={`${id}__group`}>
          <legend className={isInner ? "unseen" : undefined}>{name}</legend>
          {children}
          {below}
        </fieldset>
      );
    case "tick":
      return (
        <div className="field">
          <div className="tick">
            {children}
            <label htmlFor={id}>{name}</label>
          </div>
          {below}
        </div>
      );
    default:
      return (
        <div className="field">
          <label htmlFor={id} className={isInner ? "unseen" : undefined}>{name}</label>
          {children}
          {below}
        </div>
      );
  }
}

export function Problems({ id, messages }: { id: string; messages: readonly string[] }) {
  if (!messages.length) return null;
  return (
    <p className="error" id={`${id}__error`}>
      {messages.join(" ")}
    </p>
  );
}
