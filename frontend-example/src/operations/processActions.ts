/** What a person may do to a process. A refusal comes back as an error with words. */
import { graphql } from "../gql";

graphql(`
  fragment ProcessRefusal on UserError {
    code
    message
    ... on ConflictError {
      at
      by {
        name
      }
    }
    ... on PayloadInvalidError {
      errors {
        message
      }
    }
  }
`);

export const RETRY = graphql(`
  mutation RetryProcess($input: RetryProcessInput!) {
    done: retryProcess(input: $input) {
      __typename
      ...ProcessRefusal
    }
  }
`);

export const CONTINUE = graphql(`
  mutation ContinueProcess($input: ContinueProcessInput!) {
    done: continueProcess(input: $input) {
      __typename
      ...ProcessRefusal
    }
  }
`);

export const ABORT = graphql(`
  mutation AbortProcess($input: AbortProcessInput!) {
    done: abortProcess(input: $input) {
      __typename
      ...ProcessRefusal
    }
  }
`);

export const EDIT_NOTE = graphql(`
  mutation EditNote($input: UpdateProcessNoteInput!) {
    done: updateProcessNote(input: $input) {
      __typename
      ...ProcessRefusal
    }
  }
`);

export const REAWAIT = graphql(`
  mutation ReawaitCallback($input: ReawaitCallbackInput!) {
    done: reawaitCallback(input: $input) {
      __typename
      ...ProcessRefusal
    }
  }
`);

export const REISSUE = graphql(`
  mutation ReissueCallback($input: ReissueCallbackInput!) {
    done: reissueCallback(input: $input) {
      __typename
      ...ProcessRefusal
    }
  }
`);

export const COMPLETE = graphql(`
  mutation CompleteCallback($input: CompleteCallbackInput!) {
    done: completeCallback(input: $input) {
      __typename
      ...ProcessRefusal
    }
  }
`);

export const ADOPT = graphql(`
  mutation AdoptCallbackAttempt($input: AdoptCallbackAttemptInput!) {
    done: adoptCallbackAttempt(input: $input) {
      __typename
      ...ProcessRefusal
    }
  }
`);
