import { graphql } from "../gql";

graphql(`
  fragment ProcessRow on Process {
    id
    version
    workflowName
    workflow {
      description
    }
    subject
    status
    startedAt
    updatedAt
    endedAt
    durationSeconds
    currentStep {
      name
    }
    createdBy {
      id
      name
    }
    failureReason {
      code
      message
    }
  }
`);

export const PROCESSES = graphql(`
  query Processes($first: Int!, $after: String, $filter: ProcessFilter, $order: ProcessOrder) {
    processes(first: $first, after: $after, filter: $filter, orderBy: $order) {
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

/** What the filters of the list offer. */
export const FILTER_CHOICES = graphql(`
  query FilterChoices {
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
    products(first: 200) {
      nodes {
        name
      }
    }
    viewer {
      assignees {
        key
        name
      }
    }
    stats(window: LAST_7_DAYS) {
      failuresByWorkflow {
        codes {
          code
          count
        }
      }
    }
  }
`);

export const STATS = graphql(`
  query Stats($filter: ProcessFilter) {
    stats {
      processesByStatus(filter: $filter) {
        status
        count
        isExact
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
        totalCountIsExact
      }
    }
  }
`);

export const FIND_PROCESSES = graphql(`
  query FindProcesses($search: String) {
    processes(first: 10, filter: { search: $search }) {
      nodes {
        id
        subject
      }
    }
  }
`);

export const PROCESS_SUBJECT = graphql(`
  query ProcessSubject($id: ID!) {
    process(id: $id) {
      id
      subject
    }
  }
`);
