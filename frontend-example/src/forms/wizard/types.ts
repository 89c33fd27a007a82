/** What the wizard knows of pages and answers. */
import type { Json } from "../../api/json";
import type { ErrorCode, FormInvalidPartsFragment, FormPagePartsFragment } from "../../gql/graphql";

export type Page = FormPagePartsFragment;
export type Invalid = FormInvalidPartsFragment;
export type Fields = { [field: string]: Json };

/** A typed error of the server; the rest depends on its kind. */
export interface Refusal {
  __typename: string;
  code: ErrorCode;
  message: string;
  by?: { name: string } | null;
  at?: string | null;
  conflictingProcess?: { id: string } | null;
  errorId?: string;
  errors?: readonly { path: readonly string[]; message: string }[];
}

/** The form with the pages so far, without side effects. */
export type Look = Page | Invalid | { __typename: "FormComplete" } | null;

/** The answer to a submit: the next page, errors, a refusal, or something else, which is the end of the form. */
export type Answer = Invalid | { __typename: "FormIncomplete"; nextPage: Page } | Refusal | { __typename: string };

export const isInvalid = (answer: { __typename: string }): answer is Invalid => answer.__typename === "FormInvalid";

export const isPage = (answer: { __typename: string } | null): answer is Page => answer?.__typename === "FormPage";

export const isRefusal = (answer: { __typename: string }): answer is Refusal => "code" in answer && !isInvalid(answer);
