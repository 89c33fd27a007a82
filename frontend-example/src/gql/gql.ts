/* eslint-disable */
import * as types from './graphql';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  fragment InboxTask on InputRequest {\n    id\n    version\n    status\n    title\n    assignee {\n      key\n      name\n    }\n    claimedBy {\n      id\n      name\n    }\n    createdAt\n    dueAt\n    escalatedAt\n    canSubmit\n    canReject\n    blockedReason\n    approvalsNeeded\n    decisions {\n      by {\n        name\n      }\n      policy\n      verdict\n      at\n    }\n    process {\n      id\n      subject\n      workflowName\n      startedAt\n      createdBy {\n        name\n      }\n    }\n  }\n": typeof types.InboxTaskFragmentDoc,
    "\n  query Inbox($first: Int!, $overdue: InputRequestFilter!, $others: InputRequestFilter!) {\n    overdue: inputRequests(first: $first, filter: $overdue) {\n      nodes {\n        ...InboxTask\n      }\n      pageInfo {\n        hasNextPage\n      }\n    }\n    others: inputRequests(first: $first, filter: $others) {\n      nodes {\n        ...InboxTask\n      }\n      pageInfo {\n        hasNextPage\n      }\n    }\n  }\n": typeof types.InboxDocument,
    "\n  query InboxTasks($ids: [ID!]!) {\n    nodes(ids: $ids) {\n      ... on InputRequest {\n        ...InboxTask\n      }\n    }\n  }\n": typeof types.InboxTasksDocument,
    "\n  query BulkForms($ids: [ID!]!, $longestText: Int!) {\n    nodes(ids: $ids) {\n      ... on InputRequest {\n        ...InboxTask\n        form(longestText: $longestText) {\n          __typename\n          ... on FormPage {\n            title\n            description\n            schema\n            uiSchema\n            initialData\n            isConfirmation\n            digest\n            cuts {\n              key\n              shownLength\n              totalLength\n            }\n          }\n        }\n      }\n    }\n  }\n": typeof types.BulkFormsDocument,
    "\n  mutation BulkDecide($input: DecideInputRequestsInput!) {\n    decideInputRequests(input: $input) {\n      submitted {\n        __typename\n        ... on UserError {\n          code\n          message\n        }\n        ... on ConflictError {\n          by {\n            name\n          }\n          at\n        }\n      }\n      rejected {\n        __typename\n        ... on UserError {\n          code\n          message\n        }\n        ... on ConflictError {\n          by {\n            name\n          }\n          at\n        }\n      }\n    }\n  }\n": typeof types.BulkDecideDocument,
    "\n  fragment TaskAnswer on InputRequestActionResult {\n    __typename\n    ... on UserError {\n      code\n      message\n    }\n    ... on InputRequestActionSuccess {\n      inputRequest {\n        ...InboxTask\n      }\n    }\n  }\n": typeof types.TaskAnswerFragmentDoc,
    "\n  mutation InboxClaim($input: ClaimInputRequestInput!) {\n    claimInputRequest(input: $input) {\n      ...TaskAnswer\n    }\n  }\n": typeof types.InboxClaimDocument,
    "\n  mutation InboxRelease($input: ReleaseInputRequestInput!) {\n    releaseInputRequest(input: $input) {\n      ...TaskAnswer\n    }\n  }\n": typeof types.InboxReleaseDocument,
    "\n  query InboxChoices {\n    workflows(first: 200) {\n      nodes {\n        name\n        steps {\n          assignee {\n            key\n            name\n          }\n        }\n      }\n    }\n    viewer {\n      assignees {\n        key\n        name\n      }\n    }\n  }\n": typeof types.InboxChoicesDocument,
    "\n  fragment ProcessRow on Process {\n    id\n    version\n    workflowName\n    subject\n    status\n    startedAt\n    endedAt\n    durationSeconds\n    currentStep {\n      name\n    }\n    createdBy {\n      id\n      name\n    }\n    failureReason {\n      code\n      message\n    }\n  }\n": typeof types.ProcessRowFragmentDoc,
    "\n  query Processes($first: Int!, $after: String, $filter: ProcessFilter) {\n    processes(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...ProcessRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": typeof types.ProcessesDocument,
    "\n  query FilterChoices {\n    workflows(first: 200) {\n      nodes {\n        name\n        steps {\n          assignee {\n            key\n            name\n          }\n        }\n      }\n    }\n    products(first: 200) {\n      nodes {\n        name\n      }\n    }\n    viewer {\n      assignees {\n        key\n        name\n      }\n    }\n    stats(window: LAST_7_DAYS) {\n      failuresByWorkflow {\n        codes {\n          code\n          count\n        }\n      }\n    }\n  }\n": typeof types.FilterChoicesDocument,
    "\n  query Stats {\n    stats {\n      processesByStatus {\n        status\n        count\n      }\n      engine {\n        state\n        reason\n        changedBy {\n          name\n        }\n      }\n    }\n  }\n": typeof types.StatsDocument,
    "\n  query Viewer {\n    viewer {\n      user {\n        id\n        name\n      }\n      assignees {\n        key\n        name\n      }\n      permissions\n      openInputRequests(first: 1) {\n        totalCount\n      }\n    }\n  }\n": typeof types.ViewerDocument,
    "\n  subscription ProcessEvents($after: String) {\n    processEvents(after: $after) {\n      cursor\n      caughtUp\n      reset\n      events {\n        __typename\n        processId\n        ... on ProductSubscriptionChangedEvent {\n          productSubscriptionId\n        }\n      }\n    }\n  }\n": typeof types.ProcessEventsDocument,
};
const documents: Documents = {
    "\n  fragment InboxTask on InputRequest {\n    id\n    version\n    status\n    title\n    assignee {\n      key\n      name\n    }\n    claimedBy {\n      id\n      name\n    }\n    createdAt\n    dueAt\n    escalatedAt\n    canSubmit\n    canReject\n    blockedReason\n    approvalsNeeded\n    decisions {\n      by {\n        name\n      }\n      policy\n      verdict\n      at\n    }\n    process {\n      id\n      subject\n      workflowName\n      startedAt\n      createdBy {\n        name\n      }\n    }\n  }\n": types.InboxTaskFragmentDoc,
    "\n  query Inbox($first: Int!, $overdue: InputRequestFilter!, $others: InputRequestFilter!) {\n    overdue: inputRequests(first: $first, filter: $overdue) {\n      nodes {\n        ...InboxTask\n      }\n      pageInfo {\n        hasNextPage\n      }\n    }\n    others: inputRequests(first: $first, filter: $others) {\n      nodes {\n        ...InboxTask\n      }\n      pageInfo {\n        hasNextPage\n      }\n    }\n  }\n": types.InboxDocument,
    "\n  query InboxTasks($ids: [ID!]!) {\n    nodes(ids: $ids) {\n      ... on InputRequest {\n        ...InboxTask\n      }\n    }\n  }\n": types.InboxTasksDocument,
    "\n  query BulkForms($ids: [ID!]!, $longestText: Int!) {\n    nodes(ids: $ids) {\n      ... on InputRequest {\n        ...InboxTask\n        form(longestText: $longestText) {\n          __typename\n          ... on FormPage {\n            title\n            description\n            schema\n            uiSchema\n            initialData\n            isConfirmation\n            digest\n            cuts {\n              key\n              shownLength\n              totalLength\n            }\n          }\n        }\n      }\n    }\n  }\n": types.BulkFormsDocument,
    "\n  mutation BulkDecide($input: DecideInputRequestsInput!) {\n    decideInputRequests(input: $input) {\n      submitted {\n        __typename\n        ... on UserError {\n          code\n          message\n        }\n        ... on ConflictError {\n          by {\n            name\n          }\n          at\n        }\n      }\n      rejected {\n        __typename\n        ... on UserError {\n          code\n          message\n        }\n        ... on ConflictError {\n          by {\n            name\n          }\n          at\n        }\n      }\n    }\n  }\n": types.BulkDecideDocument,
    "\n  fragment TaskAnswer on InputRequestActionResult {\n    __typename\n    ... on UserError {\n      code\n      message\n    }\n    ... on InputRequestActionSuccess {\n      inputRequest {\n        ...InboxTask\n      }\n    }\n  }\n": types.TaskAnswerFragmentDoc,
    "\n  mutation InboxClaim($input: ClaimInputRequestInput!) {\n    claimInputRequest(input: $input) {\n      ...TaskAnswer\n    }\n  }\n": types.InboxClaimDocument,
    "\n  mutation InboxRelease($input: ReleaseInputRequestInput!) {\n    releaseInputRequest(input: $input) {\n      ...TaskAnswer\n    }\n  }\n": types.InboxReleaseDocument,
    "\n  query InboxChoices {\n    workflows(first: 200) {\n      nodes {\n        name\n        steps {\n          assignee {\n            key\n            name\n          }\n        }\n      }\n    }\n    viewer {\n      assignees {\n        key\n        name\n      }\n    }\n  }\n": types.InboxChoicesDocument,
    "\n  fragment ProcessRow on Process {\n    id\n    version\n    workflowName\n    subject\n    status\n    startedAt\n    endedAt\n    durationSeconds\n    currentStep {\n      name\n    }\n    createdBy {\n      id\n      name\n    }\n    failureReason {\n      code\n      message\n    }\n  }\n": types.ProcessRowFragmentDoc,
    "\n  query Processes($first: Int!, $after: String, $filter: ProcessFilter) {\n    processes(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...ProcessRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": types.ProcessesDocument,
    "\n  query FilterChoices {\n    workflows(first: 200) {\n      nodes {\n        name\n        steps {\n          assignee {\n            key\n            name\n          }\n        }\n      }\n    }\n    products(first: 200) {\n      nodes {\n        name\n      }\n    }\n    viewer {\n      assignees {\n        key\n        name\n      }\n    }\n    stats(window: LAST_7_DAYS) {\n      failuresByWorkflow {\n        codes {\n          code\n          count\n        }\n      }\n    }\n  }\n": types.FilterChoicesDocument,
    "\n  query Stats {\n    stats {\n      processesByStatus {\n        status\n        count\n      }\n      engine {\n        state\n        reason\n        changedBy {\n          name\n        }\n      }\n    }\n  }\n": types.StatsDocument,
    "\n  query Viewer {\n    viewer {\n      user {\n        id\n        name\n      }\n      assignees {\n        key\n        name\n      }\n      permissions\n      openInputRequests(first: 1) {\n        totalCount\n      }\n    }\n  }\n": types.ViewerDocument,
    "\n  subscription ProcessEvents($after: String) {\n    processEvents(after: $after) {\n      cursor\n      caughtUp\n      reset\n      events {\n        __typename\n        processId\n        ... on ProductSubscriptionChangedEvent {\n          productSubscriptionId\n        }\n      }\n    }\n  }\n": types.ProcessEventsDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment InboxTask on InputRequest {\n    id\n    version\n    status\n    title\n    assignee {\n      key\n      name\n    }\n    claimedBy {\n      id\n      name\n    }\n    createdAt\n    dueAt\n    escalatedAt\n    canSubmit\n    canReject\n    blockedReason\n    approvalsNeeded\n    decisions {\n      by {\n        name\n      }\n      policy\n      verdict\n      at\n    }\n    process {\n      id\n      subject\n      workflowName\n      startedAt\n      createdBy {\n        name\n      }\n    }\n  }\n"): (typeof documents)["\n  fragment InboxTask on InputRequest {\n    id\n    version\n    status\n    title\n    assignee {\n      key\n      name\n    }\n    claimedBy {\n      id\n      name\n    }\n    createdAt\n    dueAt\n    escalatedAt\n    canSubmit\n    canReject\n    blockedReason\n    approvalsNeeded\n    decisions {\n      by {\n        name\n      }\n      policy\n      verdict\n      at\n    }\n    process {\n      id\n      subject\n      workflowName\n      startedAt\n      createdBy {\n        name\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Inbox($first: Int!, $overdue: InputRequestFilter!, $others: InputRequestFilter!) {\n    overdue: inputRequests(first: $first, filter: $overdue) {\n      nodes {\n        ...InboxTask\n      }\n      pageInfo {\n        hasNextPage\n      }\n    }\n    others: inputRequests(first: $first, filter: $others) {\n      nodes {\n        ...InboxTask\n      }\n      pageInfo {\n        hasNextPage\n      }\n    }\n  }\n"): (typeof documents)["\n  query Inbox($first: Int!, $overdue: InputRequestFilter!, $others: InputRequestFilter!) {\n    overdue: inputRequests(first: $first, filter: $overdue) {\n      nodes {\n        ...InboxTask\n      }\n      pageInfo {\n        hasNextPage\n      }\n    }\n    others: inputRequests(first: $first, filter: $others) {\n      nodes {\n        ...InboxTask\n      }\n      pageInfo {\n        hasNextPage\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query InboxTasks($ids: [ID!]!) {\n    nodes(ids: $ids) {\n      ... on InputRequest {\n        ...InboxTask\n      }\n    }\n  }\n"): (typeof documents)["\n  query InboxTasks($ids: [ID!]!) {\n    nodes(ids: $ids) {\n      ... on InputRequest {\n        ...InboxTask\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query BulkForms($ids: [ID!]!, $longestText: Int!) {\n    nodes(ids: $ids) {\n      ... on InputRequest {\n        ...InboxTask\n        form(longestText: $longestText) {\n          __typename\n          ... on FormPage {\n            title\n            description\n            schema\n            uiSchema\n            initialData\n            isConfirmation\n            digest\n            cuts {\n              key\n              shownLength\n              totalLength\n            }\n          }\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query BulkForms($ids: [ID!]!, $longestText: Int!) {\n    nodes(ids: $ids) {\n      ... on InputRequest {\n        ...InboxTask\n        form(longestText: $longestText) {\n          __typename\n          ... on FormPage {\n            title\n            description\n            schema\n            uiSchema\n            initialData\n            isConfirmation\n            digest\n            cuts {\n              key\n              shownLength\n              totalLength\n            }\n          }\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation BulkDecide($input: DecideInputRequestsInput!) {\n    decideInputRequests(input: $input) {\n      submitted {\n        __typename\n        ... on UserError {\n          code\n          message\n        }\n        ... on ConflictError {\n          by {\n            name\n          }\n          at\n        }\n      }\n      rejected {\n        __typename\n        ... on UserError {\n          code\n          message\n        }\n        ... on ConflictError {\n          by {\n            name\n          }\n          at\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation BulkDecide($input: DecideInputRequestsInput!) {\n    decideInputRequests(input: $input) {\n      submitted {\n        __typename\n        ... on UserError {\n          code\n          message\n        }\n        ... on ConflictError {\n          by {\n            name\n          }\n          at\n        }\n      }\n      rejected {\n        __typename\n        ... on UserError {\n          code\n          message\n        }\n        ... on ConflictError {\n          by {\n            name\n          }\n          at\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment TaskAnswer on InputRequestActionResult {\n    __typename\n    ... on UserError {\n      code\n      message\n    }\n    ... on InputRequestActionSuccess {\n      inputRequest {\n        ...InboxTask\n      }\n    }\n  }\n"): (typeof documents)["\n  fragment TaskAnswer on InputRequestActionResult {\n    __typename\n    ... on UserError {\n      code\n      message\n    }\n    ... on InputRequestActionSuccess {\n      inputRequest {\n        ...InboxTask\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation InboxClaim($input: ClaimInputRequestInput!) {\n    claimInputRequest(input: $input) {\n      ...TaskAnswer\n    }\n  }\n"): (typeof documents)["\n  mutation InboxClaim($input: ClaimInputRequestInput!) {\n    claimInputRequest(input: $input) {\n      ...TaskAnswer\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation InboxRelease($input: ReleaseInputRequestInput!) {\n    releaseInputRequest(input: $input) {\n      ...TaskAnswer\n    }\n  }\n"): (typeof documents)["\n  mutation InboxRelease($input: ReleaseInputRequestInput!) {\n    releaseInputRequest(input: $input) {\n      ...TaskAnswer\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query InboxChoices {\n    workflows(first: 200) {\n      nodes {\n        name\n        steps {\n          assignee {\n            key\n            name\n          }\n        }\n      }\n    }\n    viewer {\n      assignees {\n        key\n        name\n      }\n    }\n  }\n"): (typeof documents)["\n  query InboxChoices {\n    workflows(first: 200) {\n      nodes {\n        name\n        steps {\n          assignee {\n            key\n            name\n          }\n        }\n      }\n    }\n    viewer {\n      assignees {\n        key\n        name\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ProcessRow on Process {\n    id\n    version\n    workflowName\n    subject\n    status\n    startedAt\n    endedAt\n    durationSeconds\n    currentStep {\n      name\n    }\n    createdBy {\n      id\n      name\n    }\n    failureReason {\n      code\n      message\n    }\n  }\n"): (typeof documents)["\n  fragment ProcessRow on Process {\n    id\n    version\n    workflowName\n    subject\n    status\n    startedAt\n    endedAt\n    durationSeconds\n    currentStep {\n      name\n    }\n    createdBy {\n      id\n      name\n    }\n    failureReason {\n      code\n      message\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Processes($first: Int!, $after: String, $filter: ProcessFilter) {\n    processes(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...ProcessRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"): (typeof documents)["\n  query Processes($first: Int!, $after: String, $filter: ProcessFilter) {\n    processes(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...ProcessRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FilterChoices {\n    workflows(first: 200) {\n      nodes {\n        name\n        steps {\n          assignee {\n            key\n            name\n          }\n        }\n      }\n    }\n    products(first: 200) {\n      nodes {\n        name\n      }\n    }\n    viewer {\n      assignees {\n        key\n        name\n      }\n    }\n    stats(window: LAST_7_DAYS) {\n      failuresByWorkflow {\n        codes {\n          code\n          count\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query FilterChoices {\n    workflows(first: 200) {\n      nodes {\n        name\n        steps {\n          assignee {\n            key\n            name\n          }\n        }\n      }\n    }\n    products(first: 200) {\n      nodes {\n        name\n      }\n    }\n    viewer {\n      assignees {\n        key\n        name\n      }\n    }\n    stats(window: LAST_7_DAYS) {\n      failuresByWorkflow {\n        codes {\n          code\n          count\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Stats {\n    stats {\n      processesByStatus {\n        status\n        count\n      }\n      engine {\n        state\n        reason\n        changedBy {\n          name\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query Stats {\n    stats {\n      processesByStatus {\n        status\n        count\n      }\n      engine {\n        state\n        reason\n        changedBy {\n          name\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Viewer {\n    viewer {\n      user {\n        id\n        name\n      }\n      assignees {\n        key\n        name\n      }\n      permissions\n      openInputRequests(first: 1) {\n        totalCount\n      }\n    }\n  }\n"): (typeof documents)["\n  query Viewer {\n    viewer {\n      user {\n        id\n        name\n      }\n      assignees {\n        key\n        name\n      }\n      permissions\n      openInputRequests(first: 1) {\n        totalCount\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription ProcessEvents($after: String) {\n    processEvents(after: $after) {\n      cursor\n      caughtUp\n      reset\n      events {\n        __typename\n        processId\n        ... on ProductSubscriptionChangedEvent {\n          productSubscriptionId\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription ProcessEvents($after: String) {\n    processEvents(after: $after) {\n      cursor\n      caughtUp\n      reset\n      events {\n        __typename\n        processId\n        ... on ProductSubscriptionChangedEvent {\n          productSubscriptionId\n        }\n      }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;