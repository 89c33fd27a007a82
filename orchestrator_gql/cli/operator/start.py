"""`orchestrator-gql start`: show and fill in the start form of a workflow, and start a process."""

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass
from functools import partial
from typing import Any

from orchestrator_gql.cli.client import VerbRefused
from orchestrator_gql.cli.credentials import hint
from orchestrator_gql.cli.nearest import did_you_mean
from orchestrator_gql.cli.operator import forms, subscriptions
from orchestrator_gql.cli.operator.dialogue import Dialogue, as_values, parse_fields, parse_pages
from orchestrator_gql.cli.operator.known import workflow_names
from orchestrator_gql.cli.operator.requests import PAGE
from orchestrator_gql.cli.request import request
from orchestrator_gql.cli.terminal import printable

FORM = f"""\
query StartForm($name: String!, $pages: [JSON!]!) {{ startForm(workflowName: $name, pages: $pages) {{ __typename
  ... on FormPage {{ {PAGE} }}
  ... on FormInvalid {{ pageIndex errors {{ path pointer type message }} page {{ {PAGE} }} }}
  ... on ConflictError {{ conflictingProcess {{ id }} }}
  ... on UserError {{ code message }} }} }}
"""
START = f"""\
mutation Start($input: StartWorkflowInput!) {{ startWorkflow(input: $input) {{ __typename
  ... on StartWorkflowSuccess {{ created process {{ id status }} }}
  ... on FormIncomplete {{ nextPage {{ {PAGE} }} }}
  ... on FormInvalid {{ pageIndex errors {{ path pointer type message }} page {{ {PAGE} }} }}
  ... on ConflictError {{ by {{ name }} at conflictingProcess {{ id }} }}
  ... on UserError {{ code message }} }} }}
"""


def start(
    url: str,
    workflow: str,
    *,
    fields: Sequence[str],
    pages: str | None,
    key: str | None,
    is_agreed: bool,
    is_json: bool = False,
    is_last: bool = True,
) -> dict[str, Any]:
    """Show the start form page by page, ask, and start the workflow; print and return the process.

    With ``is_json`` the pages go to standard error, and standard output gets one line of JSON, if nothing
    follows (``is_last``). Raises `VerbRefused` if the server refuses, and `OperationRefused` if ``fields`` or
    ``pages`` cannot be read.
    """
    answers = parse_pages(pages) if pages is not None else [{}]
    texts = parse_fields(fields)
    answers = [*answers[:-1], {**answers[-1], **as_values(texts)}]
    with redirect_stdout(sys.stderr) if is_json else nullcontext():
        try:
            response = _Start(workflow, answers, is_agreed, texts, url, key).run()
        except forms.HungUp:
            raise VerbRefused("Nothing was started.") from None
    process = {**response["process"], "created": response["created"]}
    if is_json:
        if is_last:
            print(json.dumps(process))
        return process
    again = "" if response["created"] else ": an earlier start with this idempotency key, nothing new was started"
    print(printable(f"{process['id']} is {process['status']}{again}"), flush=True)
    return process


@dataclass(slots=True)
class _Start(Dialogue):
    """The dialogue about the start form of a workflow; the title is the workflow's name."""

    url: str
    key: str | None

    def run(self) -> dict[str, Any]:
        """Show the pages that are answered already, then go on as `Dialogue.run`."""
        for count, answer in enumerate(self.answers[:-1]):
            page = self._form_after(count)
            if page["__typename"] != "FormPage":  # the next turn raises the error
                break
            for line in forms.shown(self.title, page, answer):
                print(line)
        return Dialogue.run(self)

    def turn(self) -> dict[str, Any]:
        return self._form_after(len(self.answers) - 1)

    def submitted(self, digest: str | None) -> dict[str, Any]:
        answer = {"workflowName": self.title, "pages": self.answers, "idempotencyKey": self.key}
        response: dict[str, Any] = request(self.url, START, {"input": answer})["startWorkflow"]
        return response

    def choosers(self) -> Mapping[str, forms.Choose]:
        return {subscriptions.FORMAT: partial(subscriptions.choose, self.url)}

    def _form_after(self, count: int) -> dict[str, Any]:
        """The form after the first ``count`` pages."""
        variables = {"name": self.title, "pages": self.answers[:count]}
        form: dict[str, Any] = request(self.url, FORM, variables)["startForm"]
        if form["__typename"] == "NotFoundError":
            near = did_you_mean(self.title, workflow_names(self.url))
            raise VerbRefused(
                printable(f"{form['message']}{near} `{hint(self.url, 'workflows')}` lists the workflows.")
            )
        return form
