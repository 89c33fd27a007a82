/** Every operation this page sends: the schema it lives on, at a glance. */

const ROW = `
  fragment Row on Process {
    id version workflowName subject status startedAt endedAt durationSeconds currentStep { name }
    createdBy { name }
  }`;

const PAGE = `
  fragment Page on FormPage {
    __typename index key title description schema uiSchema initialData submitLabel hasNext isConfirmation digest
  }
  fragment Invalid on FormInvalid { message pageIndex errors { pointer message } page { ...Page } }`;

const REFUSAL = `
  fragment Refusal on UserError { code message ... on ConflictError { by { name } at } }`;

const TASK = `
  fragment Task on InputRequest {
    id version status title assignee { key name } claimedBy { id name } claimedAt createdAt dueAt escalatedAt
    canSubmit canReject blockedReason approvalsNeeded
    decisions { by { name } policy at verdict comment }
  }`;

const DETAIL = `
  fragment Trouble on Failure { code message details traceback occurredAt }
  fragment Wait on Callback {
    id name status tokenHint issuedAt expiresAt receivedAt isEarly isOverdue
    progress { percent message reportedAt }
    progressLog(first: 100) { nodes { percent message reportedAt } pageInfo { hasNextPage } }
    result resultPreview resultBytes isTruncated
    validation { outcome message details }
    round source
    attempts(first: 20) { nodes { id at peer outcome bytes error isAdoptable replaced bodyPreview } }
  }
  fragment Asked on InputRequest {
    ...Task closedAt sendBackTo form { __typename ...Page ...Invalid }
  }
  fragment Detail on Process {
    ...Row note availableActions failure { ...Trouble }
    steps {
      id index name kind group status attempt startedAt completedAt durationSeconds retryAt stateDelta
      completedBy { name } failure { ...Trouble } callbacks { ...Wait } inputRequests { ...Asked }
    }
  }`;

export const PROCESSES = `
  query Processes($first: Int!, $after: String, $filter: ProcessFilter) {
    processes(first: $first, after: $after, filter: $filter) { nodes { ...Row } pageInfo { hasNextPage endCursor } }
  }${ROW}`;

export const SUBSCRIPTIONS = `
  query Subscriptions($filter: ProductSubscriptionFilter, $first: Int!) {
    productSubscriptions(filter: $filter, first: $first) {
      nodes { id description customerDescription customerId status inSync product { name } } pageInfo { hasNextPage }
    }
  }`;

export const PROCESS = `query Process($id: ID!) { process(id: $id) { ...Detail } }${ROW}${PAGE}${TASK}${DETAIL}`;

export const STATS = `
  query Stats { stats { processesByStatus { status count } engine { state reason changedBy { name } } } }`;

export const VIEWER = `query Viewer { viewer { user { id name } assignees { key name } permissions } }`;

export const INBOX = `
  query Inbox($first: Int!, $filter: InputRequestFilter, $withTasks: Boolean!) {
    viewer { openInputRequests(first: 1) { totalCount } }
    inputRequests(first: $first, filter: $filter) @include(if: $withTasks) {
      nodes { ...Task process { id workflowName subject startedAt createdBy { name } } } pageInfo { hasNextPage }
    }
  }${TASK}`;

export const FORMS = `
  query Forms($ids: [ID!]!) {
    nodes(ids: $ids) { ... on InputRequest { id version form { __typename ...Page ...Invalid } } }
  }${PAGE}`;

export const TEAMS = `
  query Teams { workflows(first: 200) { nodes { steps { assignee { key name } } } } }`;

export const WORKFLOWS = `
  query Workflows {
    workflows(first: 200) { nodes { name description target hasStartForm isStartable blockedReason } }
  }`;

export const RESULT_SLICE = `
  query ResultSlice($id: ID!, $offset: Int!) {
    node(id: $id) { ... on Callback { resultText(offset: $offset) { text nextOffset } } }
  }`;

export const START_FORM = `
  query StartForm($workflowName: String!) {
    startForm(workflowName: $workflowName) { __typename ...Page ...Invalid ...Refusal }
  }${PAGE}${REFUSAL}`;

export const START_WORKFLOW = `
  mutation StartWorkflow($input: StartWorkflowInput!) {
    startWorkflow(input: $input) {
      __typename ...Invalid ...Refusal
      ... on StartWorkflowSuccess { process { id } }
      ... on FormIncomplete { nextPage { ...Page } }
    }
  }${PAGE}${REFUSAL}`;

export const SUBMIT_FORM = `
  mutation SubmitForm($input: SubmitFormInput!) {
    submitForm(input: $input) {
      __typename ...Invalid ...Refusal
      ... on SubmitFormSuccess { process { id } }
      ... on FormIncomplete { nextPage { ...Page } }
    }
  }${PAGE}${REFUSAL}`;

const duty = (name: string, input: string) => `
  mutation Duty($input: ${input}!) { ${name}(input: $input) { __typename ...Refusal
    ... on PayloadInvalidError { errors { pointer message } } } }${REFUSAL}`;

export const REJECT = duty("rejectInputRequest", "RejectInputRequestInput");
export const CLAIM = duty("claimInputRequest", "ClaimInputRequestInput");
export const RELEASE = duty("releaseInputRequest", "ReleaseInputRequestInput");
export const ASSIGN = duty("assignInputRequest", "AssignInputRequestInput");

export const DECIDE = `
  mutation Decide($input: DecideInputRequestsInput!) {
    decideInputRequests(input: $input) {
      submitted { __typename ...Refusal ... on SubmitFormSuccess { inputRequest { status } } }
      rejected { __typename ...Refusal ... on InputRequestActionSuccess { inputRequest { status } } }
    }
  }${REFUSAL}`;

const recovery = (name: string, input: string) => `
  mutation Recover($input: ${input}!) { ${name}(input: $input) { __typename ...Refusal
    ... on PayloadInvalidError { errors { pointer message } } } }${REFUSAL}`;

export const REISSUE = recovery("reissueCallback", "ReissueCallbackInput");
export const REAWAIT = recovery("reawaitCallback", "ReawaitCallbackInput");
export const COMPLETE = recovery("completeCallback", "CompleteCallbackInput");
export const ADOPT = recovery("adoptCallbackAttempt", "AdoptCallbackAttemptInput");

export const RETRY = `
  mutation Retry($input: RetryProcessInput!) { retryProcess(input: $input) { __typename ...Refusal } }${REFUSAL}`;

export const ABORT = `
  mutation Abort($input: AbortProcessInput!) { abortProcess(input: $input) { __typename ...Refusal } }${REFUSAL}`;

export const PROCESS_EVENTS = `
  subscription ProcessEvents($after: String) {
    processEvents(after: $after) { cursor caughtUp reset events { __typename processId } }
  }`;
