// The documents that both clients send, and the types of their answers.

export const START = `
  mutation Start($input: StartWorkflowInput!) {
    startWorkflow(input: $input) {
      __typename
      ... on StartWorkflowSuccess { process { id } }
      ... on FormInvalid { errors { path message } }
      ... on UserError { code message }
    }
  }`;

export const WATCH = `
  subscription Watch($after: String) {
    processEvents(after: $after) {
      cursor
      reset
      events {
        __typename
        processId
        ... on StepChangedEvent { stepName toStepStatus }
        ... on ProcessStatusChangedEvent { toProcessStatus }
      }
    }
  }`;

export const FORM = `
  query Form($id: ID!) {
    process(id: $id) {
      status
      openInputRequest {
        id
        version
        title
        form { __typename ... on FormPage { schema initialData digest } }
      }
    }
  }`;

export const CONFIRM = `
  mutation Confirm($input: SubmitFormInput!) {
    submitForm(input: $input) {
      __typename
      ... on SubmitFormSuccess { process { status } }
      ... on FormInvalid { errors { path message } }
      ... on UserError { code message }
    }
  }`;

export interface Answer {
  __typename: string;
  code?: string;
  message?: string;
}

export interface Start {
  startWorkflow: Answer & { process?: { id: string } };
}

export interface Event {
  __typename: string;
  processId: string | null;
  stepName?: string;
  toStepStatus?: string;
  toProcessStatus?: string;
}

export interface Watch {
  processEvents: { cursor: string; reset: boolean; events: Event[] };
}

export interface Form {
  process: {
    status: string;
    openInputRequest: null | {
      id: string;
      version: number;
      title: string;
      form: null | { __typename: string; schema?: object; initialData?: Record<string, unknown>; digest?: string };
    };
  } | null;
}

export interface Confirm {
  submitForm: Answer & { process?: { status: string } };
}

export const server = process.env.ORCHESTRATOR_URL ?? "http://127.0.0.1:8000";
export const headers: Record<string, string> = process.env.ORCHESTRATOR_TOKEN
  ? { Authorization: `Bearer ${process.env.ORCHESTRATOR_TOKEN}` }
  : {};

export const order = { workflowName: "configure_node", pages: [{ node: "ams-1" }] };

/** Only what the person changed is sent; here that is nothing. The digest says what was shown. */
export function confirmation(request: NonNullable<NonNullable<Form["process"]>["openInputRequest"]>): object {
  return { inputRequestId: request.id, pages: [{}], expectedVersion: request.version, shownDigest: request.form?.digest };
}
