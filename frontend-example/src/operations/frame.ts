import { graphql } from "../gql";

export const RESUME_ENGINE = graphql(`
  mutation ResumeEngine {
    setEngineState(input: { paused: false }) {
      __typename
      ... on SetEngineStateSuccess {
        engine {
          state
        }
      }
      ... on UserError {
        message
      }
    }
  }
`);

export const ENGINE = graphql(`
  query EngineState {
    stats {
      engine {
        state
        reason
        changedAt
        changedBy {
          name
        }
        queuedProcesses
        lagSeconds
        workers {
          name
        }
      }
    }
  }
`);
