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
    "\n  fragment AuditRow on AuditEntry {\n    id\n    at\n    action\n    actor {\n      id\n      name\n    }\n    process {\n      id\n      subject\n    }\n    details\n    address\n    method\n    seq\n    digest\n    seal\n  }\n": typeof types.AuditRowFragmentDoc,
    "\n  query Audit($first: Int!, $after: String, $filter: AuditFilter) {\n    audit(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...AuditRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": typeof types.AuditDocument,
    "\n  query AuditCount {\n    audit(first: 1) {\n      totalCount\n    }\n  }\n": typeof types.AuditCountDocument,
    "\n  query VerifyAudit($first: Int!, $after: String, $anchor: AuditAnchor) {\n    verifyAudit(first: $first, after: $after, anchor: $anchor) {\n      valid\n      entries\n      fault\n      cursor\n      hasMore\n      seal {\n        seq\n        digest\n      }\n      firstBroken {\n        id\n        at\n        action\n        process {\n          id\n          subject\n        }\n      }\n    }\n  }\n": typeof types.VerifyAuditDocument,
    "\n  fragment NotificationRow on Notification {\n    id\n    target\n    kind\n    status\n    tries\n    lastError\n    createdAt\n    sentAt\n    dueAt\n    payload\n    process {\n      id\n      subject\n    }\n    log {\n      at\n      status\n      error\n    }\n  }\n": typeof types.NotificationRowFragmentDoc,
    "\n  query Notifications($first: Int!, $after: String, $filter: NotificationFilter) {\n    notifications(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...NotificationRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": typeof types.NotificationsDocument,
    "\n  mutation ResendNotification($id: ID!) {\n    resendNotification(input: { notificationId: $id }) {\n      __typename\n      ... on UserError {\n        code\n        message\n      }\n    }\n  }\n": typeof types.ResendNotificationDocument,
    "\n  query NotificationsById($ids: [ID!]!) {\n    nodes(ids: $ids) {\n      ... on Notification {\n        ...NotificationRow\n      }\n    }\n  }\n": typeof types.NotificationsByIdDocument,
    "\n  fragment ProcessRow on Process {\n    id\n    version\n    workflowName\n    status\n    startedAt\n    endedAt\n    durationSeconds\n    currentStep {\n      name\n    }\n    createdBy {\n      name\n    }\n    failure {\n      code\n      message\n    }\n  }\n": typeof types.ProcessRowFragmentDoc,
    "\n  query Processes($first: Int!, $after: String, $filter: ProcessFilter) {\n    processes(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...ProcessRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": typeof types.ProcessesDocument,
    "\n  query Stats {\n    stats {\n      processesByStatus {\n        status\n        count\n      }\n      engine {\n        state\n        reason\n        changedBy {\n          name\n        }\n      }\n    }\n  }\n": typeof types.StatsDocument,
    "\n  query Viewer {\n    viewer {\n      user {\n        id\n        name\n      }\n      assignees {\n        key\n        name\n      }\n      permissions\n      openInputRequests(first: 1) {\n        totalCount\n      }\n    }\n  }\n": typeof types.ViewerDocument,
    "\n  fragment SubscriptionRow on ProductSubscription {\n    id\n    version\n    description\n    status\n    inSync\n    outOfSyncReason\n    lockedBy {\n      id\n      subject\n    }\n    customerId\n    customerDescription\n    createdAt\n    updatedAt\n    product {\n      name\n    }\n  }\n": typeof types.SubscriptionRowFragmentDoc,
    "\n  query ProductSubscriptions(\n    $first: Int!\n    $after: String\n    $filter: ProductSubscriptionFilter\n    $orderBy: ProductSubscriptionOrder\n  ) {\n    productSubscriptions(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {\n      nodes {\n        ...SubscriptionRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": typeof types.ProductSubscriptionsDocument,
    "\n  query Products {\n    products(first: 200) {\n      nodes {\n        id\n        name\n        status\n      }\n    }\n  }\n": typeof types.ProductsDocument,
    "\n  query ProductPaths($name: String!) {\n    product(name: $name) {\n      id\n      blockSchema\n    }\n  }\n": typeof types.ProductPathsDocument,
    "\n  query SubscriptionNames($ids: [ID!]!) {\n    productSubscriptions(first: 200, filter: { ids: $ids }) {\n      nodes {\n        id\n        description\n      }\n    }\n  }\n": typeof types.SubscriptionNamesDocument,
    "\n  query ProductSubscriptionDetail($id: ID!) {\n    productSubscription(id: $id) {\n      ...SubscriptionRow\n      note\n      startDate\n      endDate\n      model\n      lockedBy {\n        id\n        status\n      }\n      outOfSyncBy {\n        id\n        subject\n        status\n      }\n      product {\n        name\n        description\n        status\n      }\n      workflowStarts {\n        blockedReason\n        workflow {\n          id\n          name\n          description\n          target\n        }\n      }\n    }\n  }\n": typeof types.ProductSubscriptionDetailDocument,
    "\n  fragment RelatedSubscriptions on ProductSubscriptionConnection {\n    totalCount\n    nodes {\n      id\n      description\n      status\n      inSync\n      product {\n        name\n      }\n    }\n  }\n": typeof types.RelatedSubscriptionsFragmentDoc,
    "\n  query Relations($id: ID!) {\n    productSubscription(id: $id) {\n      id\n      dependsOnConnection(first: 20) {\n        ...RelatedSubscriptions\n      }\n      inUseByConnection(first: 20) {\n        ...RelatedSubscriptions\n      }\n    }\n  }\n": typeof types.RelationsDocument,
    "\n  query ProcessesOfSubscription($id: ID!, $first: Int!) {\n    productSubscription(id: $id) {\n      id\n      processes(first: $first) {\n        nodes {\n          id\n          subject\n          workflowName\n          status\n          startedAt\n          failureReason {\n            message\n          }\n        }\n        pageInfo {\n          hasNextPage\n        }\n      }\n    }\n  }\n": typeof types.ProcessesOfSubscriptionDocument,
    "\n  query SubscriptionHistory($id: ID!, $first: Int!, $after: String) {\n    productSubscription(id: $id) {\n      id\n      history(first: $first, after: $after) {\n        nodes {\n          version\n          at\n          status\n          changes\n          process {\n            id\n            subject\n            createdBy {\n              name\n            }\n          }\n        }\n        pageInfo {\n          hasNextPage\n          endCursor\n        }\n      }\n    }\n  }\n": typeof types.SubscriptionHistoryDocument,
    "\n  query ChangesBetween($id: ID!, $from: Int!, $to: Int!) {\n    productSubscription(id: $id) {\n      id\n      changes(fromVersion: $from, toVersion: $to)\n    }\n  }\n": typeof types.ChangesBetweenDocument,
    "\n  mutation UpdateSubscriptionNote($input: UpdateProductSubscriptionNoteInput!) {\n    updateProductSubscriptionNote(input: $input) {\n      __typename\n      ... on UserError {\n        code\n        message\n      }\n    }\n  }\n": typeof types.UpdateSubscriptionNoteDocument,
    "\n  mutation UpdateCustomerDescription($input: UpdateCustomerDescriptionInput!) {\n    updateCustomerDescription(input: $input) {\n      __typename\n      ... on UserError {\n        code\n        message\n      }\n    }\n  }\n": typeof types.UpdateCustomerDescriptionDocument,
    "\n  mutation SetInSync($input: SetInSyncInput!) {\n    setInSync(input: $input) {\n      __typename\n      ... on UserError {\n        code\n        message\n      }\n    }\n  }\n": typeof types.SetInSyncDocument,
    "\n  subscription ProcessEvents($after: String) {\n    processEvents(after: $after) {\n      cursor\n      caughtUp\n      reset\n      events {\n        __typename\n        processId\n        ... on ProductSubscriptionChangedEvent {\n          productSubscriptionId\n        }\n      }\n    }\n  }\n": typeof types.ProcessEventsDocument,
};
const documents: Documents = {
    "\n  fragment AuditRow on AuditEntry {\n    id\n    at\n    action\n    actor {\n      id\n      name\n    }\n    process {\n      id\n      subject\n    }\n    details\n    address\n    method\n    seq\n    digest\n    seal\n  }\n": types.AuditRowFragmentDoc,
    "\n  query Audit($first: Int!, $after: String, $filter: AuditFilter) {\n    audit(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...AuditRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": types.AuditDocument,
    "\n  query AuditCount {\n    audit(first: 1) {\n      totalCount\n    }\n  }\n": types.AuditCountDocument,
    "\n  query VerifyAudit($first: Int!, $after: String, $anchor: AuditAnchor) {\n    verifyAudit(first: $first, after: $after, anchor: $anchor) {\n      valid\n      entries\n      fault\n      cursor\n      hasMore\n      seal {\n        seq\n        digest\n      }\n      firstBroken {\n        id\n        at\n        action\n        process {\n          id\n          subject\n        }\n      }\n    }\n  }\n": types.VerifyAuditDocument,
    "\n  fragment NotificationRow on Notification {\n    id\n    target\n    kind\n    status\n    tries\n    lastError\n    createdAt\n    sentAt\n    dueAt\n    payload\n    process {\n      id\n      subject\n    }\n    log {\n      at\n      status\n      error\n    }\n  }\n": types.NotificationRowFragmentDoc,
    "\n  query Notifications($first: Int!, $after: String, $filter: NotificationFilter) {\n    notifications(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...NotificationRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": types.NotificationsDocument,
    "\n  mutation ResendNotification($id: ID!) {\n    resendNotification(input: { notificationId: $id }) {\n      __typename\n      ... on UserError {\n        code\n        message\n      }\n    }\n  }\n": types.ResendNotificationDocument,
    "\n  query NotificationsById($ids: [ID!]!) {\n    nodes(ids: $ids) {\n      ... on Notification {\n        ...NotificationRow\n      }\n    }\n  }\n": types.NotificationsByIdDocument,
    "\n  fragment ProcessRow on Process {\n    id\n    version\n    workflowName\n    status\n    startedAt\n    endedAt\n    durationSeconds\n    currentStep {\n      name\n    }\n    createdBy {\n      name\n    }\n    failure {\n      code\n      message\n    }\n  }\n": types.ProcessRowFragmentDoc,
    "\n  query Processes($first: Int!, $after: String, $filter: ProcessFilter) {\n    processes(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...ProcessRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": types.ProcessesDocument,
    "\n  query Stats {\n    stats {\n      processesByStatus {\n        status\n        count\n      }\n      engine {\n        state\n        reason\n        changedBy {\n          name\n        }\n      }\n    }\n  }\n": types.StatsDocument,
    "\n  query Viewer {\n    viewer {\n      user {\n        id\n        name\n      }\n      assignees {\n        key\n        name\n      }\n      permissions\n      openInputRequests(first: 1) {\n        totalCount\n      }\n    }\n  }\n": types.ViewerDocument,
    "\n  fragment SubscriptionRow on ProductSubscription {\n    id\n    version\n    description\n    status\n    inSync\n    outOfSyncReason\n    lockedBy {\n      id\n      subject\n    }\n    customerId\n    customerDescription\n    createdAt\n    updatedAt\n    product {\n      name\n    }\n  }\n": types.SubscriptionRowFragmentDoc,
    "\n  query ProductSubscriptions(\n    $first: Int!\n    $after: String\n    $filter: ProductSubscriptionFilter\n    $orderBy: ProductSubscriptionOrder\n  ) {\n    productSubscriptions(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {\n      nodes {\n        ...SubscriptionRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": types.ProductSubscriptionsDocument,
    "\n  query Products {\n    products(first: 200) {\n      nodes {\n        id\n        name\n        status\n      }\n    }\n  }\n": types.ProductsDocument,
    "\n  query ProductPaths($name: String!) {\n    product(name: $name) {\n      id\n      blockSchema\n    }\n  }\n": types.ProductPathsDocument,
    "\n  query SubscriptionNames($ids: [ID!]!) {\n    productSubscriptions(first: 200, filter: { ids: $ids }) {\n      nodes {\n        id\n        description\n      }\n    }\n  }\n": types.SubscriptionNamesDocument,
    "\n  query ProductSubscriptionDetail($id: ID!) {\n    productSubscription(id: $id) {\n      ...SubscriptionRow\n      note\n      startDate\n      endDate\n      model\n      lockedBy {\n        id\n        status\n      }\n      outOfSyncBy {\n        id\n        subject\n        status\n      }\n      product {\n        name\n        description\n        status\n      }\n      workflowStarts {\n        blockedReason\n        workflow {\n          id\n          name\n          description\n          target\n        }\n      }\n    }\n  }\n": types.ProductSubscriptionDetailDocument,
    "\n  fragment RelatedSubscriptions on ProductSubscriptionConnection {\n    totalCount\n    nodes {\n      id\n      description\n      status\n      inSync\n      product {\n        name\n      }\n    }\n  }\n": types.RelatedSubscriptionsFragmentDoc,
    "\n  query Relations($id: ID!) {\n    productSubscription(id: $id) {\n      id\n      dependsOnConnection(first: 20) {\n        ...RelatedSubscriptions\n      }\n      inUseByConnection(first: 20) {\n        ...RelatedSubscriptions\n      }\n    }\n  }\n": types.RelationsDocument,
    "\n  query ProcessesOfSubscription($id: ID!, $first: Int!) {\n    productSubscription(id: $id) {\n      id\n      processes(first: $first) {\n        nodes {\n          id\n          subject\n          workflowName\n          status\n          startedAt\n          failureReason {\n            message\n          }\n        }\n        pageInfo {\n          hasNextPage\n        }\n      }\n    }\n  }\n": types.ProcessesOfSubscriptionDocument,
    "\n  query SubscriptionHistory($id: ID!, $first: Int!, $after: String) {\n    productSubscription(id: $id) {\n      id\n      history(first: $first, after: $after) {\n        nodes {\n          version\n          at\n          status\n          changes\n          process {\n            id\n            subject\n            createdBy {\n              name\n            }\n          }\n        }\n        pageInfo {\n          hasNextPage\n          endCursor\n        }\n      }\n    }\n  }\n": types.SubscriptionHistoryDocument,
    "\n  query ChangesBetween($id: ID!, $from: Int!, $to: Int!) {\n    productSubscription(id: $id) {\n      id\n      changes(fromVersion: $from, toVersion: $to)\n    }\n  }\n": types.ChangesBetweenDocument,
    "\n  mutation UpdateSubscriptionNote($input: UpdateProductSubscriptionNoteInput!) {\n    updateProductSubscriptionNote(input: $input) {\n      __typename\n      ... on UserError {\n        code\n        message\n      }\n    }\n  }\n": types.UpdateSubscriptionNoteDocument,
    "\n  mutation UpdateCustomerDescription($input: UpdateCustomerDescriptionInput!) {\n    updateCustomerDescription(input: $input) {\n      __typename\n      ... on UserError {\n        code\n        message\n      }\n    }\n  }\n": types.UpdateCustomerDescriptionDocument,
    "\n  mutation SetInSync($input: SetInSyncInput!) {\n    setInSync(input: $input) {\n      __typename\n      ... on UserError {\n        code\n        message\n      }\n    }\n  }\n": types.SetInSyncDocument,
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
export function graphql(source: "\n  fragment AuditRow on AuditEntry {\n    id\n    at\n    action\n    actor {\n      id\n      name\n    }\n    process {\n      id\n      subject\n    }\n    details\n    address\n    method\n    seq\n    digest\n    seal\n  }\n"): (typeof documents)["\n  fragment AuditRow on AuditEntry {\n    id\n    at\n    action\n    actor {\n      id\n      name\n    }\n    process {\n      id\n      subject\n    }\n    details\n    address\n    method\n    seq\n    digest\n    seal\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Audit($first: Int!, $after: String, $filter: AuditFilter) {\n    audit(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...AuditRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"): (typeof documents)["\n  query Audit($first: Int!, $after: String, $filter: AuditFilter) {\n    audit(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...AuditRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query AuditCount {\n    audit(first: 1) {\n      totalCount\n    }\n  }\n"): (typeof documents)["\n  query AuditCount {\n    audit(first: 1) {\n      totalCount\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query VerifyAudit($first: Int!, $after: String, $anchor: AuditAnchor) {\n    verifyAudit(first: $first, after: $after, anchor: $anchor) {\n      valid\n      entries\n      fault\n      cursor\n      hasMore\n      seal {\n        seq\n        digest\n      }\n      firstBroken {\n        id\n        at\n        action\n        process {\n          id\n          subject\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query VerifyAudit($first: Int!, $after: String, $anchor: AuditAnchor) {\n    verifyAudit(first: $first, after: $after, anchor: $anchor) {\n      valid\n      entries\n      fault\n      cursor\n      hasMore\n      seal {\n        seq\n        digest\n      }\n      firstBroken {\n        id\n        at\n        action\n        process {\n          id\n          subject\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment NotificationRow on Notification {\n    id\n    target\n    kind\n    status\n    tries\n    lastError\n    createdAt\n    sentAt\n    dueAt\n    payload\n    process {\n      id\n      subject\n    }\n    log {\n      at\n      status\n      error\n    }\n  }\n"): (typeof documents)["\n  fragment NotificationRow on Notification {\n    id\n    target\n    kind\n    status\n    tries\n    lastError\n    createdAt\n    sentAt\n    dueAt\n    payload\n    process {\n      id\n      subject\n    }\n    log {\n      at\n      status\n      error\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Notifications($first: Int!, $after: String, $filter: NotificationFilter) {\n    notifications(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...NotificationRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"): (typeof documents)["\n  query Notifications($first: Int!, $after: String, $filter: NotificationFilter) {\n    notifications(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...NotificationRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ResendNotification($id: ID!) {\n    resendNotification(input: { notificationId: $id }) {\n      __typename\n      ... on UserError {\n        code\n        message\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation ResendNotification($id: ID!) {\n    resendNotification(input: { notificationId: $id }) {\n      __typename\n      ... on UserError {\n        code\n        message\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query NotificationsById($ids: [ID!]!) {\n    nodes(ids: $ids) {\n      ... on Notification {\n        ...NotificationRow\n      }\n    }\n  }\n"): (typeof documents)["\n  query NotificationsById($ids: [ID!]!) {\n    nodes(ids: $ids) {\n      ... on Notification {\n        ...NotificationRow\n      }\n    }\n  }\n"];
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
export function graphql(source: "\n  fragment SubscriptionRow on ProductSubscription {\n    id\n    version\n    description\n    status\n    inSync\n    outOfSyncReason\n    lockedBy {\n      id\n      subject\n    }\n    customerId\n    customerDescription\n    createdAt\n    updatedAt\n    product {\n      name\n    }\n  }\n"): (typeof documents)["\n  fragment SubscriptionRow on ProductSubscription {\n    id\n    version\n    description\n    status\n    inSync\n    outOfSyncReason\n    lockedBy {\n      id\n      subject\n    }\n    customerId\n    customerDescription\n    createdAt\n    updatedAt\n    product {\n      name\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ProductSubscriptions(\n    $first: Int!\n    $after: String\n    $filter: ProductSubscriptionFilter\n    $orderBy: ProductSubscriptionOrder\n  ) {\n    productSubscriptions(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {\n      nodes {\n        ...SubscriptionRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"): (typeof documents)["\n  query ProductSubscriptions(\n    $first: Int!\n    $after: String\n    $filter: ProductSubscriptionFilter\n    $orderBy: ProductSubscriptionOrder\n  ) {\n    productSubscriptions(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {\n      nodes {\n        ...SubscriptionRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Products {\n    products(first: 200) {\n      nodes {\n        id\n        name\n        status\n      }\n    }\n  }\n"): (typeof documents)["\n  query Products {\n    products(first: 200) {\n      nodes {\n        id\n        name\n        status\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ProductPaths($name: String!) {\n    product(name: $name) {\n      id\n      blockSchema\n    }\n  }\n"): (typeof documents)["\n  query ProductPaths($name: String!) {\n    product(name: $name) {\n      id\n      blockSchema\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SubscriptionNames($ids: [ID!]!) {\n    productSubscriptions(first: 200, filter: { ids: $ids }) {\n      nodes {\n        id\n        description\n      }\n    }\n  }\n"): (typeof documents)["\n  query SubscriptionNames($ids: [ID!]!) {\n    productSubscriptions(first: 200, filter: { ids: $ids }) {\n      nodes {\n        id\n        description\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ProductSubscriptionDetail($id: ID!) {\n    productSubscription(id: $id) {\n      ...SubscriptionRow\n      note\n      startDate\n      endDate\n      model\n      lockedBy {\n        id\n        status\n      }\n      outOfSyncBy {\n        id\n        subject\n        status\n      }\n      product {\n        name\n        description\n        status\n      }\n      workflowStarts {\n        blockedReason\n        workflow {\n          id\n          name\n          description\n          target\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query ProductSubscriptionDetail($id: ID!) {\n    productSubscription(id: $id) {\n      ...SubscriptionRow\n      note\n      startDate\n      endDate\n      model\n      lockedBy {\n        id\n        status\n      }\n      outOfSyncBy {\n        id\n        subject\n        status\n      }\n      product {\n        name\n        description\n        status\n      }\n      workflowStarts {\n        blockedReason\n        workflow {\n          id\n          name\n          description\n          target\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment RelatedSubscriptions on ProductSubscriptionConnection {\n    totalCount\n    nodes {\n      id\n      description\n      status\n      inSync\n      product {\n        name\n      }\n    }\n  }\n"): (typeof documents)["\n  fragment RelatedSubscriptions on ProductSubscriptionConnection {\n    totalCount\n    nodes {\n      id\n      description\n      status\n      inSync\n      product {\n        name\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Relations($id: ID!) {\n    productSubscription(id: $id) {\n      id\n      dependsOnConnection(first: 20) {\n        ...RelatedSubscriptions\n      }\n      inUseByConnection(first: 20) {\n        ...RelatedSubscriptions\n      }\n    }\n  }\n"): (typeof documents)["\n  query Relations($id: ID!) {\n    productSubscription(id: $id) {\n      id\n      dependsOnConnection(first: 20) {\n        ...RelatedSubscriptions\n      }\n      inUseByConnection(first: 20) {\n        ...RelatedSubscriptions\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ProcessesOfSubscription($id: ID!, $first: Int!) {\n    productSubscription(id: $id) {\n      id\n      processes(first: $first) {\n        nodes {\n          id\n          subject\n          workflowName\n          status\n          startedAt\n          failureReason {\n            message\n          }\n        }\n        pageInfo {\n          hasNextPage\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query ProcessesOfSubscription($id: ID!, $first: Int!) {\n    productSubscription(id: $id) {\n      id\n      processes(first: $first) {\n        nodes {\n          id\n          subject\n          workflowName\n          status\n          startedAt\n          failureReason {\n            message\n          }\n        }\n        pageInfo {\n          hasNextPage\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SubscriptionHistory($id: ID!, $first: Int!, $after: String) {\n    productSubscription(id: $id) {\n      id\n      history(first: $first, after: $after) {\n        nodes {\n          version\n          at\n          status\n          changes\n          process {\n            id\n            subject\n            createdBy {\n              name\n            }\n          }\n        }\n        pageInfo {\n          hasNextPage\n          endCursor\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query SubscriptionHistory($id: ID!, $first: Int!, $after: String) {\n    productSubscription(id: $id) {\n      id\n      history(first: $first, after: $after) {\n        nodes {\n          version\n          at\n          status\n          changes\n          process {\n            id\n            subject\n            createdBy {\n              name\n            }\n          }\n        }\n        pageInfo {\n          hasNextPage\n          endCursor\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ChangesBetween($id: ID!, $from: Int!, $to: Int!) {\n    productSubscription(id: $id) {\n      id\n      changes(fromVersion: $from, toVersion: $to)\n    }\n  }\n"): (typeof documents)["\n  query ChangesBetween($id: ID!, $from: Int!, $to: Int!) {\n    productSubscription(id: $id) {\n      id\n      changes(fromVersion: $from, toVersion: $to)\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdateSubscriptionNote($input: UpdateProductSubscriptionNoteInput!) {\n    updateProductSubscriptionNote(input: $input) {\n      __typename\n      ... on UserError {\n        code\n        message\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation UpdateSubscriptionNote($input: UpdateProductSubscriptionNoteInput!) {\n    updateProductSubscriptionNote(input: $input) {\n      __typename\n      ... on UserError {\n        code\n        message\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdateCustomerDescription($input: UpdateCustomerDescriptionInput!) {\n    updateCustomerDescription(input: $input) {\n      __typename\n      ... on UserError {\n        code\n        message\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation UpdateCustomerDescription($input: UpdateCustomerDescriptionInput!) {\n    updateCustomerDescription(input: $input) {\n      __typename\n      ... on UserError {\n        code\n        message\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SetInSync($input: SetInSyncInput!) {\n    setInSync(input: $input) {\n      __typename\n      ... on UserError {\n        code\n        message\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation SetInSync($input: SetInSyncInput!) {\n    setInSync(input: $input) {\n      __typename\n      ... on UserError {\n        code\n        message\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription ProcessEvents($after: String) {\n    processEvents(after: $after) {\n      cursor\n      caughtUp\n      reset\n      events {\n        __typename\n        processId\n        ... on ProductSubscriptionChangedEvent {\n          productSubscriptionId\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription ProcessEvents($after: String) {\n    processEvents(after: $after) {\n      cursor\n      caughtUp\n      reset\n      events {\n        __typename\n        processId\n        ... on ProductSubscriptionChangedEvent {\n          productSubscriptionId\n        }\n      }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;