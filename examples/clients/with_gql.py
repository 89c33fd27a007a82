"""Start a workflow, watch it, confirm its result: with gql (``pip install 'gql[httpx,websockets]'``)."""

import asyncio
import os
from contextlib import aclosing

from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

SERVER = os.environ.get("ORCHESTRATOR_URL", "http://127.0.0.1:8000")
TOKEN = os.environ.get("ORCHESTRATOR_TOKEN")
HEADERS = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}

START = """mutation($input: StartWorkflowInput!) { startWorkflow(input: $input) { __typename
  ... on StartWorkflowSuccess { process { id } }
  ... on FormInvalid { errors { path message } }
  ... on UserError { code message } } }"""
WATCH = """subscription { processEvents { events { __typename processId
  ... on StepChangedEvent { stepName toStepStatus }
  ... on ProcessStatusChangedEvent { toProcessStatus } } } }"""
FORM = """query($id: ID!) { process(id: $id) { openInputRequest { id version title
  form { ... on FormPage { schema initialData digest } } } } }"""
CONFIRM = """mutation($input: SubmitFormInput!) { submitForm(input: $input) { __typename
  ... on FormInvalid { errors { path message } }
  ... on UserError { code message } } }"""


async def main() -> int:
    """Subscribe first and start then, so that no event is missed."""
    socket = WebsocketsTransport(url=f"{SERVER.replace('http', 'ws', 1)}/graphql", init_payload=HEADERS)
    async with (
        Client(transport=HTTPXAsyncTransport(url=f"{SERVER}/graphql", headers=HEADERS)) as http,
        Client(transport=socket) as events,
        aclosing(events.subscribe(GraphQLRequest(WATCH))) as stream,
    ):
        await anext(stream)  # the first batch comes at once
        order = {"workflowName": "configure_node", "pages": [{"node": "ams-1"}]}
        answer = await http.execute(GraphQLRequest(START, variable_values={"input": order}))
        if answer["startWorkflow"]["__typename"] != "StartWorkflowSuccess":
            raise SystemExit(f"not started: {answer['startWorkflow']}")
        id = answer["startWorkflow"]["process"]["id"]
        async for batch in stream:
            for event in batch["processEvents"]["events"]:
                if event["processId"] != id:
                    continue
                print(*(value for key, value in event.items() if key != "processId"), flush=True)
                status = event.get("toProcessStatus")
                if status == "SUSPENDED":
                    await confirm(http, id)
                elif status in ("COMPLETED", "FAILED", "ABORTED"):
                    return 0 if status == "COMPLETED" else 1
    return 1


async def confirm(http: AsyncClientSession, id: str) -> None:
    """Show the open form, and confirm it as it is."""
    found = await http.execute(GraphQLRequest(FORM, variable_values={"id": id}))
    request = found["process"]["openInputRequest"]
    if request is None:
        return  # somebody else was faster
    print(request["title"], request["form"]["initialData"])
    answers = {
        "inputRequestId": request["id"],
        "pages": [{}],  # only what the person changed
        "expectedVersion": request["version"],
        "shownDigest": request["form"]["digest"],
    }
    sent = await http.execute(GraphQLRequest(CONFIRM, variable_values={"input": answers}))
    print("confirmed:", sent["submitForm"]["__typename"])


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
