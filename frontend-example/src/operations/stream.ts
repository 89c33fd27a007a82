import { graphql } from "../gql";

graphql(`
  subscription ProcessEvents($after: String) {
    processEvents(after: $after) {
      cursor
      caughtUp
      reset
      events {
        __typename
        processId
        ... on CallbackEvent {
          callbackId
        }
        ... on ProductSubscriptionChangedEvent {
          productSubscriptionId
        }
      }
    }
  }
`);
