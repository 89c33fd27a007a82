import { graphql } from "../gql";

graphql(`
  fragment NotificationRow on Notification {
    id
    target
    kind
    status
    tries
    lastError
    createdAt
    sentAt
    dueAt
    payload
    process {
      id
      subject
    }
    log {
      at
      status
      error
    }
  }
`);

export const NOTIFICATIONS = graphql(`
  query Notifications($first: Int!, $after: String, $filter: NotificationFilter) {
    notifications(first: $first, after: $after, filter: $filter) {
      nodes {
        ...NotificationRow
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const RESEND_NOTIFICATION = graphql(`
  mutation ResendNotification($id: ID!) {
    resendNotification(input: { notificationId: $id }) {
      __typename
      ... on UserError {
        code
        message
      }
    }
  }
`);

/** Those that are shown, whatever the filter: their state goes on. */
export const NOTIFICATIONS_BY_ID = graphql(`
  query NotificationsById($ids: [ID!]!) {
    nodes(ids: $ids) {
      ... on Notification {
        ...NotificationRow
      }
    }
  }
`);
