/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** A period of time. */
export type DateTimeRange = {
  /** The start of the period, included; null means no limit. */
  from?: string | null | undefined;
  /** The end of the period, excluded; null means no limit. */
  to?: string | null | undefined;
};

/** Whether the engine starts new steps. */
export type EngineState =
  /** The engine starts no step, and none runs. */
  | 'PAUSED'
  /** The engine starts no step; some steps still run. */
  | 'PAUSING'
  /** The engine starts steps. */
  | 'RUNNING';

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

export const ProcessRowFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ProcessRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Process"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"workflowName"}},{"kind":"Field","name":{"kind":"Name","value":"subject"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endedAt"}},{"kind":"Field","name":{"kind":"Name","value":"durationSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"currentStep"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"createdBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"failureReason"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]} as unknown as DocumentNode<ProcessRowFragment, unknown>;
export const ProcessesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Processes"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"ProcessFilter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"processes"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ProcessRow"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ProcessRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Process"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"workflowName"}},{"kind":"Field","name":{"kind":"Name","value":"subject"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endedAt"}},{"kind":"Field","name":{"kind":"Name","value":"durationSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"currentStep"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"createdBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"failureReason"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]} as unknown as DocumentNode<ProcessesQuery, ProcessesQueryVariables>;
export const FilterChoicesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"FilterChoices"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"workflows"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"200"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"steps"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"assignee"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"products"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"200"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"viewer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"assignees"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"stats"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"window"},"value":{"kind":"EnumValue","value":"LAST_7_DAYS"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"failuresByWorkflow"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"codes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"count"}}]}}]}}]}}]}}]} as unknown as DocumentNode<FilterChoicesQuery, FilterChoicesQueryVariables>;
export const StatsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Stats"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stats"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"processesByStatus"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"count"}}]}},{"kind":"Field","name":{"kind":"Name","value":"engine"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"changedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]}}]} as unknown as DocumentNode<StatsQuery, StatsQueryVariables>;
export const ViewerDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Viewer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"viewer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"user"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"assignees"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"permissions"}},{"kind":"Field","name":{"kind":"Name","value":"openInputRequests"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"1"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}}]}}]}}]}}]} as unknown as DocumentNode<ViewerQuery, ViewerQueryVariables>;
export const ProcessEventsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"ProcessEvents"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"processEvents"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"caughtUp"}},{"kind":"Field","name":{"kind":"Name","value":"reset"}},{"kind":"Field","name":{"kind":"Name","value":"events"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"processId"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ProductSubscriptionChangedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"productSubscriptionId"}}]}}]}}]}}]}}]} as unknown as DocumentNode<ProcessEventsSubscription, ProcessEventsSubscriptionVariables>;