import { graphql } from "../gql";

/** The services with their figures and their newest open callbacks. */
export const SERVICES = graphql(`
  query RemoteServices($window: StatsWindow!, $after: String) {
    remoteServices(window: $window, first: 50, after: $after) {
      totalCount
      nodes {
        ...RemoteServiceRow
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

graphql(`
  fragment RemoteServiceRow on RemoteService {
    name
    isConfigured
    signatureKeys
    hasCredential
    hasAllowedNetworks
    state
    lastSeenAt
    lastAcceptedAt
    openCallbacks(first: 10) {
      totalCount
      totalCountIsExact
      nodes {
        id
        issuedAt
        expiresAt
        isOverdue
        process {
          id
          subject
        }
      }
    }
    overdueCallbacks
    unansweredCallbacks
    areUnansweredExact
    deliveries {
      outcome
      isFailureReport
      count
      isExact
      lastAt
    }
    durationSecondsP50
    durationSecondsP95
    durationSamples
    contractVersions {
      digest
      title
      workflowNames
      openCallbacks
      acceptedResults
    }
  }
`);
