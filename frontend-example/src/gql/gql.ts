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
    "\n  fragment ProgressReport on CallbackProgress {\n    percent\n    message\n    data\n    reportedAt\n  }\n": typeof types.ProgressReportFragmentDoc,
    "\n  fragment ResultSlice on ResultSlice {\n    text\n    nextOffset\n    totalLength\n  }\n": typeof types.ResultSliceFragmentDoc,
    "\n  query ProgressLog($id: ID!, $first: Int, $last: Int, $before: String, $after: String) {\n    node(id: $id) {\n      ... on Callback {\n        progressLog(first: $first, last: $last, before: $before, after: $after) {\n          totalCount\n          pageInfo {\n            hasNextPage\n            hasPreviousPage\n          }\n          edges {\n            cursor\n            node {\n              ...ProgressReport\n            }\n          }\n        }\n      }\n    }\n  }\n": typeof types.ProgressLogDocument,
    "\n  query ResultText($id: ID!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on Callback {\n        resultText(offset: $offset, length: $length) {\n          ...ResultSlice\n        }\n      }\n    }\n  }\n": typeof types.ResultTextDocument,
    "\n  query FieldText($id: ID!, $key: String!, $pages: [JSON!]!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on InputRequest {\n        fieldText(key: $key, pages: $pages, offset: $offset, length: $length) {\n          ...ResultSlice\n        }\n      }\n    }\n  }\n": typeof types.FieldTextDocument,
    "\n  query StateDeltaText($id: ID!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        stateDeltaText(offset: $offset, length: $length) {\n          ...ResultSlice\n        }\n      }\n    }\n  }\n": typeof types.StateDeltaTextDocument,
    "\n  fragment ProcessRow on Process {\n    id\n    version\n    workflowName\n    status\n    startedAt\n    endedAt\n    durationSeconds\n    currentStep {\n      name\n    }\n    createdBy {\n      name\n    }\n    failure {\n      code\n      message\n    }\n  }\n": typeof types.ProcessRowFragmentDoc,
    "\n  query Processes($first: Int!, $after: String, $filter: ProcessFilter) {\n    processes(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...ProcessRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": typeof types.ProcessesDocument,
    "\n  query Stats {\n    stats {\n      processesByStatus {\n        status\n        count\n      }\n      engine {\n        state\n        reason\n        changedBy {\n          name\n        }\n      }\n    }\n  }\n": typeof types.StatsDocument,
    "\n  query Viewer {\n    viewer {\n      user {\n        id\n        name\n      }\n      assignees {\n        key\n        name\n      }\n      permissions\n      openInputRequests(first: 1) {\n        totalCount\n      }\n    }\n  }\n": typeof types.ViewerDocument,
    "\n  subscription ProcessEvents($after: String) {\n    processEvents(after: $after) {\n      cursor\n      caughtUp\n      reset\n      events {\n        __typename\n        processId\n        ... on CallbackEvent {\n          callbackId\n        }\n        ... on ProductSubscriptionChangedEvent {\n          productSubscriptionId\n        }\n      }\n    }\n  }\n": typeof types.ProcessEventsDocument,
};
const documents: Documents = {
    "\n  fragment ProgressReport on CallbackProgress {\n    percent\n    message\n    data\n    reportedAt\n  }\n": types.ProgressReportFragmentDoc,
    "\n  fragment ResultSlice on ResultSlice {\n    text\n    nextOffset\n    totalLength\n  }\n": types.ResultSliceFragmentDoc,
    "\n  query ProgressLog($id: ID!, $first: Int, $last: Int, $before: String, $after: String) {\n    node(id: $id) {\n      ... on Callback {\n        progressLog(first: $first, last: $last, before: $before, after: $after) {\n          totalCount\n          pageInfo {\n            hasNextPage\n            hasPreviousPage\n          }\n          edges {\n            cursor\n            node {\n              ...ProgressReport\n            }\n          }\n        }\n      }\n    }\n  }\n": types.ProgressLogDocument,
    "\n  query ResultText($id: ID!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on Callback {\n        resultText(offset: $offset, length: $length) {\n          ...ResultSlice\n        }\n      }\n    }\n  }\n": types.ResultTextDocument,
    "\n  query FieldText($id: ID!, $key: String!, $pages: [JSON!]!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on InputRequest {\n        fieldText(key: $key, pages: $pages, offset: $offset, length: $length) {\n          ...ResultSlice\n        }\n      }\n    }\n  }\n": types.FieldTextDocument,
    "\n  query StateDeltaText($id: ID!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        stateDeltaText(offset: $offset, length: $length) {\n          ...ResultSlice\n        }\n      }\n    }\n  }\n": types.StateDeltaTextDocument,
    "\n  fragment ProcessRow on Process {\n    id\n    version\n    workflowName\n    status\n    startedAt\n    endedAt\n    durationSeconds\n    currentStep {\n      name\n    }\n    createdBy {\n      name\n    }\n    failure {\n      code\n      message\n    }\n  }\n": types.ProcessRowFragmentDoc,
    "\n  query Processes($first: Int!, $after: String, $filter: ProcessFilter) {\n    processes(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...ProcessRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": types.ProcessesDocument,
    "\n  query Stats {\n    stats {\n      processesByStatus {\n        status\n        count\n      }\n      engine {\n        state\n        reason\n        changedBy {\n          name\n        }\n      }\n    }\n  }\n": types.StatsDocument,
    "\n  query Viewer {\n    viewer {\n      user {\n        id\n        name\n      }\n      assignees {\n        key\n        name\n      }\n      permissions\n      openInputRequests(first: 1) {\n        totalCount\n      }\n    }\n  }\n": types.ViewerDocument,
    "\n  subscription ProcessEvents($after: String) {\n    processEvents(after: $after) {\n      cursor\n      caughtUp\n      reset\n      events {\n        __typename\n        processId\n        ... on CallbackEvent {\n          callbackId\n        }\n        ... on ProductSubscriptionChangedEvent {\n          productSubscriptionId\n        }\n      }\n    }\n  }\n": types.ProcessEventsDocument,
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
export function graphql(source: "\n  fragment ProgressReport on CallbackProgress {\n    percent\n    message\n    data\n    reportedAt\n  }\n"): (typeof documents)["\n  fragment ProgressReport on CallbackProgress {\n    percent\n    message\n    data\n    reportedAt\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ResultSlice on ResultSlice {\n    text\n    nextOffset\n    totalLength\n  }\n"): (typeof documents)["\n  fragment ResultSlice on ResultSlice {\n    text\n    nextOffset\n    totalLength\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ProgressLog($id: ID!, $first: Int, $last: Int, $before: String, $after: String) {\n    node(id: $id) {\n      ... on Callback {\n        progressLog(first: $first, last: $last, before: $before, after: $after) {\n          totalCount\n          pageInfo {\n            hasNextPage\n            hasPreviousPage\n          }\n          edges {\n            cursor\n            node {\n              ...ProgressReport\n            }\n          }\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query ProgressLog($id: ID!, $first: Int, $last: Int, $before: String, $after: String) {\n    node(id: $id) {\n      ... on Callback {\n        progressLog(first: $first, last: $last, before: $before, after: $after) {\n          totalCount\n          pageInfo {\n            hasNextPage\n            hasPreviousPage\n          }\n          edges {\n            cursor\n            node {\n              ...ProgressReport\n            }\n          }\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ResultText($id: ID!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on Callback {\n        resultText(offset: $offset, length: $length) {\n          ...ResultSlice\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query ResultText($id: ID!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on Callback {\n        resultText(offset: $offset, length: $length) {\n          ...ResultSlice\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FieldText($id: ID!, $key: String!, $pages: [JSON!]!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on InputRequest {\n        fieldText(key: $key, pages: $pages, offset: $offset, length: $length) {\n          ...ResultSlice\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query FieldText($id: ID!, $key: String!, $pages: [JSON!]!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on InputRequest {\n        fieldText(key: $key, pages: $pages, offset: $offset, length: $length) {\n          ...ResultSlice\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query StateDeltaText($id: ID!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        stateDeltaText(offset: $offset, length: $length) {\n          ...ResultSlice\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query StateDeltaText($id: ID!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        stateDeltaText(offset: $offset, length: $length) {\n          ...ResultSlice\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ProcessRow on Process {\n    id\n    version\n    workflowName\n    status\n    startedAt\n    endedAt\n    durationSeconds\n    currentStep {\n      name\n    }\n    createdBy {\n      name\n    }\n    failure {\n      code\n      message\n    }\n  }\n"): (typeof documents)["\n  fragment ProcessRow on Process {\n    id\n    version\n    workflowName\n    status\n    startedAt\n    endedAt\n    durationSeconds\n    currentStep {\n      name\n    }\n    createdBy {\n      name\n    }\n    failure {\n      code\n      message\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Processes($first: Int!, $after: String, $filter: ProcessFilter) {\n    processes(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...ProcessRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"): (typeof documents)["\n  query Processes($first: Int!, $after: String, $filter: ProcessFilter) {\n    processes(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...ProcessRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"];
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
export function graphql(source: "\n  subscription ProcessEvents($after: String) {\n    processEvents(after: $after) {\n      cursor\n      caughtUp\n      reset\n      events {\n        __typename\n        processId\n        ... on CallbackEvent {\n          callbackId\n        }\n        ... on ProductSubscriptionChangedEvent {\n          productSubscriptionId\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription ProcessEvents($after: String) {\n    processEvents(after: $after) {\n      cursor\n      caughtUp\n      reset\n      events {\n        __typename\n        processId\n        ... on CallbackEvent {\n          callbackId\n        }\n        ... on ProductSubscriptionChangedEvent {\n          productSubscriptionId\n        }\n      }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;