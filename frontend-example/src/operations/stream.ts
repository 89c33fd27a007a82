import { graphql } from "../gql";

export const PROCESS_EVENTS = graphql(`
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
