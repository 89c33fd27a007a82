import { graphql } from "../gql";

graphql(`
  fragment SubscriptionRow on ProductSubscription {
    id
    version
    description
    status
    inSync
    outOfSyncReason
    lockedBy {
      id
      subject
      status
    }
    customerId
    customerDescription
    createdAt
    updatedAt
    product {
      name
    }
  }
`);

export const PRODUCT_SUBSCRIPTIONS = graphql(`
  query ProductSubscriptions(
    $first: Int!
    $after: String
    $filter: ProductSubscriptionFilter
    $orderBy: ProductSubscriptionOrder
  ) {
    productSubscriptions(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
      nodes {
        ...SubscriptionRow
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const PRODUCTS = graphql(`
  query Products {
    products(first: 200) {
      nodes {
        id
        name
        status
      }
    }
  }
`);

export const PRODUCT_PATHS = graphql(`
  query ProductPaths($name: String!) {
    product(name: $name) {
      id
      blockSchema
    }
  }
`);

export const SUBSCRIPTION_NAMES = graphql(`
  query SubscriptionNames($ids: [ID!]!) {
    productSubscriptions(first: 200, filter: { ids: $ids }) {
      nodes {
        id
        description
      }
    }
  }
`);

export const PRODUCT_SUBSCRIPTION = graphql(`
  query ProductSubscriptionDetail($id: ID!) {
    productSubscription(id: $id) {
      ...SubscriptionRow
      note
      startDate
      endDate
      model
      lockedBy {
        id
        status
      }
      outOfSyncBy {
        id
        subject
        status
      }
      product {
        name
        description
        status
      }
      workflowStarts {
        blockedReason
        workflow {
          id
          name
          description
          target
        }
      }
    }
  }
`);

graphql(`
  fragment RelatedSubscriptions on ProductSubscriptionConnection {
    totalCount
    totalCountIsExact
    nodes {
      id
      description
      status
      inSync
      product {
        name
      }
    }
  }
`);

export const RELATIONS = graphql(`
  query Relations($id: ID!) {
    productSubscription(id: $id) {
      id
      dependsOnConnection(first: 20) {
        ...RelatedSubscriptions
      }
      inUseByConnection(first: 20) {
        ...RelatedSubscriptions
      }
    }
  }
`);

export const PROCESSES_OF = graphql(`
  query ProcessesOfSubscription($id: ID!, $first: Int!) {
    productSubscription(id: $id) {
      id
      processes(first: $first) {
        nodes {
          id
          subject
          workflowName
          workflow {
            description
          }
          status
          startedAt
          failureReason {
            message
          }
        }
        pageInfo {
          hasNextPage
        }
      }
    }
  }
`);

export const HISTORY = graphql(`
  query SubscriptionHistory($id: ID!, $first: Int!, $after: String) {
    productSubscription(id: $id) {
      id
      history(first: $first, after: $after) {
        nodes {
          version
          at
          status
          changes
          process {
            id
            subject
            createdBy {
              name
            }
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

export const CHANGES_BETWEEN = graphql(`
  query ChangesBetween($id: ID!, $from: Int!, $to: Int!) {
    productSubscription(id: $id) {
      id
      changes(fromVersion: $from, toVersion: $to)
    }
  }
`);

export const UPDATE_SUBSCRIPTION_NOTE = graphql(`
  mutation UpdateSubscriptionNote($input: UpdateProductSubscriptionNoteInput!) {
    updateProductSubscriptionNote(input: $input) {
      __typename
      ... on UserError {
        code
        message
      }
    }
  }
`);

export const UPDATE_CUSTOMER_DESCRIPTION = graphql(`
  mutation UpdateCustomerDescription($input: UpdateCustomerDescriptionInput!) {
    updateCustomerDescription(input: $input) {
      __typename
      ... on UserError {
        code
        message
      }
    }
  }
`);

export const SET_IN_SYNC = graphql(`
  mutation SetInSync($input: SetInSyncInput!) {
    setInSync(input: $input) {
      __typename
      ... on UserError {
        code
        message
      }
    }
  }
`);
