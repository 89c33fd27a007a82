/** Input requests: who is asked, what was decided, and the commands on them. */
import { graphql } from "../gql";

graphql(`
  fragment DecisionParts on Decision {
    at
    by {
      id
      name
    }
    policy
    verdict
    comment
    pages
  }
`);

/** The form is no part of it: a form that fails would hide who is asked. */
export const INPUT_REQUEST = graphql(`
  query InputRequest($id: ID!) {
    viewer {
      user {
        id
      }
      permissions
    }
    node(id: $id) {
      __typename
      ... on InputRequest {
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
        claimedAt
        createdAt
        closedAt
        dueAt
        escalatedAt
        remindedAt
        canSubmit
        canReject
        blockedReason
        isOpenToAll
        approvalsNeeded
        sendBackTo
        decisions {
          ...DecisionParts
        }
        process {
          id
        }
        step {
          inputRequests {
            id
            createdAt
          }
        }
      }
    }
  }
`);

export const REQUEST_FORM = graphql(`
  query RequestForm($id: ID!, $pages: [JSON!]!, $longestText: Int) {
    node(id: $id) {
      ... on InputRequest {
        form(pages: $pages, longestText: $longestText) {
          __typename
          ...FormPageParts
          ...FormInvalidParts
        }
      }
    }
  }
`);

export const FIELD_TEXT = graphql(`
  query FieldText($id: ID!, $key: String!, $pages: [JSON!]!, $offset: Int!, $length: Int!) {
    node(id: $id) {
      ... on InputRequest {
        fieldText(key: $key, pages: $pages, offset: $offset, length: $length) {
          text
          nextOffset
        }
      }
    }
  }
`);

/** Why the step asks again: the decisions of all requests of the process. */
export const EARLIER_DECISIONS = graphql(`
  query EarlierDecisions($processId: ID!) {
    process(id: $processId) {
      steps {
        inputRequests {
          id
          createdAt
          sendBackTo
          approvalsNeeded
          decisions {
            ...DecisionParts
          }
        }
      }
    }
  }
`);

export const SUBMIT_FORM = graphql(`
  mutation SubmitForm($input: SubmitFormInput!) {
    submitForm(input: $input) {
      __typename
      ...FormInvalidParts
      ...RefusalParts
      ... on FormIncomplete {
        nextPage {
          ...FormPageParts
        }
      }
      ... on SubmitFormSuccess {
        inputRequest {
          id
          status
        }
      }
    }
  }
`);

export const REJECT = graphql(`
  mutation RejectInputRequest($input: RejectInputRequestInput!) {
    rejectInputRequest(input: $input) {
      __typename
      ...RefusalParts
    }
  }
`);

export const CLAIM = graphql(`
  mutation ClaimInputRequest($input: ClaimInputRequestInput!) {
    claimInputRequest(input: $input) {
      __typename
      ...RefusalParts
    }
  }
`);

export const RELEASE = graphql(`
  mutation ReleaseInputRequest($input: ReleaseInputRequestInput!) {
    releaseInputRequest(input: $input) {
      __typename
      ...RefusalParts
    }
  }
`);

export const ASSIGN = graphql(`
  mutation AssignInputRequest($input: AssignInputRequestInput!) {
    assignInputRequest(input: $input) {
      __typename
      ...RefusalParts
    }
  }
`);

/** The teams to which the person may assign the form: read when the question is opened, for it alone needs them. */
export const TEAMS = graphql(`
  query Teams($id: ID!) {
    node(id: $id) {
      ... on InputRequest {
        assignableTo {
          key
          name
        }
      }
    }
  }
`);
