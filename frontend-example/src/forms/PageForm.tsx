/** One page of a form, drawn from its JSON Schema; loaded with the first form. */
import Form from "@rjsf/core/lib/components/Form.js";
import type { FormEvent, ReactNode } from "react";
import { useCallback, useId, useMemo, useRef, useState } from "react";
import { isObject, type Json } from "../api/json";
import "../styles/fields.css";
import { idPart, PageContext, ValuesContext, type PageFacts, type Path } from "./fields/context";
import { fields, templates } from "./fields/registry";
import { beginning, holdsSecret } from "./fresh";
import { changedAt } from "./paths";
import { changedFields, payloadOf } from "./payload";
import { ProblemSummary } from "./ProblemSummary";
import { asSchema, type Schema } from "./schema";
import { useProblems } from "./useProblems";
import { validator } from "./validator";

export interface FieldProblem {
  /** The path of the field in the page: `["ports", 0, "vlan"]`; empty if the whole page is wrong. */
  path: readonly (string | number)[];
  message: string;
}

export interface PageFormProps {
  schema: Json;
  /** The values as the server sent them. */
  initialData: Json;
  /** The drawing hints of the server; without them, fields stand in the order of the schema. */
  uiSchema?: Json;
  /** Values typed before (a draft), by field; they replace `initialData`. */
  draft?: { [field: string]: Json };
  problems?: readonly FieldProblem[];
  isSending?: boolean;
  /** Somebody has approved the form already, with the values that came. */
  isApproved?: boolean;
  /** What to show below a read-only field whose text the server has cut, by field; see `FormPage.cuts`. */
  cutNotes?: { [field: string]: ReactNode };
  /** Called while the person types, with the fields that differ from what came; never with a secret. */
  onDraft?: (changed: { [field: string]: Json }) => void;
  /** Called with the fields to send, see `payload.ts`. */
  onSubmit: (payload: { [field: string]: Json }) => void;
  /** The buttons: the last one is of type submit. */
  children: ReactNode;
}

type Values = { [field: string]: Json };

const NO_PROBLEMS: readonly FieldProblem[] = [];
const NO_NOTES: { [field: string]: ReactNode } = {};

const asValues = (value: unknown): Values => (isObject(value) ? (value as Values) : {});

export default function PageForm(props: PageFormProps) {
  const { schema, initialData, uiSchema, problems = NO_PROBLEMS, isSending = false, isApproved = false } = props;
  const { cutNotes = NO_NOTES, onSubmit, children } = props;
  const root = useMemo(() => asSchema(schema), [schema]);
  const [values, change, current] = useValues(root, props);
  const prefix = `form${useId().replace(/\W/g, "")}`;
  const idOf = useCallback((path: Path) => [prefix, ...path.map(idPart)].join("/"), [prefix]);
  const { own, messagesAt, report, unreadable } = useProblems(problems, idOf);

  const noteAt = useCallback((path: Path) => (path.length === 1 ? cutNotes[String(path[0])] : null), [cutNotes]);
  const page: PageFacts = useMemo(() => ({ root, idOf, messagesAt, report, noteAt }), [root, idOf, messagesAt, report, noteAt]);

  const send = (event: FormEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    if (!isSending && !unreadable()) onSubmit(payloadOf({ schema, initialData, isApproved }, current()));
  };
  return (
    <PageContext.Provider value={page}>
      <form className="page-form" noValidate onSubmit={send} aria-busy={isSending}>
        <ProblemSummary problems={own} idOf={idOf} schema={root} />
        <ValuesContext.Provider value={{ values, change }}>
          <Form
            tagName="div"
            schema={OPAQUE}
            uiSchema={asSchema(uiSchema)}
            validator={validator}
            fields={fields}
            templates={templates}
            idPrefix={prefix}
            idSeparator="/"
            noValidate
            showErrorList={false}
            experimental_componentUpdateStrategy="always"
          >
            <></>
          </Form>
        </ValuesContext.Provider>
        {children}
      </form>
    </PageContext.Provider>
  );
}

/**
 * The form as rjsf knows it: without fields and values. rjsf fills in defaults and cleans values by the schema of the form, and
 * so changes values that nobody touched. It finds the field and the template of each part; the values are kept here.
 */
const OPAQUE: { type: "object" } = { type: "object" };

/** The values on the screen, how to change them, and what they are at this moment. */
function useValues(root: Schema, { initialData, draft, onDraft }: PageFormProps): [Values, (path: Path, value: Json) => void, () => Values] {
  const [values, setValues] = useState<Values>(() => ({ ...beginning(root, asValues(initialData)), ...draft }));
  const latest = useRef(values);
  const change = (path: Path, value: Json): void => {
    latest.current = asValues(changedAt(latest.current, path, value));
    setValues(latest.current);
    onDraft?.(draftOf(root, asValues(initialData), latest.current));
  };
  return [values, change, () => latest.current];
}

/** What is worth keeping if the page is lost; a secret is never kept. */
function draftOf(root: Schema, came: Values, now: Values): Values {
  const changed = Object.entries(changedFields({ schema: root, initialData: came }, now));
  const properties = asSchema(root.properties);
  return Object.fromEntries(changed.filter(([name]) => !holdsSecret(asSchema(properties[name]), root)));
}
