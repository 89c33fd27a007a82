import { graphql } from "../gql";

graphql(`
  fragment InboxTask on InputRequest {
    id
    version
    status
    title
    assignee {
      key
      name
    }
    claimedBy {
      id
      name
    }
    createdAt
    dueAt
    escalatedAt
    canSubmit
    canReject
    blockedReason
    isOpenToAll
    approvalsNeeded
    decisions {
      by {
        name
      }
      policy
      verdict
      at
    }
    process {
      id
      subject
      workflowName
      workflow {
        description
      }
      startedAt
      createdBy {
        name
      }
    }
  }
`);

/** The overdue tasks, and the others; the oldest first in both. */
export const INBOX = graphql(`
  query Inbox($first: Int!, $overdue: InputRequestFilter!, $others: InputRequestFilter!) {
    overdue: inputRequests(first: $first, filter: $overdue) {
      nodes {
        ...InboxTask
      }
      pageInfo {
        hasNextPage
      }
    }
    others: inputRequests(first: $first, filter: $others) {
      nodes {
        ...InboxTask
      }
      pageInfo {
        hasNextPage
      }
    }
  }
`);

export const INBOX_TASKS = graphql(`
  query InboxTasks($ids: [ID!]!) {
    nodes(ids: $ids) {
      ... on InputRequest {
        ...InboxTask
      }
    }
  }
`);

/** What the tasks ask to confirm. */
export const BULK_FORMS = graphql(`
  query BulkForms($ids: [ID!]!, $longestText: Int!) {
    nodes(ids: $ids) {
      ... on InputRequest {
        ...InboxTask
        form(longestText: $longestText) {
          __typename
          ... on FormPage {
            title
            description
            schema
            uiSchema
            initialData
            isConfirmation
            digest
            cuts {
              key
              shownLength
              totalLength
            }
          }
        }
      }
    }
  }
`);

export const BULK_DECIDE = graphql(`
  mutation BulkDecide($input: DecideInputRequestsInput!) {
    decideInputRequests(input: $input) {
      submitted {
        __typename
        ... on UserError {
          code
          message
        }
        ... on ConflictError {
          by {
            name
          }
          at
        }
      }
      rejected {
        __typename
        ... on UserError {
          code
          message
        }
        ... on ConflictError {
          by {
            name
          }
          at
        }
      }
    }
  }
`);

graphql(`
  fragment TaskAnswer on InputRequestActionResult {
    __typename
    ... on UserError {
      code
      message
    }
    ... on InputRequestActionSuccess {
      inputRequest {
        ...InboxTask
      }
    }
  }
`);

export const INBOX_CLAIM = graphql(`
  mutation InboxClaim($input: ClaimInputRequestInput!) {
    claimInputRequest(input: $input) {
      ...TaskAnswer
    }
  }
`);

export const INBOX_RELEASE = graphql(`
  mutation InboxRelease($input: ReleaseInputRequestInput!) {
    releaseInputRequest(input: $input) {
      ...TaskAnswer
    }
  }
`);

/** The teams and workflows that the filters offer. */
export const INBOX_CHOICES = graphql(`
  query InboxChoices {
    workflows(first: 200) {
      nodes {
        name
        description
        steps {
          assignee {
            key
            name
          }
        }
      }
    }
    viewer {
      assignees {
        key
        name
      }
    }
  }
`);
