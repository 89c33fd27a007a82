/** The parts of the schema that this page selects, as TypeScript sees them. */
import type { Json } from "./api";

export interface Named {
  name: string;
}

export interface User extends Named {
  id: string;
}

export interface Team extends Named {
  key: string;
}

export interface Viewer {
  user: User | null;
  assignees: Team[];
  permissions: string[];
}

export interface Failure {
  code: string;
  message: string;
  details: Json;
  traceback: string | null;
  occurredAt: string;
}

export interface Row {
  id: string;
  version: number;
  workflowName: string;
  subject: string;
  status: string;
  startedAt: string;
  endedAt: string | null;
  durationSeconds: number | null;
  currentStep: Named | null;
  createdBy: Named | null;
}

export interface Process extends Row {
  note: string | null;
  availableActions: string[];
  failure: Failure | null;
  steps: Step[];
}

export interface Step {
  id: string;
  index: number;
  name: string;
  kind: string;
  group: string | null;
  status: string;
  attempt: number;
  startedAt: string | null;
  completedAt: string | null;
  durationSeconds: number | null;
  retryAt: string | null;
  stateDelta: Json;
  completedBy: Named | null;
  failure: Failure | null;
  callbacks: Callback[];
  inputRequests: InputRequest[];
}

export interface Progress {
  percent: number | null;
  message: string | null;
  reportedAt: string;
}

export interface Attempt {
  id: string;
  at: string;
  peer: string | null;
  outcome: string;
  bytes: number;
  error: string | null;
  isAdoptable: boolean;
  /** What adopting it would replace, in words. */
  replaced: string[];
  bodyPreview: string | null;
}

export interface Callback {
  id: string;
  name: string | null;
  status: string;
  tokenHint: string;
  issuedAt: string;
  expiresAt: string | null;
  receivedAt: string | null;
  isEarly: boolean;
  isOverdue: boolean;
  progress: Progress | null;
  progressLog: { nodes: Progress[]; pageInfo: { hasNextPage: boolean } };
  result: Json;
  resultPreview: string | null;
  resultBytes: number | null;
  isTruncated: boolean;
  validation: { outcome: string; message: string | null; details: Json } | null;
  round: number;
  source: string | null;
  attempts: { nodes: Attempt[] };
}

export interface Decision {
  by: Named | null;
  policy: string | null;
  at: string;
  verdict: string;
  comment: string | null;
}

/** A form that waits for people, as it stands in their inbox. */
export interface Task {
  id: string;
  version: number;
  status: string;
  title: string;
  assignee: Team;
  claimedBy: User | null;
  claimedAt: string | null;
  createdAt: string;
  dueAt: string | null;
  escalatedAt: string | null;
  canSubmit: boolean;
  canReject: boolean;
  blockedReason: string | null;
  approvalsNeeded: number;
  decisions: Decision[];
}

export interface InboxTask extends Task {
  process: Pick<Row, "id" | "workflowName" | "subject" | "startedAt" | "createdBy">;
}

export interface InputRequest extends Task {
  closedAt: string | null;
  sendBackTo: string | null;
  form: FormResult | null;
}

export interface FormPage {
  __typename: "FormPage";
  index: number;
  key: string;
  title: string;
  description: string | null;
  schema: Json;
  uiSchema: Json;
  initialData: Json;
  submitLabel: string;
  hasNext: boolean;
  isConfirmation: boolean;
  digest: string;
}

export interface FieldError {
  pointer: string;
  message: string;
}

export interface FormInvalid {
  __typename: "FormInvalid";
  message: string;
  pageIndex: number;
  errors: FieldError[];
  page: FormPage;
}

export interface FormComplete {
  __typename: "FormComplete";
}

export type FormResult = FormPage | FormInvalid | FormComplete;

/** The page to show first; null where nothing is asked. */
export function pageOf(form: FormResult | Refusal | null): FormPage | null {
  if (form?.__typename === "FormPage") return form as FormPage;
  return form?.__typename === "FormInvalid" ? (form as FormInvalid).page : null;
}

/** A typed refusal; a conflict also says who was first, and when. */
export interface Refusal {
  __typename: string;
  code: string;
  message: string;
  by?: Named | null;
  at?: string | null;
  errors?: { pointer: string; message: string }[];
}

export interface Workflow {
  name: string;
  description: string | null;
  target: string;
  hasStartForm: boolean;
  isStartable: boolean;
  blockedReason: string | null;
}

export interface Engine {
  state: string;
  reason: string | null;
  changedBy: Named | null;
}

export interface Stats {
  processesByStatus: { status: string; count: number }[];
  engine: Engine;
}

export interface EventBatch {
  events: { __typename: string; processId: string | null }[];
  cursor: string;
  caughtUp: boolean;
  reset: boolean;
}
