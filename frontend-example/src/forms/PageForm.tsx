/** One page of a form, drawn from its JSON Schema; loaded with the first form. */
import type { ReactNode } from "react";
import type { Json } from "../api/json";

export interface FieldProblem {
  /** The path of the field in the page: `["ports", 0, "vlan"]`; empty if the whole page is wrong. */
  path: readonly (string | number)[];
  message: string;
}

export interface PageFormProps {
  schema: Json;
  /** The values as the server sent them. */
  initialData: Json;
  /** Values typed before (a draft), by field; they replace `initialData`. */
  draft?: { [field: string]: Json };
  problems?: readonly FieldProblem[];
  isSending?: boolean;
  /** Called while the person types, with the fields that differ from what came; never with a secret. */
  onDraft?: (changed: { [field: string]: Json }) => void;
  /** Called with the fields to send, see `payload.ts`. */
  onSubmit: (payload: { [field: string]: Json }) => void;
  /** The buttons: the last one is of type submit. */
  children: ReactNode;
}

export default function PageForm({ children, onSubmit }: PageFormProps) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit({});
      }}
    >
      {children}
    </form>
  );
}
