/** One process: read once as a whole without its large values, and then only what changed. */
import { graphql } from "../gql";

graphql(`
  fragment ProcessHead on Process {
    id
    version
    workflowName
    workflow {
      description
    }
    subject
    status
    startedAt
    endedAt
    note
    availableActions
    createdBy {
      name
    }
    currentStep {
      index
    }
    failureReason {
      code
      message
    }
    lockKeys
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
`);

graphql(`
  fragment StepPart on ProcessStep {
    id
    index
    name
    kind
    group
    status
    attempt
    startedAt
    completedAt
    retryAt
    executionCount
    completedBy {
      name
    }
    failureReason {
      code
      message
    }
  }
`);

graphql(`
  fragment ProgressReport on CallbackProgress {
    percent
    message
    reportedAt
  }
`);

graphql(`
  fragment CallbackPart on Callback {
    id
    name
    status
    round
    source
    service
    externalId
    tokenHint
    issuedAt
    expiresAt
    heartbeatDueAt
    receivedAt
    isEarly
    progress {
      ...ProgressReport
    }
    resultBytes
    isTruncated
    validation {
      outcome
      message
    }
    failure {
      code
      message
    }
  }
`);

graphql(`
  fragment RequestPart on InputRequest {
    id
    version
    status
    createdAt
    closedAt
  }
`);

export const PROCESS_WHOLE = graphql(`
  query ProcessWhole($id: ID!) {
    process(id: $id) {
      ...ProcessHead
      steps {
        ...StepPart
        callbacks {
          ...CallbackPart
        }
        inputRequests {
          ...RequestPart
        }
      }
    }
  }
`);

export const PROCESS_CHANGES = graphql(`
  query ProcessChanges($id: ID!, $after: String!) {
    process(id: $id) {
      ...ProcessHead
      changes(after: $after) {
        cursor
        hasMore
        reset
        stepCount
        events {
          ... on CallbackProgressedEvent {
            callbackId
            progress {
              ...ProgressReport
            }
          }
        }
        steps {
          ...StepPart
        }
        callbacks {
          ...CallbackPart
          step {
            index
          }
        }
        inputRequests {
          ...RequestPart
          step {
            index
          }
        }
      }
    }
  }
`);

export const PROCESS_PRODUCTS = graphql(`
  query ProcessProducts($id: ID!) {
    process(id: $id) {
      productSubscriptions {
        id
        description
        status
        product {
          name
        }
      }
    }
  }
`);

graphql(`
  fragment WholeFailure on Failure {
    code
    message
    details
    traceback
    occurredAt
  }
`);

export const PROCESS_FAILURE = graphql(`
  query ProcessFailure($id: ID!) {
    process(id: $id) {
      failure {
        ...WholeFailure
      }
    }
  }
`);

export const STEP_FAILURE = graphql(`
  query StepFailure($id: ID!) {
    node(id: $id) {
      ... on ProcessStep {
        failure {
          ...WholeFailure
        }
      }
    }
  }
`);

export const STEP_EXECUTIONS = graphql(`
  query StepExecutions($id: ID!) {
    node(id: $id) {
      ... on ProcessStep {
        executionCount
        executions {
          number
          status
          attempt
          enteredBy
          startedAt
          completedAt
          durationSeconds
          completedBy {
            name
          }
          failure {
            code
            message
          }
        }
      }
    }
  }
`);

export const STEP_STATE = graphql(`
  query StepState($id: ID!) {
    node(id: $id) {
      ... on ProcessStep {
        stateBefore
        stateDelta
      }
    }
  }
`);

export const STEP_STATE_SIZE = graphql(`
  query StepStateSize($id: ID!) {
    node(id: $id) {
      ... on ProcessStep {
        stateDeltaBytes
      }
    }
  }
`);

export const CALLBACK_RESULT = graphql(`
  query CallbackResult($id: ID!) {
    node(id: $id) {
      ... on Callback {
        result
        resultPreview
        resultBytes
        isTruncated
      }
    }
  }
`);

export const EARLIER_RESULTS = graphql(`
  query EarlierResults($id: ID!) {
    node(id: $id) {
      ... on Callback {
        earlierResults {
          id
          issuedAt
          receivedAt
          step {
            name
          }
          process {
            id
            subject
          }
        }
      }
    }
  }
`);

export const RESULT_DIFFERENCES = graphql(`
  query ResultDifferences($id: ID!, $other: ID!) {
    node(id: $id) {
      ... on Callback {
        diffAgainst(callbackId: $other)
      }
    }
  }
`);

export const DELIVERIES = graphql(`
  query Deliveries($id: ID!) {
    node(id: $id) {
      ... on Callback {
        validation {
          details
        }
        attempts(last: 20) {
          totalCount
          nodes {
            ...Delivery
            bodyPreview
          }
        }
      }
    }
  }
`);

graphql(`
  fragment Delivery on CallbackAttempt {
    id
    at
    peer
    outcome
    bytes
    error
    isFailureReport
    isAdoptable
    replaced
  }
`);

export const LATE_ANSWERS = graphql(`
  query LateAnswers($ids: [ID!]!) {
    nodes(ids: $ids) {
      ... on Callback {
        id
        name
        attempts(last: 20) {
          nodes {
            ...Delivery
          }
        }
      }
    }
  }
`);

export const PROCESS_NOTE = graphql(`
  query ProcessNote($id: ID!) {
    process(id: $id) {
      version
      note
    }
  }
`);
