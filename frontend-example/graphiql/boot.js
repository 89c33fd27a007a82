/** GraphiQL on this server: queries over POST, subscriptions over WebSocket, and a few things worth trying. */
(() => {
  const { React, ReactDOM, GraphiQL } = window;

  const examples = [
    {
      query: `# What can be started? Press play (or Ctrl-Enter), then look at the other tabs.
query Workflows {
  workflows {
    nodes {
      name
      description
      target
      isStartable
      steps { name kind group }
    }
  }
}`,
    },
    {
      query: `# Leave this running in its tab: every change of every process arrives here by itself.
# To resume after a break, give the last cursor as "after".
subscription ProcessEvents($after: String) {
  processEvents(after: $after) {
    cursor
    caughtUp
    reset
    events {
      __typename
      occurredAt
      process { id workflowName status }
      ... on StepChangedEvent { stepName toStepStatus }
      ... on CallbackProgressedEvent { progress { percent message } }
      ... on CallbackReceivedEvent { result }
      ... on InputRequestedEvent { inputRequestId }
    }
  }
}`,
      variables: '{\n  "after": null\n}',
    },
    {
      query: `# The same idempotencyKey again returns the process that was started first.
mutation StartWorkflow($input: StartWorkflowInput!) {
  startWorkflow(input: $input) {
    __typename
    ... on StartWorkflowSuccess { created process { id status } }
    ... on FormIncomplete { nextPage { title schema initialData } }
    ... on FormInvalid { message errors { pointer message } }
    ... on UserError { code message }
  }
}`,
      variables: '{\n  "input": {\n    "workflowName": "",\n    "pages": []\n  }\n}',
    },
    {
      query: `# For remote services: the one result of a job. The token is the credential and the end of the callback URL.
mutation ReceiveCallback($input: ReceiveCallbackInput!) {
  receiveCallback(input: $input) {
    __typename
    ... on ReceiveCallbackSuccess { receipt duplicate }
    ... on PayloadInvalidError { errors { pointer message } }
    ... on UserError { code message }
  }
}`,
      variables: '{\n  "input": {\n    "token": "",\n    "result": { "status": "done", "return_code": 0 }\n  }\n}',
    },
    {
      query: `# What waits for a person? Take an id from here to the next tab.
query OpenInputRequests {
  inputRequests {
    nodes {
      id
      version
      title
      assignee { name }
      process { id workflowName }
      form { ... on FormPage { title schema initialData digest } }
    }
  }
}`,
    },
    {
      query: `# Answer it: one object for each page, empty where the page only asks for a yes.
mutation SubmitForm($input: SubmitFormInput!) {
  submitForm(input: $input) {
    __typename
    ... on SubmitFormSuccess { process { id status } }
    ... on FormIncomplete { nextPage { title schema initialData digest } }
    ... on FormInvalid { message errors { pointer message } }
    ... on UserError { code message }
    ... on ConflictError { by { name } at }
  }
}`,
      variables: '{\n  "input": {\n    "inputRequestId": "",\n    "pages": [{}]\n  }\n}',
    },
  ];

  const socket = new URL("graphql", document.baseURI.replace(/^http/, "ws")).href;
  const fetcher = GraphiQL.createFetcher({
    url: "graphql",
    subscriptionUrl: socket,
    enableIncrementalDelivery: false,
  });

  ReactDOM.createRoot(document.getElementById("graphiql")).render(
    React.createElement(GraphiQL, {
      fetcher,
      defaultTabs: examples,
      defaultEditorToolsVisibility: true,
      shouldPersistHeaders: false,
    }),
  );
})();
