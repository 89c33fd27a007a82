/* eslint-disable */
import * as types from './graphql';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  fragment FormPageParts on FormPage {\n    __typename\n    index\n    key\n    title\n    description\n    schema\n    uiSchema\n    initialData\n    submitLabel\n    hasNext\n    isConfirmation\n    digest\n    cuts {\n      key\n      shownLength\n      totalLength\n      totalBytes\n    }\n  }\n": typeof types.FormPagePartsFragmentDoc,
    "\n  fragment FormInvalidParts on FormInvalid {\n    __typename\n    message\n    pageIndex\n    errors {\n      path\n      message\n    }\n    page {\n      ...FormPageParts\n    }\n  }\n": typeof types.FormInvalidPartsFragmentDoc,
    "\n  fragment RefusalParts on UserError {\n    __typename\n    code\n    message\n    ... on ConflictError {\n      at\n      by {\n        name\n      }\n      conflictingProcess {\n        id\n      }\n    }\n    ... on AuthorCodeError {\n      errorId\n    }\n    ... on ServerError {\n      errorId\n    }\n    ... on PayloadInvalidError {\n      errors {\n        path\n        message\n      }\n    }\n  }\n": typeof types.RefusalPartsFragmentDoc,
    "\n  query StartForm($workflowName: String!, $pages: [JSON!]!) {\n    startForm(workflowName: $workflowName, pages: $pages) {\n      __typename\n      ...FormPageParts\n      ...FormInvalidParts\n      ...RefusalParts\n    }\n  }\n": typeof types.StartFormDocument,
    "\n  query StartFacts($workflowName: String!) {\n    viewer {\n      user {\n        id\n      }\n    }\n    workflow(name: $workflowName) {\n      name\n      description\n      target\n      blockedReason\n    }\n  }\n": typeof types.StartFactsDocument,
    "\n  mutation StartWorkflow($input: StartWorkflowInput!) {\n    startWorkflow(input: $input) {\n      __typename\n      ...FormInvalidParts\n      ...RefusalParts\n      ... on FormIncomplete {\n        nextPage {\n          ...FormPageParts\n        }\n      }\n      ... on StartWorkflowSuccess {\n        process {\n          id\n        }\n      }\n    }\n  }\n": typeof types.StartWorkflowDocument,
    "\n  query StartableWorkflows($after: String) {\n    workflows(first: 200, after: $after) {\n      nodes {\n        name\n        description\n        target\n        hasStartForm\n        blockedReason\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": typeof types.StartableWorkflowsDocument,
    "\n  query PickableSubscriptions($filter: ProductSubscriptionFilter, $first: Int!) {\n    productSubscriptions(filter: $filter, first: $first) {\n      totalCount\n      nodes {\n        id\n        description\n        customerId\n        customerDescription\n        status\n        inSync\n        product {\n          name\n        }\n      }\n    }\n  }\n": typeof types.PickableSubscriptionsDocument,
    "\n  mutation ResumeEngine {\n    setEngineState(input: { paused: false }) {\n      __typename\n      ... on SetEngineStateSuccess {\n        engine {\n          state\n        }\n      }\n      ... on UserError {\n        message\n      }\n    }\n  }\n": typeof types.ResumeEngineDocument,
    "\n  query EngineState {\n    stats {\n      engine {\n        state\n        reason\n        changedAt\n        changedBy {\n          name\n        }\n      }\n    }\n  }\n": typeof types.EngineStateDocument,
    "\n  fragment DecisionParts on Decision {\n    at\n    by {\n      id\n      name\n    }\n    policy\n    verdict\n    comment\n    pages\n  }\n": typeof types.DecisionPartsFragmentDoc,
    "\n  query InputRequest($id: ID!) {\n    viewer {\n      user {\n        id\n      }\n      permissions\n      assignees {\n        key\n        name\n      }\n    }\n    node(id: $id) {\n      __typename\n      ... on InputRequest {\n        id\n        version\n        status\n        title\n        assignee {\n          key\n          name\n        }\n        claimedBy {\n          id\n          name\n        }\n        claimedAt\n        createdAt\n        closedAt\n        dueAt\n        escalatedAt\n        remindedAt\n        canSubmit\n        canReject\n        blockedReason\n        approvalsNeeded\n        sendBackTo\n        decisions {\n          ...DecisionParts\n        }\n        process {\n          id\n        }\n        step {\n          inputRequests {\n            id\n            createdAt\n          }\n        }\n      }\n    }\n  }\n": typeof types.InputRequestDocument,
    "\n  query RequestForm($id: ID!, $pages: [JSON!]!, $longestText: Int) {\n    node(id: $id) {\n      ... on InputRequest {\n        form(pages: $pages, longestText: $longestText) {\n          __typename\n          ...FormPageParts\n          ...FormInvalidParts\n        }\n      }\n    }\n  }\n": typeof types.RequestFormDocument,
    "\n  query FieldText($id: ID!, $key: String!, $pages: [JSON!]!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on InputRequest {\n        fieldText(key: $key, pages: $pages, offset: $offset, length: $length) {\n          text\n          nextOffset\n        }\n      }\n    }\n  }\n": typeof types.FieldTextDocument,
    "\n  query EarlierDecisions($processId: ID!) {\n    process(id: $processId) {\n      steps {\n        inputRequests {\n          id\n          createdAt\n          sendBackTo\n          approvalsNeeded\n          decisions {\n            ...DecisionParts\n          }\n        }\n      }\n    }\n  }\n": typeof types.EarlierDecisionsDocument,
    "\n  mutation SubmitForm($input: SubmitFormInput!) {\n    submitForm(input: $input) {\n      __typename\n      ...FormInvalidParts\n      ...RefusalParts\n      ... on FormIncomplete {\n        nextPage {\n          ...FormPageParts\n        }\n      }\n      ... on SubmitFormSuccess {\n        inputRequest {\n          id\n          status\n        }\n      }\n    }\n  }\n": typeof types.SubmitFormDocument,
    "\n  mutation RejectInputRequest($input: RejectInputRequestInput!) {\n    rejectInputRequest(input: $input) {\n      __typename\n      ...RefusalParts\n    }\n  }\n": typeof types.RejectInputRequestDocument,
    "\n  mutation ClaimInputRequest($input: ClaimInputRequestInput!) {\n    claimInputRequest(input: $input) {\n      __typename\n      ...RefusalParts\n    }\n  }\n": typeof types.ClaimInputRequestDocument,
    "\n  mutation ReleaseInputRequest($input: ReleaseInputRequestInput!) {\n    releaseInputRequest(input: $input) {\n      __typename\n      ...RefusalParts\n    }\n  }\n": typeof types.ReleaseInputRequestDocument,
    "\n  mutation AssignInputRequest($input: AssignInputRequestInput!) {\n    assignInputRequest(input: $input) {\n      __typename\n      ...RefusalParts\n    }\n  }\n": typeof types.AssignInputRequestDocument,
    "\n  query Teams {\n    workflows(first: 200) {\n      nodes {\n        steps {\n          assignee {\n            key\n            name\n          }\n        }\n      }\n    }\n  }\n": typeof types.TeamsDocument,
    "\n  fragment LogReport on CallbackProgress {\n    percent\n    message\n    data\n    reportedAt\n  }\n": typeof types.LogReportFragmentDoc,
    "\n  fragment TextSlice on ResultSlice {\n    text\n    nextOffset\n    totalLength\n  }\n": typeof types.TextSliceFragmentDoc,
    "\n  query ProgressLogPage($id: ID!, $first: Int, $last: Int, $before: String, $after: String) {\n    node(id: $id) {\n      ... on Callback {\n        progressLog(first: $first, last: $last, before: $before, after: $after) {\n          totalCount\n          pageInfo {\n            hasNextPage\n            hasPreviousPage\n          }\n          edges {\n            cursor\n            node {\n              ...LogReport\n            }\n          }\n        }\n      }\n    }\n  }\n": typeof types.ProgressLogPageDocument,
    "\n  query ResultSlices($id: ID!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on Callback {\n        resultText(offset: $offset, length: $length) {\n          ...TextSlice\n        }\n      }\n    }\n  }\n": typeof types.ResultSlicesDocument,
    "\n  query FieldSlices($id: ID!, $key: String!, $pages: [JSON!]!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on InputRequest {\n        fieldText(key: $key, pages: $pages, offset: $offset, length: $length) {\n          ...TextSlice\n        }\n      }\n    }\n  }\n": typeof types.FieldSlicesDocument,
    "\n  query StateDeltaSlices($id: ID!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        stateDeltaText(offset: $offset, length: $length) {\n          ...TextSlice\n        }\n      }\n    }\n  }\n": typeof types.StateDeltaSlicesDocument,
    "\n  fragment ProcessHead on Process {\n    id\n    version\n    workflowName\n    subject\n    status\n    startedAt\n    endedAt\n    note\n    availableActions\n    createdBy {\n      name\n    }\n    currentStep {\n      index\n    }\n    failureReason {\n      code\n      message\n    }\n    whyWaiting {\n      kind\n      message\n    }\n  }\n": typeof types.ProcessHeadFragmentDoc,
    "\n  fragment StepPart on ProcessStep {\n    id\n    index\n    name\n    kind\n    group\n    status\n    attempt\n    startedAt\n    completedAt\n    retryAt\n    executionCount\n    completedBy {\n      name\n    }\n    failureReason {\n      code\n      message\n    }\n  }\n": typeof types.StepPartFragmentDoc,
    "\n  fragment ProgressReport on CallbackProgress {\n    percent\n    message\n    reportedAt\n  }\n": typeof types.ProgressReportFragmentDoc,
    "\n  fragment CallbackPart on Callback {\n    id\n    name\n    status\n    round\n    source\n    service\n    externalId\n    tokenHint\n    issuedAt\n    expiresAt\n    heartbeatDueAt\n    receivedAt\n    isEarly\n    progress {\n      ...ProgressReport\n    }\n    resultBytes\n    isTruncated\n    validation {\n      outcome\n      message\n    }\n    failure {\n      code\n      message\n    }\n  }\n": typeof types.CallbackPartFragmentDoc,
    "\n  fragment RequestPart on InputRequest {\n    id\n    version\n    status\n  }\n": typeof types.RequestPartFragmentDoc,
    "\n  query ProcessWhole($id: ID!) {\n    process(id: $id) {\n      ...ProcessHead\n      steps {\n        ...StepPart\n        callbacks {\n          ...CallbackPart\n        }\n        inputRequests {\n          ...RequestPart\n        }\n      }\n    }\n  }\n": typeof types.ProcessWholeDocument,
    "\n  query ProcessChanges($id: ID!, $after: String!) {\n    process(id: $id) {\n      ...ProcessHead\n      changes(after: $after) {\n        cursor\n        hasMore\n        reset\n        stepCount\n        events {\n          ... on CallbackProgressedEvent {\n            callbackId\n            progress {\n              ...ProgressReport\n            }\n          }\n        }\n        steps {\n          ...StepPart\n        }\n        callbacks {\n          ...CallbackPart\n          step {\n            index\n          }\n        }\n        inputRequests {\n          ...RequestPart\n          step {\n            index\n          }\n        }\n      }\n    }\n  }\n": typeof types.ProcessChangesDocument,
    "\n  query ProcessProducts($id: ID!) {\n    process(id: $id) {\n      productSubscriptions {\n        id\n        description\n        status\n        product {\n          name\n        }\n      }\n    }\n  }\n": typeof types.ProcessProductsDocument,
    "\n  fragment WholeFailure on Failure {\n    code\n    message\n    details\n    traceback\n    occurredAt\n  }\n": typeof types.WholeFailureFragmentDoc,
    "\n  query ProcessFailure($id: ID!) {\n    process(id: $id) {\n      failure {\n        ...WholeFailure\n      }\n    }\n  }\n": typeof types.ProcessFailureDocument,
    "\n  query StepFailure($id: ID!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        failure {\n          ...WholeFailure\n        }\n      }\n    }\n  }\n": typeof types.StepFailureDocument,
    "\n  query StepExecutions($id: ID!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        executionCount\n        executions {\n          number\n          status\n          attempt\n          enteredBy\n          startedAt\n          completedAt\n          durationSeconds\n          completedBy {\n            name\n          }\n          failure {\n            code\n            message\n          }\n        }\n      }\n    }\n  }\n": typeof types.StepExecutionsDocument,
    "\n  query StepState($id: ID!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        stateBefore\n        stateDelta\n      }\n    }\n  }\n": typeof types.StepStateDocument,
    "\n  query StepStateSize($id: ID!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        stateDeltaBytes\n      }\n    }\n  }\n": typeof types.StepStateSizeDocument,
    "\n  query CallbackResult($id: ID!) {\n    node(id: $id) {\n      ... on Callback {\n        result\n        resultPreview\n        resultBytes\n        isTruncated\n      }\n    }\n  }\n": typeof types.CallbackResultDocument,
    "\n  query Deliveries($id: ID!) {\n    node(id: $id) {\n      ... on Callback {\n        validation {\n          details\n        }\n        attempts(last: 20) {\n          totalCount\n          nodes {\n            ...Delivery\n            bodyPreview\n          }\n        }\n      }\n    }\n  }\n": typeof types.DeliveriesDocument,
    "\n  fragment Delivery on CallbackAttempt {\n    id\n    at\n    peer\n    outcome\n    bytes\n    error\n    isFailureReport\n    isAdoptable\n    replaced\n  }\n": typeof types.DeliveryFragmentDoc,
    "\n  query LateAnswers($ids: [ID!]!) {\n    nodes(ids: $ids) {\n      ... on Callback {\n        id\n        name\n        attempts(last: 20) {\n          nodes {\n            ...Delivery\n          }\n        }\n      }\n    }\n  }\n": typeof types.LateAnswersDocument,
    "\n  query ProcessNote($id: ID!) {\n    process(id: $id) {\n      version\n      note\n    }\n  }\n": typeof types.ProcessNoteDocument,
    "\n  fragment ProcessRefusal on UserError {\n    code\n    message\n    ... on ConflictError {\n      at\n      by {\n        name\n      }\n    }\n    ... on PayloadInvalidError {\n      errors {\n        message\n      }\n    }\n  }\n": typeof types.ProcessRefusalFragmentDoc,
    "\n  mutation RetryProcess($input: RetryProcessInput!) {\n    done: retryProcess(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n": typeof types.RetryProcessDocument,
    "\n  mutation AbortProcess($input: AbortProcessInput!) {\n    done: abortProcess(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n": typeof types.AbortProcessDocument,
    "\n  mutation EditNote($input: UpdateProcessNoteInput!) {\n    done: updateProcessNote(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n": typeof types.EditNoteDocument,
    "\n  mutation ReawaitCallback($input: ReawaitCallbackInput!) {\n    done: reawaitCallback(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n": typeof types.ReawaitCallbackDocument,
    "\n  mutation ReissueCallback($input: ReissueCallbackInput!) {\n    done: reissueCallback(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n": typeof types.ReissueCallbackDocument,
    "\n  mutation CompleteCallback($input: CompleteCallbackInput!) {\n    done: completeCallback(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n": typeof types.CompleteCallbackDocument,
    "\n  mutation AdoptCallbackAttempt($input: AdoptCallbackAttemptInput!) {\n    done: adoptCallbackAttempt(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n": typeof types.AdoptCallbackAttemptDocument,
    "\n  fragment ProcessRow on Process {\n    id\n    version\n    workflowName\n    status\n    startedAt\n    endedAt\n    durationSeconds\n    currentStep {\n      name\n    }\n    createdBy {\n      name\n    }\n    failure {\n      code\n      message\n    }\n  }\n": typeof types.ProcessRowFragmentDoc,
    "\n  query Processes($first: Int!, $after: String, $filter: ProcessFilter) {\n    processes(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...ProcessRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": typeof types.ProcessesDocument,
    "\n  query Stats {\n    stats {\n      processesByStatus {\n        status\n        count\n      }\n      engine {\n        state\n        reason\n        changedBy {\n          name\n        }\n      }\n    }\n  }\n": typeof types.StatsDocument,
    "\n  query Viewer {\n    viewer {\n      user {\n        id\n        name\n      }\n      assignees {\n        key\n        name\n      }\n      permissions\n      openInputRequests(first: 1) {\n        totalCount\n      }\n    }\n  }\n": typeof types.ViewerDocument,
    "\n  subscription ProcessEvents($after: String) {\n    processEvents(after: $after) {\n      cursor\n      caughtUp\n      reset\n      events {\n        __typename\n        processId\n        ... on CallbackEvent {\n          callbackId\n        }\n        ... on ProductSubscriptionChangedEvent {\n          productSubscriptionId\n        }\n      }\n    }\n  }\n": typeof types.ProcessEventsDocument,
};
const documents: Documents = {
    "\n  fragment FormPageParts on FormPage {\n    __typename\n    index\n    key\n    title\n    description\n    schema\n    uiSchema\n    initialData\n    submitLabel\n    hasNext\n    isConfirmation\n    digest\n    cuts {\n      key\n      shownLength\n      totalLength\n      totalBytes\n    }\n  }\n": types.FormPagePartsFragmentDoc,
    "\n  fragment FormInvalidParts on FormInvalid {\n    __typename\n    message\n    pageIndex\n    errors {\n      path\n      message\n    }\n    page {\n      ...FormPageParts\n    }\n  }\n": types.FormInvalidPartsFragmentDoc,
    "\n  fragment RefusalParts on UserError {\n    __typename\n    code\n    message\n    ... on ConflictError {\n      at\n      by {\n        name\n      }\n      conflictingProcess {\n        id\n      }\n    }\n    ... on AuthorCodeError {\n      errorId\n    }\n    ... on ServerError {\n      errorId\n    }\n    ... on PayloadInvalidError {\n      errors {\n        path\n        message\n      }\n    }\n  }\n": types.RefusalPartsFragmentDoc,
    "\n  query StartForm($workflowName: String!, $pages: [JSON!]!) {\n    startForm(workflowName: $workflowName, pages: $pages) {\n      __typename\n      ...FormPageParts\n      ...FormInvalidParts\n      ...RefusalParts\n    }\n  }\n": types.StartFormDocument,
    "\n  query StartFacts($workflowName: String!) {\n    viewer {\n      user {\n        id\n      }\n    }\n    workflow(name: $workflowName) {\n      name\n      description\n      target\n      blockedReason\n    }\n  }\n": types.StartFactsDocument,
    "\n  mutation StartWorkflow($input: StartWorkflowInput!) {\n    startWorkflow(input: $input) {\n      __typename\n      ...FormInvalidParts\n      ...RefusalParts\n      ... on FormIncomplete {\n        nextPage {\n          ...FormPageParts\n        }\n      }\n      ... on StartWorkflowSuccess {\n        process {\n          id\n        }\n      }\n    }\n  }\n": types.StartWorkflowDocument,
    "\n  query StartableWorkflows($after: String) {\n    workflows(first: 200, after: $after) {\n      nodes {\n        name\n        description\n        target\n        hasStartForm\n        blockedReason\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": types.StartableWorkflowsDocument,
    "\n  query PickableSubscriptions($filter: ProductSubscriptionFilter, $first: Int!) {\n    productSubscriptions(filter: $filter, first: $first) {\n      totalCount\n      nodes {\n        id\n        description\n        customerId\n        customerDescription\n        status\n        inSync\n        product {\n          name\n        }\n      }\n    }\n  }\n": types.PickableSubscriptionsDocument,
    "\n  mutation ResumeEngine {\n    setEngineState(input: { paused: false }) {\n      __typename\n      ... on SetEngineStateSuccess {\n        engine {\n          state\n        }\n      }\n      ... on UserError {\n        message\n      }\n    }\n  }\n": types.ResumeEngineDocument,
    "\n  query EngineState {\n    stats {\n      engine {\n        state\n        reason\n        changedAt\n        changedBy {\n          name\n        }\n      }\n    }\n  }\n": types.EngineStateDocument,
    "\n  fragment DecisionParts on Decision {\n    at\n    by {\n      id\n      name\n    }\n    policy\n    verdict\n    comment\n    pages\n  }\n": types.DecisionPartsFragmentDoc,
    "\n  query InputRequest($id: ID!) {\n    viewer {\n      user {\n        id\n      }\n      permissions\n      assignees {\n        key\n        name\n      }\n    }\n    node(id: $id) {\n      __typename\n      ... on InputRequest {\n        id\n        version\n        status\n        title\n        assignee {\n          key\n          name\n        }\n        claimedBy {\n          id\n          name\n        }\n        claimedAt\n        createdAt\n        closedAt\n        dueAt\n        escalatedAt\n        remindedAt\n        canSubmit\n        canReject\n        blockedReason\n        approvalsNeeded\n        sendBackTo\n        decisions {\n          ...DecisionParts\n        }\n        process {\n          id\n        }\n        step {\n          inputRequests {\n            id\n            createdAt\n          }\n        }\n      }\n    }\n  }\n": types.InputRequestDocument,
    "\n  query RequestForm($id: ID!, $pages: [JSON!]!, $longestText: Int) {\n    node(id: $id) {\n      ... on InputRequest {\n        form(pages: $pages, longestText: $longestText) {\n          __typename\n          ...FormPageParts\n          ...FormInvalidParts\n        }\n      }\n    }\n  }\n": types.RequestFormDocument,
    "\n  query FieldText($id: ID!, $key: String!, $pages: [JSON!]!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on InputRequest {\n        fieldText(key: $key, pages: $pages, offset: $offset, length: $length) {\n          text\n          nextOffset\n        }\n      }\n    }\n  }\n": types.FieldTextDocument,
    "\n  query EarlierDecisions($processId: ID!) {\n    process(id: $processId) {\n      steps {\n        inputRequests {\n          id\n          createdAt\n          sendBackTo\n          approvalsNeeded\n          decisions {\n            ...DecisionParts\n          }\n        }\n      }\n    }\n  }\n": types.EarlierDecisionsDocument,
    "\n  mutation SubmitForm($input: SubmitFormInput!) {\n    submitForm(input: $input) {\n      __typename\n      ...FormInvalidParts\n      ...RefusalParts\n      ... on FormIncomplete {\n        nextPage {\n          ...FormPageParts\n        }\n      }\n      ... on SubmitFormSuccess {\n        inputRequest {\n          id\n          status\n        }\n      }\n    }\n  }\n": types.SubmitFormDocument,
    "\n  mutation RejectInputRequest($input: RejectInputRequestInput!) {\n    rejectInputRequest(input: $input) {\n      __typename\n      ...RefusalParts\n    }\n  }\n": types.RejectInputRequestDocument,
    "\n  mutation ClaimInputRequest($input: ClaimInputRequestInput!) {\n    claimInputRequest(input: $input) {\n      __typename\n      ...RefusalParts\n    }\n  }\n": types.ClaimInputRequestDocument,
    "\n  mutation ReleaseInputRequest($input: ReleaseInputRequestInput!) {\n    releaseInputRequest(input: $input) {\n      __typename\n      ...RefusalParts\n    }\n  }\n": types.ReleaseInputRequestDocument,
    "\n  mutation AssignInputRequest($input: AssignInputRequestInput!) {\n    assignInputRequest(input: $input) {\n      __typename\n      ...RefusalParts\n    }\n  }\n": types.AssignInputRequestDocument,
    "\n  query Teams {\n    workflows(first: 200) {\n      nodes {\n        steps {\n          assignee {\n            key\n            name\n          }\n        }\n      }\n    }\n  }\n": types.TeamsDocument,
    "\n  fragment LogReport on CallbackProgress {\n    percent\n    message\n    data\n    reportedAt\n  }\n": types.LogReportFragmentDoc,
    "\n  fragment TextSlice on ResultSlice {\n    text\n    nextOffset\n    totalLength\n  }\n": types.TextSliceFragmentDoc,
    "\n  query ProgressLogPage($id: ID!, $first: Int, $last: Int, $before: String, $after: String) {\n    node(id: $id) {\n      ... on Callback {\n        progressLog(first: $first, last: $last, before: $before, after: $after) {\n          totalCount\n          pageInfo {\n            hasNextPage\n            hasPreviousPage\n          }\n          edges {\n            cursor\n            node {\n              ...LogReport\n            }\n          }\n        }\n      }\n    }\n  }\n": types.ProgressLogPageDocument,
    "\n  query ResultSlices($id: ID!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on Callback {\n        resultText(offset: $offset, length: $length) {\n          ...TextSlice\n        }\n      }\n    }\n  }\n": types.ResultSlicesDocument,
    "\n  query FieldSlices($id: ID!, $key: String!, $pages: [JSON!]!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on InputRequest {\n        fieldText(key: $key, pages: $pages, offset: $offset, length: $length) {\n          ...TextSlice\n        }\n      }\n    }\n  }\n": types.FieldSlicesDocument,
    "\n  query StateDeltaSlices($id: ID!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        stateDeltaText(offset: $offset, length: $length) {\n          ...TextSlice\n        }\n      }\n    }\n  }\n": types.StateDeltaSlicesDocument,
    "\n  fragment ProcessHead on Process {\n    id\n    version\n    workflowName\n    subject\n    status\n    startedAt\n    endedAt\n    note\n    availableActions\n    createdBy {\n      name\n    }\n    currentStep {\n      index\n    }\n    failureReason {\n      code\n      message\n    }\n    whyWaiting {\n      kind\n      message\n    }\n  }\n": types.ProcessHeadFragmentDoc,
    "\n  fragment StepPart on ProcessStep {\n    id\n    index\n    name\n    kind\n    group\n    status\n    attempt\n    startedAt\n    completedAt\n    retryAt\n    executionCount\n    completedBy {\n      name\n    }\n    failureReason {\n      code\n      message\n    }\n  }\n": types.StepPartFragmentDoc,
    "\n  fragment ProgressReport on CallbackProgress {\n    percent\n    message\n    reportedAt\n  }\n": types.ProgressReportFragmentDoc,
    "\n  fragment CallbackPart on Callback {\n    id\n    name\n    status\n    round\n    source\n    service\n    externalId\n    tokenHint\n    issuedAt\n    expiresAt\n    heartbeatDueAt\n    receivedAt\n    isEarly\n    progress {\n      ...ProgressReport\n    }\n    resultBytes\n    isTruncated\n    validation {\n      outcome\n      message\n    }\n    failure {\n      code\n      message\n    }\n  }\n": types.CallbackPartFragmentDoc,
    "\n  fragment RequestPart on InputRequest {\n    id\n    version\n    status\n  }\n": types.RequestPartFragmentDoc,
    "\n  query ProcessWhole($id: ID!) {\n    process(id: $id) {\n      ...ProcessHead\n      steps {\n        ...StepPart\n        callbacks {\n          ...CallbackPart\n        }\n        inputRequests {\n          ...RequestPart\n        }\n      }\n    }\n  }\n": types.ProcessWholeDocument,
    "\n  query ProcessChanges($id: ID!, $after: String!) {\n    process(id: $id) {\n      ...ProcessHead\n      changes(after: $after) {\n        cursor\n        hasMore\n        reset\n        stepCount\n        events {\n          ... on CallbackProgressedEvent {\n            callbackId\n            progress {\n              ...ProgressReport\n            }\n          }\n        }\n        steps {\n          ...StepPart\n        }\n        callbacks {\n          ...CallbackPart\n          step {\n            index\n          }\n        }\n        inputRequests {\n          ...RequestPart\n          step {\n            index\n          }\n        }\n      }\n    }\n  }\n": types.ProcessChangesDocument,
    "\n  query ProcessProducts($id: ID!) {\n    process(id: $id) {\n      productSubscriptions {\n        id\n        description\n        status\n        product {\n          name\n        }\n      }\n    }\n  }\n": types.ProcessProductsDocument,
    "\n  fragment WholeFailure on Failure {\n    code\n    message\n    details\n    traceback\n    occurredAt\n  }\n": types.WholeFailureFragmentDoc,
    "\n  query ProcessFailure($id: ID!) {\n    process(id: $id) {\n      failure {\n        ...WholeFailure\n      }\n    }\n  }\n": types.ProcessFailureDocument,
    "\n  query StepFailure($id: ID!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        failure {\n          ...WholeFailure\n        }\n      }\n    }\n  }\n": types.StepFailureDocument,
    "\n  query StepExecutions($id: ID!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        executionCount\n        executions {\n          number\n          status\n          attempt\n          enteredBy\n          startedAt\n          completedAt\n          durationSeconds\n          completedBy {\n            name\n          }\n          failure {\n            code\n            message\n          }\n        }\n      }\n    }\n  }\n": types.StepExecutionsDocument,
    "\n  query StepState($id: ID!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        stateBefore\n        stateDelta\n      }\n    }\n  }\n": types.StepStateDocument,
    "\n  query StepStateSize($id: ID!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        stateDeltaBytes\n      }\n    }\n  }\n": types.StepStateSizeDocument,
    "\n  query CallbackResult($id: ID!) {\n    node(id: $id) {\n      ... on Callback {\n        result\n        resultPreview\n        resultBytes\n        isTruncated\n      }\n    }\n  }\n": types.CallbackResultDocument,
    "\n  query Deliveries($id: ID!) {\n    node(id: $id) {\n      ... on Callback {\n        validation {\n          details\n        }\n        attempts(last: 20) {\n          totalCount\n          nodes {\n            ...Delivery\n            bodyPreview\n          }\n        }\n      }\n    }\n  }\n": types.DeliveriesDocument,
    "\n  fragment Delivery on CallbackAttempt {\n    id\n    at\n    peer\n    outcome\n    bytes\n    error\n    isFailureReport\n    isAdoptable\n    replaced\n  }\n": types.DeliveryFragmentDoc,
    "\n  query LateAnswers($ids: [ID!]!) {\n    nodes(ids: $ids) {\n      ... on Callback {\n        id\n        name\n        attempts(last: 20) {\n          nodes {\n            ...Delivery\n          }\n        }\n      }\n    }\n  }\n": types.LateAnswersDocument,
    "\n  query ProcessNote($id: ID!) {\n    process(id: $id) {\n      version\n      note\n    }\n  }\n": types.ProcessNoteDocument,
    "\n  fragment ProcessRefusal on UserError {\n    code\n    message\n    ... on ConflictError {\n      at\n      by {\n        name\n      }\n    }\n    ... on PayloadInvalidError {\n      errors {\n        message\n      }\n    }\n  }\n": types.ProcessRefusalFragmentDoc,
    "\n  mutation RetryProcess($input: RetryProcessInput!) {\n    done: retryProcess(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n": types.RetryProcessDocument,
    "\n  mutation AbortProcess($input: AbortProcessInput!) {\n    done: abortProcess(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n": types.AbortProcessDocument,
    "\n  mutation EditNote($input: UpdateProcessNoteInput!) {\n    done: updateProcessNote(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n": types.EditNoteDocument,
    "\n  mutation ReawaitCallback($input: ReawaitCallbackInput!) {\n    done: reawaitCallback(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n": types.ReawaitCallbackDocument,
    "\n  mutation ReissueCallback($input: ReissueCallbackInput!) {\n    done: reissueCallback(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n": types.ReissueCallbackDocument,
    "\n  mutation CompleteCallback($input: CompleteCallbackInput!) {\n    done: completeCallback(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n": types.CompleteCallbackDocument,
    "\n  mutation AdoptCallbackAttempt($input: AdoptCallbackAttemptInput!) {\n    done: adoptCallbackAttempt(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n": types.AdoptCallbackAttemptDocument,
    "\n  fragment ProcessRow on Process {\n    id\n    version\n    workflowName\n    status\n    startedAt\n    endedAt\n    durationSeconds\n    currentStep {\n      name\n    }\n    createdBy {\n      name\n    }\n    failure {\n      code\n      message\n    }\n  }\n": types.ProcessRowFragmentDoc,
    "\n  query Processes($first: Int!, $after: String, $filter: ProcessFilter) {\n    processes(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...ProcessRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": types.ProcessesDocument,
    "\n  query Stats {\n    stats {\n      processesByStatus {\n        status\n        count\n      }\n      engine {\n        state\n        reason\n        changedBy {\n          name\n        }\n      }\n    }\n  }\n": types.StatsDocument,
    "\n  query Viewer {\n    viewer {\n      user {\n        id\n        name\n      }\n      assignees {\n        key\n        name\n      }\n      permissions\n      openInputRequests(first: 1) {\n        totalCount\n      }\n    }\n  }\n": types.ViewerDocument,
    "\n  subscription ProcessEvents($after: String) {\n    processEvents(after: $after) {\n      cursor\n      caughtUp\n      reset\n      events {\n        __typename\n        processId\n        ... on CallbackEvent {\n          callbackId\n        }\n        ... on ProductSubscriptionChangedEvent {\n          productSubscriptionId\n        }\n      }\n    }\n  }\n": types.ProcessEventsDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment FormPageParts on FormPage {\n    __typename\n    index\n    key\n    title\n    description\n    schema\n    uiSchema\n    initialData\n    submitLabel\n    hasNext\n    isConfirmation\n    digest\n    cuts {\n      key\n      shownLength\n      totalLength\n      totalBytes\n    }\n  }\n"): (typeof documents)["\n  fragment FormPageParts on FormPage {\n    __typename\n    index\n    key\n    title\n    description\n    schema\n    uiSchema\n    initialData\n    submitLabel\n    hasNext\n    isConfirmation\n    digest\n    cuts {\n      key\n      shownLength\n      totalLength\n      totalBytes\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment FormInvalidParts on FormInvalid {\n    __typename\n    message\n    pageIndex\n    errors {\n      path\n      message\n    }\n    page {\n      ...FormPageParts\n    }\n  }\n"): (typeof documents)["\n  fragment FormInvalidParts on FormInvalid {\n    __typename\n    message\n    pageIndex\n    errors {\n      path\n      message\n    }\n    page {\n      ...FormPageParts\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment RefusalParts on UserError {\n    __typename\n    code\n    message\n    ... on ConflictError {\n      at\n      by {\n        name\n      }\n      conflictingProcess {\n        id\n      }\n    }\n    ... on AuthorCodeError {\n      errorId\n    }\n    ... on ServerError {\n      errorId\n    }\n    ... on PayloadInvalidError {\n      errors {\n        path\n        message\n      }\n    }\n  }\n"): (typeof documents)["\n  fragment RefusalParts on UserError {\n    __typename\n    code\n    message\n    ... on ConflictError {\n      at\n      by {\n        name\n      }\n      conflictingProcess {\n        id\n      }\n    }\n    ... on AuthorCodeError {\n      errorId\n    }\n    ... on ServerError {\n      errorId\n    }\n    ... on PayloadInvalidError {\n      errors {\n        path\n        message\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query StartForm($workflowName: String!, $pages: [JSON!]!) {\n    startForm(workflowName: $workflowName, pages: $pages) {\n      __typename\n      ...FormPageParts\n      ...FormInvalidParts\n      ...RefusalParts\n    }\n  }\n"): (typeof documents)["\n  query StartForm($workflowName: String!, $pages: [JSON!]!) {\n    startForm(workflowName: $workflowName, pages: $pages) {\n      __typename\n      ...FormPageParts\n      ...FormInvalidParts\n      ...RefusalParts\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query StartFacts($workflowName: String!) {\n    viewer {\n      user {\n        id\n      }\n    }\n    workflow(name: $workflowName) {\n      name\n      description\n      target\n      blockedReason\n    }\n  }\n"): (typeof documents)["\n  query StartFacts($workflowName: String!) {\n    viewer {\n      user {\n        id\n      }\n    }\n    workflow(name: $workflowName) {\n      name\n      description\n      target\n      blockedReason\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation StartWorkflow($input: StartWorkflowInput!) {\n    startWorkflow(input: $input) {\n      __typename\n      ...FormInvalidParts\n      ...RefusalParts\n      ... on FormIncomplete {\n        nextPage {\n          ...FormPageParts\n        }\n      }\n      ... on StartWorkflowSuccess {\n        process {\n          id\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation StartWorkflow($input: StartWorkflowInput!) {\n    startWorkflow(input: $input) {\n      __typename\n      ...FormInvalidParts\n      ...RefusalParts\n      ... on FormIncomplete {\n        nextPage {\n          ...FormPageParts\n        }\n      }\n      ... on StartWorkflowSuccess {\n        process {\n          id\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query StartableWorkflows($after: String) {\n    workflows(first: 200, after: $after) {\n      nodes {\n        name\n        description\n        target\n        hasStartForm\n        blockedReason\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"): (typeof documents)["\n  query StartableWorkflows($after: String) {\n    workflows(first: 200, after: $after) {\n      nodes {\n        name\n        description\n        target\n        hasStartForm\n        blockedReason\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query PickableSubscriptions($filter: ProductSubscriptionFilter, $first: Int!) {\n    productSubscriptions(filter: $filter, first: $first) {\n      totalCount\n      nodes {\n        id\n        description\n        customerId\n        customerDescription\n        status\n        inSync\n        product {\n          name\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query PickableSubscriptions($filter: ProductSubscriptionFilter, $first: Int!) {\n    productSubscriptions(filter: $filter, first: $first) {\n      totalCount\n      nodes {\n        id\n        description\n        customerId\n        customerDescription\n        status\n        inSync\n        product {\n          name\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ResumeEngine {\n    setEngineState(input: { paused: false }) {\n      __typename\n      ... on SetEngineStateSuccess {\n        engine {\n          state\n        }\n      }\n      ... on UserError {\n        message\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation ResumeEngine {\n    setEngineState(input: { paused: false }) {\n      __typename\n      ... on SetEngineStateSuccess {\n        engine {\n          state\n        }\n      }\n      ... on UserError {\n        message\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query EngineState {\n    stats {\n      engine {\n        state\n        reason\n        changedAt\n        changedBy {\n          name\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query EngineState {\n    stats {\n      engine {\n        state\n        reason\n        changedAt\n        changedBy {\n          name\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment DecisionParts on Decision {\n    at\n    by {\n      id\n      name\n    }\n    policy\n    verdict\n    comment\n    pages\n  }\n"): (typeof documents)["\n  fragment DecisionParts on Decision {\n    at\n    by {\n      id\n      name\n    }\n    policy\n    verdict\n    comment\n    pages\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query InputRequest($id: ID!) {\n    viewer {\n      user {\n        id\n      }\n      permissions\n      assignees {\n        key\n        name\n      }\n    }\n    node(id: $id) {\n      __typename\n      ... on InputRequest {\n        id\n        version\n        status\n        title\n        assignee {\n          key\n          name\n        }\n        claimedBy {\n          id\n          name\n        }\n        claimedAt\n        createdAt\n        closedAt\n        dueAt\n        escalatedAt\n        remindedAt\n        canSubmit\n        canReject\n        blockedReason\n        approvalsNeeded\n        sendBackTo\n        decisions {\n          ...DecisionParts\n        }\n        process {\n          id\n        }\n        step {\n          inputRequests {\n            id\n            createdAt\n          }\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query InputRequest($id: ID!) {\n    viewer {\n      user {\n        id\n      }\n      permissions\n      assignees {\n        key\n        name\n      }\n    }\n    node(id: $id) {\n      __typename\n      ... on InputRequest {\n        id\n        version\n        status\n        title\n        assignee {\n          key\n          name\n        }\n        claimedBy {\n          id\n          name\n        }\n        claimedAt\n        createdAt\n        closedAt\n        dueAt\n        escalatedAt\n        remindedAt\n        canSubmit\n        canReject\n        blockedReason\n        approvalsNeeded\n        sendBackTo\n        decisions {\n          ...DecisionParts\n        }\n        process {\n          id\n        }\n        step {\n          inputRequests {\n            id\n            createdAt\n          }\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RequestForm($id: ID!, $pages: [JSON!]!, $longestText: Int) {\n    node(id: $id) {\n      ... on InputRequest {\n        form(pages: $pages, longestText: $longestText) {\n          __typename\n          ...FormPageParts\n          ...FormInvalidParts\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query RequestForm($id: ID!, $pages: [JSON!]!, $longestText: Int) {\n    node(id: $id) {\n      ... on InputRequest {\n        form(pages: $pages, longestText: $longestText) {\n          __typename\n          ...FormPageParts\n          ...FormInvalidParts\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FieldText($id: ID!, $key: String!, $pages: [JSON!]!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on InputRequest {\n        fieldText(key: $key, pages: $pages, offset: $offset, length: $length) {\n          text\n          nextOffset\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query FieldText($id: ID!, $key: String!, $pages: [JSON!]!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on InputRequest {\n        fieldText(key: $key, pages: $pages, offset: $offset, length: $length) {\n          text\n          nextOffset\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query EarlierDecisions($processId: ID!) {\n    process(id: $processId) {\n      steps {\n        inputRequests {\n          id\n          createdAt\n          sendBackTo\n          approvalsNeeded\n          decisions {\n            ...DecisionParts\n          }\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query EarlierDecisions($processId: ID!) {\n    process(id: $processId) {\n      steps {\n        inputRequests {\n          id\n          createdAt\n          sendBackTo\n          approvalsNeeded\n          decisions {\n            ...DecisionParts\n          }\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SubmitForm($input: SubmitFormInput!) {\n    submitForm(input: $input) {\n      __typename\n      ...FormInvalidParts\n      ...RefusalParts\n      ... on FormIncomplete {\n        nextPage {\n          ...FormPageParts\n        }\n      }\n      ... on SubmitFormSuccess {\n        inputRequest {\n          id\n          status\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation SubmitForm($input: SubmitFormInput!) {\n    submitForm(input: $input) {\n      __typename\n      ...FormInvalidParts\n      ...RefusalParts\n      ... on FormIncomplete {\n        nextPage {\n          ...FormPageParts\n        }\n      }\n      ... on SubmitFormSuccess {\n        inputRequest {\n          id\n          status\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RejectInputRequest($input: RejectInputRequestInput!) {\n    rejectInputRequest(input: $input) {\n      __typename\n      ...RefusalParts\n    }\n  }\n"): (typeof documents)["\n  mutation RejectInputRequest($input: RejectInputRequestInput!) {\n    rejectInputRequest(input: $input) {\n      __typename\n      ...RefusalParts\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ClaimInputRequest($input: ClaimInputRequestInput!) {\n    claimInputRequest(input: $input) {\n      __typename\n      ...RefusalParts\n    }\n  }\n"): (typeof documents)["\n  mutation ClaimInputRequest($input: ClaimInputRequestInput!) {\n    claimInputRequest(input: $input) {\n      __typename\n      ...RefusalParts\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ReleaseInputRequest($input: ReleaseInputRequestInput!) {\n    releaseInputRequest(input: $input) {\n      __typename\n      ...RefusalParts\n    }\n  }\n"): (typeof documents)["\n  mutation ReleaseInputRequest($input: ReleaseInputRequestInput!) {\n    releaseInputRequest(input: $input) {\n      __typename\n      ...RefusalParts\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation AssignInputRequest($input: AssignInputRequestInput!) {\n    assignInputRequest(input: $input) {\n      __typename\n      ...RefusalParts\n    }\n  }\n"): (typeof documents)["\n  mutation AssignInputRequest($input: AssignInputRequestInput!) {\n    assignInputRequest(input: $input) {\n      __typename\n      ...RefusalParts\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Teams {\n    workflows(first: 200) {\n      nodes {\n        steps {\n          assignee {\n            key\n            name\n          }\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query Teams {\n    workflows(first: 200) {\n      nodes {\n        steps {\n          assignee {\n            key\n            name\n          }\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment LogReport on CallbackProgress {\n    percent\n    message\n    data\n    reportedAt\n  }\n"): (typeof documents)["\n  fragment LogReport on CallbackProgress {\n    percent\n    message\n    data\n    reportedAt\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment TextSlice on ResultSlice {\n    text\n    nextOffset\n    totalLength\n  }\n"): (typeof documents)["\n  fragment TextSlice on ResultSlice {\n    text\n    nextOffset\n    totalLength\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ProgressLogPage($id: ID!, $first: Int, $last: Int, $before: String, $after: String) {\n    node(id: $id) {\n      ... on Callback {\n        progressLog(first: $first, last: $last, before: $before, after: $after) {\n          totalCount\n          pageInfo {\n            hasNextPage\n            hasPreviousPage\n          }\n          edges {\n            cursor\n            node {\n              ...LogReport\n            }\n          }\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query ProgressLogPage($id: ID!, $first: Int, $last: Int, $before: String, $after: String) {\n    node(id: $id) {\n      ... on Callback {\n        progressLog(first: $first, last: $last, before: $before, after: $after) {\n          totalCount\n          pageInfo {\n            hasNextPage\n            hasPreviousPage\n          }\n          edges {\n            cursor\n            node {\n              ...LogReport\n            }\n          }\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ResultSlices($id: ID!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on Callback {\n        resultText(offset: $offset, length: $length) {\n          ...TextSlice\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query ResultSlices($id: ID!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on Callback {\n        resultText(offset: $offset, length: $length) {\n          ...TextSlice\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FieldSlices($id: ID!, $key: String!, $pages: [JSON!]!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on InputRequest {\n        fieldText(key: $key, pages: $pages, offset: $offset, length: $length) {\n          ...TextSlice\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query FieldSlices($id: ID!, $key: String!, $pages: [JSON!]!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on InputRequest {\n        fieldText(key: $key, pages: $pages, offset: $offset, length: $length) {\n          ...TextSlice\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query StateDeltaSlices($id: ID!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        stateDeltaText(offset: $offset, length: $length) {\n          ...TextSlice\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query StateDeltaSlices($id: ID!, $offset: Int!, $length: Int!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        stateDeltaText(offset: $offset, length: $length) {\n          ...TextSlice\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ProcessHead on Process {\n    id\n    version\n    workflowName\n    subject\n    status\n    startedAt\n    endedAt\n    note\n    availableActions\n    createdBy {\n      name\n    }\n    currentStep {\n      index\n    }\n    failureReason {\n      code\n      message\n    }\n    whyWaiting {\n      kind\n      message\n    }\n  }\n"): (typeof documents)["\n  fragment ProcessHead on Process {\n    id\n    version\n    workflowName\n    subject\n    status\n    startedAt\n    endedAt\n    note\n    availableActions\n    createdBy {\n      name\n    }\n    currentStep {\n      index\n    }\n    failureReason {\n      code\n      message\n    }\n    whyWaiting {\n      kind\n      message\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment StepPart on ProcessStep {\n    id\n    index\n    name\n    kind\n    group\n    status\n    attempt\n    startedAt\n    completedAt\n    retryAt\n    executionCount\n    completedBy {\n      name\n    }\n    failureReason {\n      code\n      message\n    }\n  }\n"): (typeof documents)["\n  fragment StepPart on ProcessStep {\n    id\n    index\n    name\n    kind\n    group\n    status\n    attempt\n    startedAt\n    completedAt\n    retryAt\n    executionCount\n    completedBy {\n      name\n    }\n    failureReason {\n      code\n      message\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ProgressReport on CallbackProgress {\n    percent\n    message\n    reportedAt\n  }\n"): (typeof documents)["\n  fragment ProgressReport on CallbackProgress {\n    percent\n    message\n    reportedAt\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment CallbackPart on Callback {\n    id\n    name\n    status\n    round\n    source\n    service\n    externalId\n    tokenHint\n    issuedAt\n    expiresAt\n    heartbeatDueAt\n    receivedAt\n    isEarly\n    progress {\n      ...ProgressReport\n    }\n    resultBytes\n    isTruncated\n    validation {\n      outcome\n      message\n    }\n    failure {\n      code\n      message\n    }\n  }\n"): (typeof documents)["\n  fragment CallbackPart on Callback {\n    id\n    name\n    status\n    round\n    source\n    service\n    externalId\n    tokenHint\n    issuedAt\n    expiresAt\n    heartbeatDueAt\n    receivedAt\n    isEarly\n    progress {\n      ...ProgressReport\n    }\n    resultBytes\n    isTruncated\n    validation {\n      outcome\n      message\n    }\n    failure {\n      code\n      message\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment RequestPart on InputRequest {\n    id\n    version\n    status\n  }\n"): (typeof documents)["\n  fragment RequestPart on InputRequest {\n    id\n    version\n    status\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ProcessWhole($id: ID!) {\n    process(id: $id) {\n      ...ProcessHead\n      steps {\n        ...StepPart\n        callbacks {\n          ...CallbackPart\n        }\n        inputRequests {\n          ...RequestPart\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query ProcessWhole($id: ID!) {\n    process(id: $id) {\n      ...ProcessHead\n      steps {\n        ...StepPart\n        callbacks {\n          ...CallbackPart\n        }\n        inputRequests {\n          ...RequestPart\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ProcessChanges($id: ID!, $after: String!) {\n    process(id: $id) {\n      ...ProcessHead\n      changes(after: $after) {\n        cursor\n        hasMore\n        reset\n        stepCount\n        events {\n          ... on CallbackProgressedEvent {\n            callbackId\n            progress {\n              ...ProgressReport\n            }\n          }\n        }\n        steps {\n          ...StepPart\n        }\n        callbacks {\n          ...CallbackPart\n          step {\n            index\n          }\n        }\n        inputRequests {\n          ...RequestPart\n          step {\n            index\n          }\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query ProcessChanges($id: ID!, $after: String!) {\n    process(id: $id) {\n      ...ProcessHead\n      changes(after: $after) {\n        cursor\n        hasMore\n        reset\n        stepCount\n        events {\n          ... on CallbackProgressedEvent {\n            callbackId\n            progress {\n              ...ProgressReport\n            }\n          }\n        }\n        steps {\n          ...StepPart\n        }\n        callbacks {\n          ...CallbackPart\n          step {\n            index\n          }\n        }\n        inputRequests {\n          ...RequestPart\n          step {\n            index\n          }\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ProcessProducts($id: ID!) {\n    process(id: $id) {\n      productSubscriptions {\n        id\n        description\n        status\n        product {\n          name\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query ProcessProducts($id: ID!) {\n    process(id: $id) {\n      productSubscriptions {\n        id\n        description\n        status\n        product {\n          name\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment WholeFailure on Failure {\n    code\n    message\n    details\n    traceback\n    occurredAt\n  }\n"): (typeof documents)["\n  fragment WholeFailure on Failure {\n    code\n    message\n    details\n    traceback\n    occurredAt\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ProcessFailure($id: ID!) {\n    process(id: $id) {\n      failure {\n        ...WholeFailure\n      }\n    }\n  }\n"): (typeof documents)["\n  query ProcessFailure($id: ID!) {\n    process(id: $id) {\n      failure {\n        ...WholeFailure\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query StepFailure($id: ID!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        failure {\n          ...WholeFailure\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query StepFailure($id: ID!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        failure {\n          ...WholeFailure\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query StepExecutions($id: ID!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        executionCount\n        executions {\n          number\n          status\n          attempt\n          enteredBy\n          startedAt\n          completedAt\n          durationSeconds\n          completedBy {\n            name\n          }\n          failure {\n            code\n            message\n          }\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query StepExecutions($id: ID!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        executionCount\n        executions {\n          number\n          status\n          attempt\n          enteredBy\n          startedAt\n          completedAt\n          durationSeconds\n          completedBy {\n            name\n          }\n          failure {\n            code\n            message\n          }\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query StepState($id: ID!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        stateBefore\n        stateDelta\n      }\n    }\n  }\n"): (typeof documents)["\n  query StepState($id: ID!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        stateBefore\n        stateDelta\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query StepStateSize($id: ID!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        stateDeltaBytes\n      }\n    }\n  }\n"): (typeof documents)["\n  query StepStateSize($id: ID!) {\n    node(id: $id) {\n      ... on ProcessStep {\n        stateDeltaBytes\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CallbackResult($id: ID!) {\n    node(id: $id) {\n      ... on Callback {\n        result\n        resultPreview\n        resultBytes\n        isTruncated\n      }\n    }\n  }\n"): (typeof documents)["\n  query CallbackResult($id: ID!) {\n    node(id: $id) {\n      ... on Callback {\n        result\n        resultPreview\n        resultBytes\n        isTruncated\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Deliveries($id: ID!) {\n    node(id: $id) {\n      ... on Callback {\n        validation {\n          details\n        }\n        attempts(last: 20) {\n          totalCount\n          nodes {\n            ...Delivery\n            bodyPreview\n          }\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query Deliveries($id: ID!) {\n    node(id: $id) {\n      ... on Callback {\n        validation {\n          details\n        }\n        attempts(last: 20) {\n          totalCount\n          nodes {\n            ...Delivery\n            bodyPreview\n          }\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Delivery on CallbackAttempt {\n    id\n    at\n    peer\n    outcome\n    bytes\n    error\n    isFailureReport\n    isAdoptable\n    replaced\n  }\n"): (typeof documents)["\n  fragment Delivery on CallbackAttempt {\n    id\n    at\n    peer\n    outcome\n    bytes\n    error\n    isFailureReport\n    isAdoptable\n    replaced\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query LateAnswers($ids: [ID!]!) {\n    nodes(ids: $ids) {\n      ... on Callback {\n        id\n        name\n        attempts(last: 20) {\n          nodes {\n            ...Delivery\n          }\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query LateAnswers($ids: [ID!]!) {\n    nodes(ids: $ids) {\n      ... on Callback {\n        id\n        name\n        attempts(last: 20) {\n          nodes {\n            ...Delivery\n          }\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ProcessNote($id: ID!) {\n    process(id: $id) {\n      version\n      note\n    }\n  }\n"): (typeof documents)["\n  query ProcessNote($id: ID!) {\n    process(id: $id) {\n      version\n      note\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ProcessRefusal on UserError {\n    code\n    message\n    ... on ConflictError {\n      at\n      by {\n        name\n      }\n    }\n    ... on PayloadInvalidError {\n      errors {\n        message\n      }\n    }\n  }\n"): (typeof documents)["\n  fragment ProcessRefusal on UserError {\n    code\n    message\n    ... on ConflictError {\n      at\n      by {\n        name\n      }\n    }\n    ... on PayloadInvalidError {\n      errors {\n        message\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RetryProcess($input: RetryProcessInput!) {\n    done: retryProcess(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n"): (typeof documents)["\n  mutation RetryProcess($input: RetryProcessInput!) {\n    done: retryProcess(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation AbortProcess($input: AbortProcessInput!) {\n    done: abortProcess(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n"): (typeof documents)["\n  mutation AbortProcess($input: AbortProcessInput!) {\n    done: abortProcess(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation EditNote($input: UpdateProcessNoteInput!) {\n    done: updateProcessNote(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n"): (typeof documents)["\n  mutation EditNote($input: UpdateProcessNoteInput!) {\n    done: updateProcessNote(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ReawaitCallback($input: ReawaitCallbackInput!) {\n    done: reawaitCallback(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n"): (typeof documents)["\n  mutation ReawaitCallback($input: ReawaitCallbackInput!) {\n    done: reawaitCallback(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ReissueCallback($input: ReissueCallbackInput!) {\n    done: reissueCallback(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n"): (typeof documents)["\n  mutation ReissueCallback($input: ReissueCallbackInput!) {\n    done: reissueCallback(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CompleteCallback($input: CompleteCallbackInput!) {\n    done: completeCallback(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n"): (typeof documents)["\n  mutation CompleteCallback($input: CompleteCallbackInput!) {\n    done: completeCallback(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation AdoptCallbackAttempt($input: AdoptCallbackAttemptInput!) {\n    done: adoptCallbackAttempt(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n"): (typeof documents)["\n  mutation AdoptCallbackAttempt($input: AdoptCallbackAttemptInput!) {\n    done: adoptCallbackAttempt(input: $input) {\n      __typename\n      ...ProcessRefusal\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ProcessRow on Process {\n    id\n    version\n    workflowName\n    status\n    startedAt\n    endedAt\n    durationSeconds\n    currentStep {\n      name\n    }\n    createdBy {\n      name\n    }\n    failure {\n      code\n      message\n    }\n  }\n"): (typeof documents)["\n  fragment ProcessRow on Process {\n    id\n    version\n    workflowName\n    status\n    startedAt\n    endedAt\n    durationSeconds\n    currentStep {\n      name\n    }\n    createdBy {\n      name\n    }\n    failure {\n      code\n      message\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Processes($first: Int!, $after: String, $filter: ProcessFilter) {\n    processes(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...ProcessRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"): (typeof documents)["\n  query Processes($first: Int!, $after: String, $filter: ProcessFilter) {\n    processes(first: $first, after: $after, filter: $filter) {\n      nodes {\n        ...ProcessRow\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Stats {\n    stats {\n      processesByStatus {\n        status\n        count\n      }\n      engine {\n        state\n        reason\n        changedBy {\n          name\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query Stats {\n    stats {\n      processesByStatus {\n        status\n        count\n      }\n      engine {\n        state\n        reason\n        changedBy {\n          name\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Viewer {\n    viewer {\n      user {\n        id\n        name\n      }\n      assignees {\n        key\n        name\n      }\n      permissions\n      openInputRequests(first: 1) {\n        totalCount\n      }\n    }\n  }\n"): (typeof documents)["\n  query Viewer {\n    viewer {\n      user {\n        id\n        name\n      }\n      assignees {\n        key\n        name\n      }\n      permissions\n      openInputRequests(first: 1) {\n        totalCount\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription ProcessEvents($after: String) {\n    processEvents(after: $after) {\n      cursor\n      caughtUp\n      reset\n      events {\n        __typename\n        processId\n        ... on CallbackEvent {\n          callbackId\n        }\n        ... on ProductSubscriptionChangedEvent {\n          productSubscriptionId\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription ProcessEvents($after: String) {\n    processEvents(after: $after) {\n      cursor\n      caughtUp\n      reset\n      events {\n        __typename\n        processId\n        ... on CallbackEvent {\n          callbackId\n        }\n        ... on ProductSubscriptionChangedEvent {\n          productSubscriptionId\n        }\n      }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;