/** Forms: what they ask, what is decided about them, and how a workflow starts. */
import { graphql } from "../gql";

graphql(`
  fragment FormPageParts on FormPage {
    __typename
    index
    key
    title
    description
    schema
    uiSchema
    initialData
    submitLabel
    hasNext
    isConfirmation
    digest
    cuts {
      key
      shownLength
      totalLength
      totalBytes
    }
  }
`);

graphql(`
  fragment FormInvalidParts on FormInvalid {
    __typename
    message
    pageIndex
    errors {
      path
      message
    }
    page {
      ...FormPageParts
    }
  }
`);

graphql(`
  fragment RefusalParts on UserError {
    __typename
    code
    message
    ... on ConflictError {
      at
      by {
        name
      }
      conflictingProcess {
        id
      }
    }
    ... on AuthorCodeError {
      errorId
    }
    ... on ServerError {
      errorId
    }
    ... on PayloadInvalidError {
      errors {
        path
        message
      }
    }
  }
`);

export const START_FORM = graphql(`
  query StartForm($workflowName: String!, $pages: [JSON!]!) {
    startForm(workflowName: $workflowName, pages: $pages) {
      __typename
      ...FormPageParts
      ...FormInvalidParts
      ...RefusalParts
    }
  }
`);

export const START_FACTS = graphql(`
  query StartFacts($workflowName: String!) {
    viewer {
      user {
        id
      }
    }
    workflow(name: $workflowName) {
      name
      description
      target
      blockedReason
    }
  }
`);

export const START_WORKFLOW = graphql(`
  mutation StartWorkflow($input: StartWorkflowInput!) {
    startWorkflow(input: $input) {
      __typename
      ...FormInvalidParts
      ...RefusalParts
      ... on FormIncomplete {
        nextPage {
          ...FormPageParts
        }
      }
      ... on StartWorkflowSuccess {
        process {
          id
        }
      }
    }
  }
`);

export const WORKFLOWS = graphql(`
  query StartableWorkflows($after: String) {
    workflows(first: 200, after: $after) {
      nodes {
        name
        description
        target
        hasStartForm
        blockedReason
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const PICKABLE_SUBSCRIPTIONS = graphql(`
  query PickableSubscriptions($filter: ProductSubscriptionFilter, $first: Int!) {
    productSubscriptions(filter: $filter, first: $first) {
      totalCount
      totalCountIsExact
      nodes {
        id
        description
        customerId
        customerDescription
        status
        inSync
        product {
          name
        }
      }
    }
  }
`);
