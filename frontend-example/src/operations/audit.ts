import { graphql } from "../gql";

graphql(`
  fragment AuditRow on AuditEntry {
    id
    at
    action
    actor {
      id
      name
    }
    process {
      id
      subject
    }
    details
    address
    method
    seq
    digest
    seal
  }
`);

export const AUDIT = graphql(`
  query Audit($first: Int!, $after: String, $filter: AuditFilter) {
    audit(first: $first, after: $after, filter: $filter) {
      nodes {
        ...AuditRow
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const AUDIT_COUNT = graphql(`
  query AuditCount {
    audit(first: 1) {
      totalCount
      totalCountIsExact
    }
  }
`);

export const VERIFY_AUDIT = graphql(`
  query VerifyAudit($first: Int!, $after: String, $anchor: AuditAnchor) {
    verifyAudit(first: $first, after: $after, anchor: $anchor) {
      valid
      entries
      fault
      cursor
      hasMore
      seal {
        seq
        digest
      }
      firstBroken {
        id
        at
        action
        process {
          id
          subject
        }
      }
    }
  }
`);
