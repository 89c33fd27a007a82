import { graphql } from "../gql";

graphql(`
  fragment ProcessRow on Process {
    id
    version
    workflowName
    status
    startedAt
    endedAt
    durationSeconds
    currentStep {
      name
    }
    createdBy {
      name
    }
    failure {
      code
      message
    }
  }
`);

export const PROCESSES = graphql(`
  query Processes($first: Int!, $after: String, $filter: ProcessFilter) {
    processes(first: $first, after: $after, filter: $filter) {
      nodes {
        ...ProcessRow
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const STATS = graphql(`
  query Stats {
    stats {
      processesByStatus {
        status
        count
      }
      engine {
        state
        reason
        changedBy {
          name
        }
      }
    }
  }
`);

export const VIEWER = graphql(`
  query Viewer {
    viewer {
      user {
        id
        name
      }
      assignees {
        key
        name
      }
      permissions
      openInputRequests(first: 1) {
        totalCount
      }
    }
  }
`);
