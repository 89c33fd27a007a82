import { graphql } from "../gql";

/** How things go: numbers over a period. */
export const HOME_STATS = graphql(`
  query HomeStats($window: StatsWindow!, $buckets: Int!, $period: DateTimeRange!) {
    stats(window: $window) {
      asOf
      completed
      failed
      durationSecondsP50
      durationSecondsP95
      failuresByWorkflow {
        workflowName
        workflow {
          description
        }
        count
        lastFailedAt
        codes {
          code
          count
        }
      }
      throughput(buckets: $buckets, period: $period) {
        start
        end
        started
        completed
        failed
        aborted
        durationSecondsP50
        durationSecondsP95
      }
    }
  }
`);

/** What needs a person now, and the engine. */
export const HOME = graphql(`
  query Home {
    engine {
      state
      reason
      changedAt
      changedBy {
        name
      }
      queuedProcesses
      lagSeconds
      runningSteps
      version
      workers {
        name
      }
    }
    tasks: inputRequests(first: 5, filter: { mine: true }) {
      totalCount
      totalCountIsExact
      nodes {
        ...HomeTask
      }
    }
    overdueTasks: inputRequests(first: 5, filter: { mine: true, overdue: true }) {
      totalCount
      totalCountIsExact
      nodes {
        ...HomeTask
      }
    }
    openCallbacks: callbacks(first: 0, filter: { statuses: [PENDING] }) {
      totalCount
      totalCountIsExact
    }
    overdueCallbacks: callbacks(first: 5, filter: { overdue: true }) {
      totalCount
      totalCountIsExact
      nodes {
        id
        name
        expiresAt
        process {
          id
          subject
          workflowName
          workflow {
            description
          }
        }
      }
    }
    waiting: processes(
      first: 5
      filter: { statuses: [AWAITING_CALLBACK, SUSPENDED, WAITING] }
      orderBy: { field: UPDATED_AT, direction: ASC }
    ) {
      nodes {
        id
        subject
        status
        whyWaiting {
          kind
          message
          since
          until
          lockedBy {
            id
            subject
          }
        }
      }
    }
    failed: processes(first: 5, filter: { statuses: [FAILED] }, orderBy: { field: UPDATED_AT, direction: DESC }) {
      nodes {
        id
        subject
        workflowName
        workflow {
          description
        }
        updatedAt
        failureReason {
          code
          message
        }
      }
    }
  }
`);

graphql(`
  fragment HomeTask on InputRequest {
    id
    title
    createdAt
    dueAt
    claimedBy {
      id
      name
    }
    process {
      id
      subject
      workflowName
    }
  }
`);

export const SET_ENGINE_STATE = graphql(`
  mutation SetEngineState($input: SetEngineStateInput!) {
    setEngineState(input: $input) {
      __typename
      ... on UserError {
        message
      }
    }
  }
`);
