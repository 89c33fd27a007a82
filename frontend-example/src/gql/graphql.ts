/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** The input of `claimInputRequest`. */
export type ClaimInputRequestInput = {
  /** The version of the input request that the caller read. If it has changed since, ConflictError refuses the mutation. Null skips this check. */
  expectedVersion?: number | null | undefined;
  /** The id of the input request. */
  inputRequestId: string;
};

/** A period of time. */
export type DateTimeRange = {
  /** The start of the period, included; null means no limit. */
  from?: string | null | undefined;
  /** The end of the period, excluded; null means no limit. */
  to?: string | null | undefined;
};

/** The input of `decideInputRequests`: at most 100 decisions in total. */
export type DecideInputRequestsInput = {
  /** The input requests to reject; null for none. */
  reject?: Array<RejectInputRequestInput> | null | undefined;
  /** The forms to submit; null for none. */
  submit?: Array<SubmitFormInput> | null | undefined;
};

/** Whether the engine starts new steps. */
export type EngineState =
  /** The engine starts no step, and none runs. */
  | 'PAUSED'
  /** The engine starts no step; some steps still run. */
  | 'PAUSING'
  /** The engine starts steps. */
  | 'RUNNING';

/** The reason for a refusal, for programs. The codes are stable. */
export type ErrorCode =
  /** Somebody else has already decided the input request. */
  | 'ALREADY_DECIDED'
  /** The callback has already accepted another result. */
  | 'CALLBACK_ALREADY_RECEIVED'
  /** The delivery came after the deadline of the callback. */
  | 'CALLBACK_EXPIRED'
  /** No callback has this token. */
  | 'CALLBACK_UNKNOWN'
  /** The callback was withdrawn, so it accepts no result. */
  | 'CALLBACK_WITHDRAWN'
  /** Somebody else has claimed the input request. */
  | 'CLAIMED_BY_OTHER'
  /** The engine is paused and starts no step. */
  | 'ENGINE_PAUSED'
  /** The operation took too long; it may have been carried out. */
  | 'EXECUTION_TIMEOUT'
  /** The caller lacks a permission, or a rule of the workflow's author refuses. */
  | 'FORBIDDEN'
  /** A page of the form has errors; see `errors`. */
  | 'FORM_INVALID'
  /** A function of the workflow's author failed; nothing was changed. */
  | 'FORM_RAISED'
  /** A function of the workflow's author took too long; nothing was changed. */
  | 'FORM_TIMEOUT'
  /** The idempotency key was used before with another input. */
  | 'IDEMPOTENCY_KEY_REUSED'
  /** The input request can no longer be answered. */
  | 'INPUT_REQUEST_CLOSED'
  /** An internal error of the server; its log has the details. */
  | 'INTERNAL'
  /** The current status does not allow this action. */
  | 'INVALID_STATE'
  /** The object does not exist, or the caller may not see it. */
  | 'NOT_FOUND'
  /** The value is not valid; see `errors`. */
  | 'PAYLOAD_INVALID'
  /** The value is larger than the limit. */
  | 'PAYLOAD_TOO_LARGE'
  /** The workflow is for product subscriptions to other products. */
  | 'PRODUCT_MISMATCH'
  /** The caller sent too many requests in a short time. */
  | 'RATE_LIMITED'
  /** The response would be larger than the limit; request less data at once. */
  | 'RESPONSE_TOO_LARGE'
  /** The user who started the process may not answer this form. */
  | 'SELF_APPROVAL'
  /** The object has changed since the caller read it. */
  | 'STALE_VERSION'
  /** The workflow does not start on a product subscription in this status. */
  | 'STATUS_MISMATCH'
  /** The database is not available now: try again in a moment. */
  | 'STORAGE_UNAVAILABLE'
  /** Other product subscriptions use the product subscription. */
  | 'SUBSCRIPTION_IN_USE'
  /** Another process works on the product subscription. */
  | 'SUBSCRIPTION_LOCKED'
  /** An aborted process may have left a change: validate or reconcile the product subscription, or use `setInSync`. */
  | 'SUBSCRIPTION_OUT_OF_SYNC'
  /** The credential is missing or wrong. */
  | 'UNAUTHENTICATED'
  /** A rule of the workflow does not allow it to start now. */
  | 'WORKFLOW_BLOCKED';

/** The conditions that an input request must meet; all of them together. */
export type InputRequestFilter = {
  /** The assignee is one of these teams, given by their keys; null does not filter. */
  assigneeKeys?: Array<string> | null | undefined;
  /** True: only those that somebody has claimed. False: only the others. Null does not filter. */
  claimed?: boolean | null | undefined;
  /** The user with this id has claimed the input request; null does not filter. */
  claimedBy?: string | null | undefined;
  /** The user with this id started the process; null does not filter. */
  createdBy?: string | null | undefined;
  /** True: only those that are assigned to the caller's teams or to everybody and that nobody else has claimed. False: only the others. Null does not filter. */
  mine?: boolean | null | undefined;
  /** True: only those after their due date. False: only the others. Null does not filter. */
  overdue?: boolean | null | undefined;
  /** The process works on a product subscription to one of these products, given by their names; null does not filter. */
  products?: Array<string> | null | undefined;
  /** The subject, the name of the workflow, the note or (from 4 digits on) the id of the process contains this text, in upper or lower case; null does not filter. */
  search?: string | null | undefined;
  /** The status is one of these. Default: OPEN. Null does not filter. */
  statuses?: Array<InputRequestStatus> | null | undefined;
  /** The workflow has one of these names; null does not filter. */
  workflowNames?: Array<string> | null | undefined;
};

/** The status of an input request. */
export type InputRequestStatus =
  /** Nobody answered in time. */
  | 'EXPIRED'
  /** The input request waits for an answer. */
  | 'OPEN'
  /** A user rejected the input request. */
  | 'REJECTED'
  /** The form was answered and accepted. */
  | 'SUBMITTED'
  /** The process was aborted, so no answer is needed. */
  | 'WITHDRAWN';

/** A permission of a user. */
export type Permission =
  /** Abort processes. */
  | 'ABORT'
  /** Set and remove the notes of processes and product subscriptions, and customers' descriptions. */
  | 'EDIT_NOTE'
  /** Pause and resume the engine; read and resend notifications. */
  | 'MANAGE_ENGINE'
  /** Read everything that needs no other permission. */
  | 'READ'
  /** Read the audit log. */
  | 'READ_AUDIT'
  /** Read stack traces and values that are hidden from other users. */
  | 'READ_SECRETS'
  /** Reissue, await again, complete and adopt callbacks by hand. */
  | 'RECOVER_CALLBACK'
  /** Retry failed processes. */
  | 'RETRY'
  /** Put product subscriptions in sync by hand. */
  | 'SET_IN_SYNC'
  /** Start processes. */
  | 'START_WORKFLOW'
  /** Answer, claim, release, assign and reject input requests. */
  | 'SUBMIT_FORM';

/** The conditions that a process must meet; all of them together. */
export type ProcessFilter = {
  /** The process waits for one of these teams, given by their keys; null does not filter. */
  assigneeKeys?: Array<string> | null | undefined;
  /** The user with this id started the process; null does not filter. */
  createdBy?: string | null | undefined;
  /** The process is FAILED with one of these failure codes; null does not filter. */
  failureCodes?: Array<string> | null | undefined;
  /** The id is one of these; null does not filter. */
  ids?: Array<string> | null | undefined;
  /** The process works on the product subscription with this id; null does not filter. */
  productSubscriptionId?: string | null | undefined;
  /** The process works on a product subscription to one of these products, given by their names; null does not filter. */
  products?: Array<string> | null | undefined;
  /** The subject, the name of the workflow, the note or (from 4 digits on) the id contains this text, in upper or lower case; null does not filter. */
  search?: string | null | undefined;
  /** The process was started in this period; null does not filter. */
  startedAt?: DateTimeRange | null | undefined;
  /** The status is one of these; null does not filter. */
  statuses?: Array<ProcessStatus> | null | undefined;
  /** The target is one of these; null does not filter. */
  targets?: Array<WorkflowTarget> | null | undefined;
  /** The last change of the process was in this period; null does not filter. */
  updatedAt?: DateTimeRange | null | undefined;
  /** The workflow has one of these names; null does not filter. */
  workflowNames?: Array<string> | null | undefined;
};

/** The status of a process. */
export type ProcessStatus =
  /** The process was aborted. */
  | 'ABORTED'
  /** The process waits for the callback of a remote service. */
  | 'AWAITING_CALLBACK'
  /** All steps have ended successfully or were skipped. */
  | 'COMPLETED'
  /** The process is stored but has not begun. */
  | 'CREATED'
  /** A step failed; see the failure and the available actions. */
  | 'FAILED'
  /** A worker runs the process or will soon run it. */
  | 'RUNNING'
  /** The process waits for a person to answer a form. */
  | 'SUSPENDED'
  /** A step failed; the engine retries it at a known time. */
  | 'WAITING';

/** The input of `rejectInputRequest`. */
export type RejectInputRequestInput = {
  /** The reason, which later steps and other people can read; it must not be empty. */
  comment: string;
  /** The version of the input request that the caller read. If it has changed since, ConflictError refuses the mutation. Null skips this check. */
  expectedVersion?: number | null | undefined;
  /** The id of the input request. */
  inputRequestId: string;
  /** True sends the process back to `InputRequest.sendBackTo`; false stops it. Default: false. */
  sendBack?: boolean;
};

/** The input of `releaseInputRequest`. */
export type ReleaseInputRequestInput = {
  /** The version of the input request that the caller read. If it has changed since, ConflictError refuses the mutation. Null skips this check. */
  expectedVersion?: number | null | undefined;
  /** The id of the input request. */
  inputRequestId: string;
};

/** The input of `setEngineState`. */
export type SetEngineStateInput = {
  /** True pauses the engine, false resumes it. */
  paused: boolean;
  /** The reason, which all users can read; at most 1,000 characters; null for none. */
  reason?: string | null | undefined;
};

/** The period that the numbers of ended processes cover. */
export type StatsWindow =
  /** The last seven days. */
  | 'LAST_7_DAYS'
  /** The last 24 hours. */
  | 'LAST_24_HOURS'
  /** The last 60 minutes. */
  | 'LAST_HOUR';

/** The input of `submitForm`: all pages so far. */
export type SubmitFormInput = {
  /** A comment on the decision; null for none. */
  comment?: string | null | undefined;
  /** The version of the input request that the caller read. If it has changed since, ConflictError refuses the mutation. Null skips this check. */
  expectedVersion?: number | null | undefined;
  /** A key that the caller chooses. A second call with the same key and the same pages returns the first result. Null: every call is a new one. */
  idempotencyKey?: string | null | undefined;
  /** The id of the input request. */
  inputRequestId: string;
  /** The submitted pages of the form, in order. */
  pages: Array<import('../api/json').Json>;
  /** The `FormPage.digest` of the page that the user confirmed. If the page has changed since, ConflictError refuses the mutation. Null skips this check. */
  shownDigest?: string | null | undefined;
};

/** A decision about an input request. */
export type Verdict =
  /** The user approved: the process continues. */
  | 'APPROVED'
  /** The user rejected: the process stops. */
  | 'REJECTED'
  /** The user sent the process back to an earlier step. */
  | 'SENT_BACK';

/** What a workflow does to a product subscription. */
export type WorkflowTarget =
  /** The workflow creates a product subscription. */
  | 'CREATE'
  /** The workflow changes a product subscription. */
  | 'MODIFY'
  /** The workflow makes the network as the product subscription says. */
  | 'RECONCILE'
  /** The workflow works on no product subscription. */
  | 'SYSTEM'
  /** The workflow terminates a product subscription. */
  | 'TERMINATE'
  /** The workflow compares a product subscription with the network. */
  | 'VALIDATE';

export type HomeStatsQueryVariables = Exact<{
  window: StatsWindow;
  buckets: number;
  period: DateTimeRange;
}>;


export type HomeStatsQuery = { stats: { asOf: string, completed: number, failed: number, durationSecondsP50: number | null, durationSecondsP95: number | null, openInputRequests: number, overdueInputRequests: number, pendingCallbacks: number, overdueCallbacks: number, failuresByWorkflow: Array<{ workflowName: string, count: number, lastFailedAt: string, codes: Array<{ code: string, count: number }> }>, throughput: Array<{ start: string, end: string, started: number, completed: number, failed: number, aborted: number, durationSecondsP50: number | null, durationSecondsP95: number | null }> } | null };

export type HomeQueryVariables = Exact<{ [key: string]: never; }>;


export type HomeQuery = { engine: { state: EngineState, reason: string | null, changedAt: string | null, queuedProcesses: number, lagSeconds: number, runningSteps: number, version: string, changedBy: { name: string } | null, workers: Array<{ name: string }> } | null, tasks: { totalCount: number, nodes: Array<{ id: string, title: string, createdAt: string, dueAt: string | null, claimedBy: { id: string, name: string } | null, process: { id: string, subject: string, workflowName: string } }> } | null, overdueTasks: { totalCount: number, nodes: Array<{ id: string, title: string, createdAt: string, dueAt: string | null, claimedBy: { id: string, name: string } | null, process: { id: string, subject: string, workflowName: string } }> } | null, overdueCallbacks: { nodes: Array<{ id: string, name: string | null, expiresAt: string | null, process: { id: string, subject: string, workflowName: string } }> } | null, waiting: { nodes: Array<{ id: string, subject: string, status: ProcessStatus, whyWaiting: { message: string, since: string } | null }> } | null, failed: { nodes: Array<{ id: string, subject: string, workflowName: string, updatedAt: string, failureReason: { code: string, message: string } | null }> } | null };

export type HomeTaskFragment = { id: string, title: string, createdAt: string, dueAt: string | null, claimedBy: { id: string, name: string } | null, process: { id: string, subject: string, workflowName: string } };

export type SetEngineStateMutationVariables = Exact<{
  input: SetEngineStateInput;
}>;


export type SetEngineStateMutation = { setEngineState:
    | { __typename: 'ForbiddenError', message: string }
    | { __typename: 'PayloadInvalidError', message: string }
    | { __typename: 'SetEngineStateSuccess' }
   };

export type InboxTaskFragment = { id: string, version: number, status: InputRequestStatus, title: string, createdAt: string, dueAt: string | null, escalatedAt: string | null, canSubmit: boolean, canReject: boolean, blockedReason: string | null, approvalsNeeded: number, assignee: { key: string, name: string }, claimedBy: { id: string, name: string } | null, decisions: Array<{ policy: string | null, verdict: Verdict, at: string, by: { name: string } | null }>, process: { id: string, subject: string, workflowName: string, startedAt: string, createdBy: { name: string } | null } };

export type InboxQueryVariables = Exact<{
  first: number;
  overdue: InputRequestFilter;
  others: InputRequestFilter;
}>;


export type InboxQuery = { overdue: { nodes: Array<{ id: string, version: number, status: InputRequestStatus, title: string, createdAt: string, dueAt: string | null, escalatedAt: string | null, canSubmit: boolean, canReject: boolean, blockedReason: string | null, approvalsNeeded: number, assignee: { key: string, name: string }, claimedBy: { id: string, name: string } | null, decisions: Array<{ policy: string | null, verdict: Verdict, at: string, by: { name: string } | null }>, process: { id: string, subject: string, workflowName: string, startedAt: string, createdBy: { name: string } | null } }>, pageInfo: { hasNextPage: boolean } } | null, others: { nodes: Array<{ id: string, version: number, status: InputRequestStatus, title: string, createdAt: string, dueAt: string | null, escalatedAt: string | null, canSubmit: boolean, canReject: boolean, blockedReason: string | null, approvalsNeeded: number, assignee: { key: string, name: string }, claimedBy: { id: string, name: string } | null, decisions: Array<{ policy: string | null, verdict: Verdict, at: string, by: { name: string } | null }>, process: { id: string, subject: string, workflowName: string, startedAt: string, createdBy: { name: string } | null } }>, pageInfo: { hasNextPage: boolean } } | null };

export type InboxTasksQueryVariables = Exact<{
  ids: Array<string> | string;
}>;


export type InboxTasksQuery = { nodes: Array<
    | { id: string, version: number, status: InputRequestStatus, title: string, createdAt: string, dueAt: string | null, escalatedAt: string | null, canSubmit: boolean, canReject: boolean, blockedReason: string | null, approvalsNeeded: number, assignee: { key: string, name: string }, claimedBy: { id: string, name: string } | null, decisions: Array<{ policy: string | null, verdict: Verdict, at: string, by: { name: string } | null }>, process: { id: string, subject: string, workflowName: string, startedAt: string, createdBy: { name: string } | null } }
    | Record<PropertyKey, never>
   | null> | null };

export type BulkFormsQueryVariables = Exact<{
  ids: Array<string> | string;
  longestText: number;
}>;


export type BulkFormsQuery = { nodes: Array<
    | { id: string, version: number, status: InputRequestStatus, title: string, createdAt: string, dueAt: string | null, escalatedAt: string | null, canSubmit: boolean, canReject: boolean, blockedReason: string | null, approvalsNeeded: number, form:
        | { __typename: 'FormComplete' }
        | { __typename: 'FormInvalid' }
        | { __typename: 'FormPage', title: string, description: string | null, schema: import('../api/json').Json, uiSchema: import('../api/json').Json, initialData: import('../api/json').Json, isConfirmation: boolean, digest: string, cuts: Array<{ key: string, shownLength: number, totalLength: number }> }
       | null, assignee: { key: string, name: string }, claimedBy: { id: string, name: string } | null, decisions: Array<{ policy: string | null, verdict: Verdict, at: string, by: { name: string } | null }>, process: { id: string, subject: string, workflowName: string, startedAt: string, createdBy: { name: string } | null } }
    | Record<PropertyKey, never>
   | null> | null };

export type BulkDecideMutationVariables = Exact<{
  input: DecideInputRequestsInput;
}>;


export type BulkDecideMutation = { decideInputRequests: { submitted: Array<
      | { __typename: 'AuthorCodeError', code: ErrorCode, message: string }
      | { __typename: 'ConflictError', code: ErrorCode, message: string, at: string | null, by: { name: string } | null }
      | { __typename: 'EnginePausedError', code: ErrorCode, message: string }
      | { __typename: 'ForbiddenError', code: ErrorCode, message: string }
      | { __typename: 'FormIncomplete' }
      | { __typename: 'FormInvalid', code: ErrorCode, message: string }
      | { __typename: 'NotFoundError', code: ErrorCode, message: string }
      | { __typename: 'PayloadInvalidError', code: ErrorCode, message: string }
      | { __typename: 'ServerError', code: ErrorCode, message: string }
      | { __typename: 'SubmitFormSuccess' }
    >, rejected: Array<
      | { __typename: 'AuthorCodeError', code: ErrorCode, message: string }
      | { __typename: 'ConflictError', code: ErrorCode, message: string, at: string | null, by: { name: string } | null }
      | { __typename: 'ForbiddenError', code: ErrorCode, message: string }
      | { __typename: 'InputRequestActionSuccess' }
      | { __typename: 'NotFoundError', code: ErrorCode, message: string }
      | { __typename: 'PayloadInvalidError', code: ErrorCode, message: string }
      | { __typename: 'ServerError', code: ErrorCode, message: string }
    > } };

type TaskAnswer_AuthorCodeError_Fragment = { __typename: 'AuthorCodeError', code: ErrorCode, message: string };

type TaskAnswer_ConflictError_Fragment = { __typename: 'ConflictError', code: ErrorCode, message: string };

type TaskAnswer_ForbiddenError_Fragment = { __typename: 'ForbiddenError', code: ErrorCode, message: string };

type TaskAnswer_InputRequestActionSuccess_Fragment = { __typename: 'InputRequestActionSuccess', inputRequest: { id: string, version: number, status: InputRequestStatus, title: string, createdAt: string, dueAt: string | null, escalatedAt: string | null, canSubmit: boolean, canReject: boolean, blockedReason: string | null, approvalsNeeded: number, assignee: { key: string, name: string }, claimedBy: { id: string, name: string } | null, decisions: Array<{ policy: string | null, verdict: Verdict, at: string, by: { name: string } | null }>, process: { id: string, subject: string, workflowName: string, startedAt: string, createdBy: { name: string } | null } } };

type TaskAnswer_NotFoundError_Fragment = { __typename: 'NotFoundError', code: ErrorCode, message: string };

type TaskAnswer_PayloadInvalidError_Fragment = { __typename: 'PayloadInvalidError', code: ErrorCode, message: string };

type TaskAnswer_ServerError_Fragment = { __typename: 'ServerError', code: ErrorCode, message: string };

export type TaskAnswerFragment =
  | TaskAnswer_AuthorCodeError_Fragment
  | TaskAnswer_ConflictError_Fragment
  | TaskAnswer_ForbiddenError_Fragment
  | TaskAnswer_InputRequestActionSuccess_Fragment
  | TaskAnswer_NotFoundError_Fragment
  | TaskAnswer_PayloadInvalidError_Fragment
  | TaskAnswer_ServerError_Fragment
;

export type InboxClaimMutationVariables = Exact<{
  input: ClaimInputRequestInput;
}>;


export type InboxClaimMutation = { claimInputRequest:
    | { __typename: 'AuthorCodeError', code: ErrorCode, message: string }
    | { __typename: 'ConflictError', code: ErrorCode, message: string }
    | { __typename: 'ForbiddenError', code: ErrorCode, message: string }
    | { __typename: 'InputRequestActionSuccess', inputRequest: { id: string, version: number, status: InputRequestStatus, title: string, createdAt: string, dueAt: string | null, escalatedAt: string | null, canSubmit: boolean, canReject: boolean, blockedReason: string | null, approvalsNeeded: number, assignee: { key: string, name: string }, claimedBy: { id: string, name: string } | null, decisions: Array<{ policy: string | null, verdict: Verdict, at: string, by: { name: string } | null }>, process: { id: string, subject: string, workflowName: string, startedAt: string, createdBy: { name: string } | null } } }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'PayloadInvalidError', code: ErrorCode, message: string }
    | { __typename: 'ServerError', code: ErrorCode, message: string }
   };

export type InboxReleaseMutationVariables = Exact<{
  input: ReleaseInputRequestInput;
}>;


export type InboxReleaseMutation = { releaseInputRequest:
    | { __typename: 'AuthorCodeError', code: ErrorCode, message: string }
    | { __typename: 'ConflictError', code: ErrorCode, message: string }
    | { __typename: 'ForbiddenError', code: ErrorCode, message: string }
    | { __typename: 'InputRequestActionSuccess', inputRequest: { id: string, version: number, status: InputRequestStatus, title: string, createdAt: string, dueAt: string | null, escalatedAt: string | null, canSubmit: boolean, canReject: boolean, blockedReason: string | null, approvalsNeeded: number, assignee: { key: string, name: string }, claimedBy: { id: string, name: string } | null, decisions: Array<{ policy: string | null, verdict: Verdict, at: string, by: { name: string } | null }>, process: { id: string, subject: string, workflowName: string, startedAt: string, createdBy: { name: string } | null } } }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'PayloadInvalidError', code: ErrorCode, message: string }
    | { __typename: 'ServerError', code: ErrorCode, message: string }
   };

export type InboxChoicesQueryVariables = Exact<{ [key: string]: never; }>;


export type InboxChoicesQuery = { workflows: { nodes: Array<{ name: string, steps: Array<{ assignee: { key: string, name: string } | null }> }> } | null, viewer: { assignees: Array<{ key: string, name: string }> } };

export type ProcessRowFragment = { id: string, version: number, workflowName: string, subject: string, status: ProcessStatus, startedAt: string, endedAt: string | null, durationSeconds: number | null, currentStep: { name: string } | null, createdBy: { id: string, name: string } | null, failureReason: { code: string, message: string } | null };

export type ProcessesQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  filter?: ProcessFilter | null | undefined;
}>;


export type ProcessesQuery = { processes: { nodes: Array<{ id: string, version: number, workflowName: string, subject: string, status: ProcessStatus, startedAt: string, endedAt: string | null, durationSeconds: number | null, currentStep: { name: string } | null, createdBy: { id: string, name: string } | null, failureReason: { code: string, message: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type FilterChoicesQueryVariables = Exact<{ [key: string]: never; }>;


export type FilterChoicesQuery = { workflows: { nodes: Array<{ name: string, steps: Array<{ assignee: { key: string, name: string } | null }> }> } | null, products: { nodes: Array<{ name: string }> } | null, viewer: { assignees: Array<{ key: string, name: string }> }, stats: { failuresByWorkflow: Array<{ codes: Array<{ code: string, count: number }> }> } | null };

export type StatsQueryVariables = Exact<{ [key: string]: never; }>;


export type StatsQuery = { stats: { processesByStatus: Array<{ status: ProcessStatus, count: number }>, engine: { state: EngineState, reason: string | null, changedBy: { name: string } | null } } | null };

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { viewer: { permissions: Array<Permission>, user: { id: string, name: string } | null, assignees: Array<{ key: string, name: string }>, openInputRequests: { totalCount: number } | null } };

export type ProcessEventsSubscriptionVariables = Exact<{
  after?: string | null | undefined;
}>;


export type ProcessEventsSubscription = { processEvents: { cursor: string, caughtUp: boolean, reset: boolean, events: Array<
      | { __typename: 'CallbackEndedEvent', processId: string | null }
      | { __typename: 'CallbackIssuedEvent', processId: string | null }
      | { __typename: 'CallbackProgressedEvent', processId: string | null }
      | { __typename: 'CallbackReceivedEvent', processId: string | null }
      | { __typename: 'CallbackValidatedEvent', processId: string | null }
      | { __typename: 'EngineStateChangedEvent', processId: string | null }
      | { __typename: 'InputDecidedEvent', processId: string | null }
      | { __typename: 'InputRequestChangedEvent', processId: string | null }
      | { __typename: 'InputRequestedEvent', processId: string | null }
      | { __typename: 'ProcessCreatedEvent', processId: string | null }
      | { __typename: 'ProcessNoteChangedEvent', processId: string | null }
      | { __typename: 'ProcessStatusChangedEvent', processId: string | null }
      | { __typename: 'ProductSubscriptionChangedEvent', productSubscriptionId: string, processId: string | null }
      | { __typename: 'StepChangedEvent', processId: string | null }
    > } };

export const HomeTaskFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"HomeTask"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InputRequest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"dueAt"}},{"kind":"Field","name":{"kind":"Name","value":"claimedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"process"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"subject"}},{"kind":"Field","name":{"kind":"Name","value":"workflowName"}}]}}]}}]} as unknown as DocumentNode<HomeTaskFragment, unknown>;
export const InboxTaskFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"InboxTask"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InputRequest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"assignee"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"claimedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"dueAt"}},{"kind":"Field","name":{"kind":"Name","value":"escalatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"canSubmit"}},{"kind":"Field","name":{"kind":"Name","value":"canReject"}},{"kind":"Field","name":{"kind":"Name","value":"blockedReason"}},{"kind":"Field","name":{"kind":"Name","value":"approvalsNeeded"}},{"kind":"Field","name":{"kind":"Name","value":"decisions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"by"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"policy"}},{"kind":"Field","name":{"kind":"Name","value":"verdict"}},{"kind":"Field","name":{"kind":"Name","value":"at"}}]}},{"kind":"Field","name":{"kind":"Name","value":"process"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"subject"}},{"kind":"Field","name":{"kind":"Name","value":"workflowName"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"createdBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]} as unknown as DocumentNode<InboxTaskFragment, unknown>;
export const TaskAnswerFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"TaskAnswer"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InputRequestActionResult"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InputRequestActionSuccess"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"inputRequest"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"InboxTask"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"InboxTask"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InputRequest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"assignee"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"claimedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"dueAt"}},{"kind":"Field","name":{"kind":"Name","value":"escalatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"canSubmit"}},{"kind":"Field","name":{"kind":"Name","value":"canReject"}},{"kind":"Field","name":{"kind":"Name","value":"blockedReason"}},{"kind":"Field","name":{"kind":"Name","value":"approvalsNeeded"}},{"kind":"Field","name":{"kind":"Name","value":"decisions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"by"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"policy"}},{"kind":"Field","name":{"kind":"Name","value":"verdict"}},{"kind":"Field","name":{"kind":"Name","value":"at"}}]}},{"kind":"Field","name":{"kind":"Name","value":"process"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"subject"}},{"kind":"Field","name":{"kind":"Name","value":"workflowName"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"createdBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]} as unknown as DocumentNode<TaskAnswerFragment, unknown>;
export const ProcessRowFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ProcessRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Process"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"workflowName"}},{"kind":"Field","name":{"kind":"Name","value":"subject"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endedAt"}},{"kind":"Field","name":{"kind":"Name","value":"durationSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"currentStep"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"createdBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"failureReason"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]} as unknown as DocumentNode<ProcessRowFragment, unknown>;
export const HomeStatsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"HomeStats"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"window"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"StatsWindow"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"buckets"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"period"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"DateTimeRange"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stats"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"window"},"value":{"kind":"Variable","name":{"kind":"Name","value":"window"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"asOf"}},{"kind":"Field","name":{"kind":"Name","value":"completed"}},{"kind":"Field","name":{"kind":"Name","value":"failed"}},{"kind":"Field","name":{"kind":"Name","value":"durationSecondsP50"}},{"kind":"Field","name":{"kind":"Name","value":"durationSecondsP95"}},{"kind":"Field","name":{"kind":"Name","value":"openInputRequests"}},{"kind":"Field","name":{"kind":"Name","value":"overdueInputRequests"}},{"kind":"Field","name":{"kind":"Name","value":"pendingCallbacks"}},{"kind":"Field","name":{"kind":"Name","value":"overdueCallbacks"}},{"kind":"Field","name":{"kind":"Name","value":"failuresByWorkflow"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"workflowName"}},{"kind":"Field","name":{"kind":"Name","value":"count"}},{"kind":"Field","name":{"kind":"Name","value":"lastFailedAt"}},{"kind":"Field","name":{"kind":"Name","value":"codes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"count"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"throughput"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"buckets"},"value":{"kind":"Variable","name":{"kind":"Name","value":"buckets"}}},{"kind":"Argument","name":{"kind":"Name","value":"period"},"value":{"kind":"Variable","name":{"kind":"Name","value":"period"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"start"}},{"kind":"Field","name":{"kind":"Name","value":"end"}},{"kind":"Field","name":{"kind":"Name","value":"started"}},{"kind":"Field","name":{"kind":"Name","value":"completed"}},{"kind":"Field","name":{"kind":"Name","value":"failed"}},{"kind":"Field","name":{"kind":"Name","value":"aborted"}},{"kind":"Field","name":{"kind":"Name","value":"durationSecondsP50"}},{"kind":"Field","name":{"kind":"Name","value":"durationSecondsP95"}}]}}]}}]}}]} as unknown as DocumentNode<HomeStatsQuery, HomeStatsQueryVariables>;
export const HomeDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Home"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"engine"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"changedAt"}},{"kind":"Field","name":{"kind":"Name","value":"changedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"queuedProcesses"}},{"kind":"Field","name":{"kind":"Name","value":"lagSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"runningSteps"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"workers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}},{"kind":"Field","alias":{"kind":"Name","value":"tasks"},"name":{"kind":"Name","value":"inputRequests"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"5"}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"mine"},"value":{"kind":"BooleanValue","value":true}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"HomeTask"}}]}}]}},{"kind":"Field","alias":{"kind":"Name","value":"overdueTasks"},"name":{"kind":"Name","value":"inputRequests"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"5"}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"mine"},"value":{"kind":"BooleanValue","value":true}},{"kind":"ObjectField","name":{"kind":"Name","value":"overdue"},"value":{"kind":"BooleanValue","value":true}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"HomeTask"}}]}}]}},{"kind":"Field","alias":{"kind":"Name","value":"overdueCallbacks"},"name":{"kind":"Name","value":"callbacks"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"5"}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"overdue"},"value":{"kind":"BooleanValue","value":true}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"process"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"subject"}},{"kind":"Field","name":{"kind":"Name","value":"workflowName"}}]}}]}}]}},{"kind":"Field","alias":{"kind":"Name","value":"waiting"},"name":{"kind":"Name","value":"processes"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"5"}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"statuses"},"value":{"kind":"ListValue","values":[{"kind":"EnumValue","value":"AWAITING_CALLBACK"},{"kind":"EnumValue","value":"SUSPENDED"}]}}]}},{"kind":"Argument","name":{"kind":"Name","value":"orderBy"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"field"},"value":{"kind":"EnumValue","value":"UPDATED_AT"}},{"kind":"ObjectField","name":{"kind":"Name","value":"direction"},"value":{"kind":"EnumValue","value":"ASC"}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"subject"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"whyWaiting"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"since"}}]}}]}}]}},{"kind":"Field","alias":{"kind":"Name","value":"failed"},"name":{"kind":"Name","value":"processes"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"5"}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"statuses"},"value":{"kind":"ListValue","values":[{"kind":"EnumValue","value":"FAILED"}]}}]}},{"kind":"Argument","name":{"kind":"Name","value":"orderBy"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"field"},"value":{"kind":"EnumValue","value":"UPDATED_AT"}},{"kind":"ObjectField","name":{"kind":"Name","value":"direction"},"value":{"kind":"EnumValue","value":"DESC"}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"subject"}},{"kind":"Field","name":{"kind":"Name","value":"workflowName"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"failureReason"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"HomeTask"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InputRequest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"dueAt"}},{"kind":"Field","name":{"kind":"Name","value":"claimedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"process"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"subject"}},{"kind":"Field","name":{"kind":"Name","value":"workflowName"}}]}}]}}]} as unknown as DocumentNode<HomeQuery, HomeQueryVariables>;
export const SetEngineStateDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SetEngineState"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"SetEngineStateInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"setEngineState"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]}}]} as unknown as DocumentNode<SetEngineStateMutation, SetEngineStateMutationVariables>;
export const InboxDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Inbox"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"overdue"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"InputRequestFilter"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"others"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"InputRequestFilter"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"overdue"},"name":{"kind":"Name","value":"inputRequests"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"overdue"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"InboxTask"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}}]}}]}},{"kind":"Field","alias":{"kind":"Name","value":"others"},"name":{"kind":"Name","value":"inputRequests"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"others"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"InboxTask"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"InboxTask"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InputRequest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"assignee"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"claimedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"dueAt"}},{"kind":"Field","name":{"kind":"Name","value":"escalatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"canSubmit"}},{"kind":"Field","name":{"kind":"Name","value":"canReject"}},{"kind":"Field","name":{"kind":"Name","value":"blockedReason"}},{"kind":"Field","name":{"kind":"Name","value":"approvalsNeeded"}},{"kind":"Field","name":{"kind":"Name","value":"decisions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"by"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"policy"}},{"kind":"Field","name":{"kind":"Name","value":"verdict"}},{"kind":"Field","name":{"kind":"Name","value":"at"}}]}},{"kind":"Field","name":{"kind":"Name","value":"process"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"subject"}},{"kind":"Field","name":{"kind":"Name","value":"workflowName"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"createdBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]} as unknown as DocumentNode<InboxQuery, InboxQueryVariables>;
export const InboxTasksDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"InboxTasks"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"ids"}},"type":{"kind":"NonNullType","type":{"kind":"ListType","type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"ids"},"value":{"kind":"Variable","name":{"kind":"Name","value":"ids"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InputRequest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"InboxTask"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"InboxTask"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InputRequest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"assignee"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"claimedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"dueAt"}},{"kind":"Field","name":{"kind":"Name","value":"escalatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"canSubmit"}},{"kind":"Field","name":{"kind":"Name","value":"canReject"}},{"kind":"Field","name":{"kind":"Name","value":"blockedReason"}},{"kind":"Field","name":{"kind":"Name","value":"approvalsNeeded"}},{"kind":"Field","name":{"kind":"Name","value":"decisions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"by"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"policy"}},{"kind":"Field","name":{"kind":"Name","value":"verdict"}},{"kind":"Field","name":{"kind":"Name","value":"at"}}]}},{"kind":"Field","name":{"kind":"Name","value":"process"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"subject"}},{"kind":"Field","name":{"kind":"Name","value":"workflowName"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"createdBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]} as unknown as DocumentNode<InboxTasksQuery, InboxTasksQueryVariables>;
export const BulkFormsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"BulkForms"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"ids"}},"type":{"kind":"NonNullType","type":{"kind":"ListType","type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"longestText"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"ids"},"value":{"kind":"Variable","name":{"kind":"Name","value":"ids"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InputRequest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"InboxTask"}},{"kind":"Field","name":{"kind":"Name","value":"form"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"longestText"},"value":{"kind":"Variable","name":{"kind":"Name","value":"longestText"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"FormPage"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"schema"}},{"kind":"Field","name":{"kind":"Name","value":"uiSchema"}},{"kind":"Field","name":{"kind":"Name","value":"initialData"}},{"kind":"Field","name":{"kind":"Name","value":"isConfirmation"}},{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"cuts"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"shownLength"}},{"kind":"Field","name":{"kind":"Name","value":"totalLength"}}]}}]}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"InboxTask"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InputRequest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"assignee"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"claimedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"dueAt"}},{"kind":"Field","name":{"kind":"Name","value":"escalatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"canSubmit"}},{"kind":"Field","name":{"kind":"Name","value":"canReject"}},{"kind":"Field","name":{"kind":"Name","value":"blockedReason"}},{"kind":"Field","name":{"kind":"Name","value":"approvalsNeeded"}},{"kind":"Field","name":{"kind":"Name","value":"decisions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"by"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"policy"}},{"kind":"Field","name":{"kind":"Name","value":"verdict"}},{"kind":"Field","name":{"kind":"Name","value":"at"}}]}},{"kind":"Field","name":{"kind":"Name","value":"process"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"subject"}},{"kind":"Field","name":{"kind":"Name","value":"workflowName"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"createdBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]} as unknown as DocumentNode<BulkFormsQuery, BulkFormsQueryVariables>;
export const BulkDecideDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"BulkDecide"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"DecideInputRequestsInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"decideInputRequests"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"submitted"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ConflictError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"by"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"at"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"rejected"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ConflictError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"by"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"at"}}]}}]}}]}}]}}]} as unknown as DocumentNode<BulkDecideMutation, BulkDecideMutationVariables>;
export const InboxClaimDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"InboxClaim"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ClaimInputRequestInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"claimInputRequest"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"TaskAnswer"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"InboxTask"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InputRequest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"assignee"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"claimedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"dueAt"}},{"kind":"Field","name":{"kind":"Name","value":"escalatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"canSubmit"}},{"kind":"Field","name":{"kind":"Name","value":"canReject"}},{"kind":"Field","name":{"kind":"Name","value":"blockedReason"}},{"kind":"Field","name":{"kind":"Name","value":"approvalsNeeded"}},{"kind":"Field","name":{"kind":"Name","value":"decisions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"by"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"policy"}},{"kind":"Field","name":{"kind":"Name","value":"verdict"}},{"kind":"Field","name":{"kind":"Name","value":"at"}}]}},{"kind":"Field","name":{"kind":"Name","value":"process"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"subject"}},{"kind":"Field","name":{"kind":"Name","value":"workflowName"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"createdBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"TaskAnswer"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InputRequestActionResult"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InputRequestActionSuccess"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"inputRequest"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"InboxTask"}}]}}]}}]}}]} as unknown as DocumentNode<InboxClaimMutation, InboxClaimMutationVariables>;
export const InboxReleaseDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"InboxRelease"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ReleaseInputRequestInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"releaseInputRequest"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"TaskAnswer"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"InboxTask"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InputRequest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"assignee"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"claimedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"dueAt"}},{"kind":"Field","name":{"kind":"Name","value":"escalatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"canSubmit"}},{"kind":"Field","name":{"kind":"Name","value":"canReject"}},{"kind":"Field","name":{"kind":"Name","value":"blockedReason"}},{"kind":"Field","name":{"kind":"Name","value":"approvalsNeeded"}},{"kind":"Field","name":{"kind":"Name","value":"decisions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"by"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"policy"}},{"kind":"Field","name":{"kind":"Name","value":"verdict"}},{"kind":"Field","name":{"kind":"Name","value":"at"}}]}},{"kind":"Field","name":{"kind":"Name","value":"process"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"subject"}},{"kind":"Field","name":{"kind":"Name","value":"workflowName"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"createdBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"TaskAnswer"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InputRequestActionResult"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InputRequestActionSuccess"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"inputRequest"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"InboxTask"}}]}}]}}]}}]} as unknown as DocumentNode<InboxReleaseMutation, InboxReleaseMutationVariables>;
export const InboxChoicesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"InboxChoices"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"workflows"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"200"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"steps"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"assignee"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"viewer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"assignees"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]} as unknown as DocumentNode<InboxChoicesQuery, InboxChoicesQueryVariables>;
export const ProcessesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Processes"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ProcessFilter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"processes"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ProcessRow"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ProcessRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Process"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"workflowName"}},{"kind":"Field","name":{"kind":"Name","value":"subject"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endedAt"}},{"kind":"Field","name":{"kind":"Name","value":"durationSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"currentStep"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"createdBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"failureReason"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]} as unknown as DocumentNode<ProcessesQuery, ProcessesQueryVariables>;
export const FilterChoicesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"FilterChoices"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"workflows"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"200"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"steps"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"assignee"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"products"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"200"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"viewer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"assignees"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"stats"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"window"},"value":{"kind":"EnumValue","value":"LAST_7_DAYS"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"failuresByWorkflow"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"codes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"count"}}]}}]}}]}}]}}]} as unknown as DocumentNode<FilterChoicesQuery, FilterChoicesQueryVariables>;
export const StatsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Stats"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stats"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"processesByStatus"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"count"}}]}},{"kind":"Field","name":{"kind":"Name","value":"engine"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"changedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]}}]} as unknown as DocumentNode<StatsQuery, StatsQueryVariables>;
export const ViewerDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Viewer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"viewer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"user"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"assignees"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"permissions"}},{"kind":"Field","name":{"kind":"Name","value":"openInputRequests"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"1"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}}]}}]}}]}}]} as unknown as DocumentNode<ViewerQuery, ViewerQueryVariables>;
export const ProcessEventsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"ProcessEvents"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"processEvents"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"caughtUp"}},{"kind":"Field","name":{"kind":"Name","value":"reset"}},{"kind":"Field","name":{"kind":"Name","value":"events"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"processId"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ProductSubscriptionChangedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"productSubscriptionId"}}]}}]}}]}}]}}]} as unknown as DocumentNode<ProcessEventsSubscription, ProcessEventsSubscriptionVariables>;