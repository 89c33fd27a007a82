"""`orchestrator-gql workflows`: list the workflows, or show the steps and the start form of one."""

import json
from typing import Any

from orchestrator_gql.cli.client import VerbRefused
from orchestrator_gql.cli.operator import forms
from orchestrator_gql.cli.operator.known import unknown_name, workflow_names
from orchestrator_gql.cli.operator.requests import PAGE
from orchestrator_gql.cli.request import all_nodes, request
from orchestrator_gql.cli.table import Table
from orchestrator_gql.cli.terminal import printable

LIST = """\
query Workflows($after: String) { workflows(first: 200, after: $after) {
  nodes { name target description isStartable blockedReason hasStartForm } pageInfo { hasNextPage endCursor } } }
"""
ONE = f"""\
query Workflow($name: String!) {{
  workflows(filter: {{names: [$name]}}, first: 1) {{ nodes {{ name target description isStartable blockedReason
    hasStartForm steps {{ name kind assignee {{ key name }} }} }} }}
  startForm(workflowName: $name, pages: []) {{ __typename
    ... on FormPage {{ {PAGE} }} ... on UserError {{ code message }} }} }}
"""


def list_workflows(url: str, *, is_json: bool = False) -> None:
    """Print each workflow with its target and its description."""
    rows = list(all_nodes(url, LIST, "workflows"))
    if is_json:
        for row in rows:
            print(json.dumps(row))
    elif rows:
        cells = [[row["name"], row["target"], _description(row)] for row in rows]
        Table(("NAME", "TARGET", "DESCRIPTION"), cells, wide=2).print()
    else:
        print("The server offers no workflow.")


def show_workflow(url: str, name: str, *, is_json: bool = False) -> None:
    """Print the workflow, the first page of its start form and its steps; raises `VerbRefused` if there is none."""
    response = request(url, ONE, {"name": name})
    if not response["workflows"]["nodes"]:
        raise VerbRefused(unknown_name("workflow", "workflows", name, workflow_names(url)))
    workflow, form = response["workflows"]["nodes"][0], response["startForm"]
    if is_json:
        print(json.dumps({**workflow, "startForm": form}))
        return
    for line in (f"{workflow['name']} ({workflow['target']}): {_description(workflow)}", *_form(form), "Steps"):
        print(printable(line))
    for number, step in enumerate(workflow["steps"], 1):
        team = f", for {step['assignee']['name']}" if step["assignee"] else ""
        print(printable(f"  {number:>3} {step['name']} ({step['kind'].lower().replace('_', ' ')}{team})"))


def _description(workflow: dict[str, Any]) -> str:
    blocked = f" [{workflow['blockedReason']}]" if workflow["blockedReason"] else ""
    return f"{workflow['description'] or 'no description'}{blocked}"


def _form(form: dict[str, Any]) -> list[str]:
    if form["__typename"] == "FormComplete":
        return ["Its start form asks nothing."]
    if form["__typename"] != "FormPage":
        return [f"Its start form cannot be shown: {form.get('message', form['__typename'])}"]
    lines = [f"Start form, page {form['index'] + 1}: {form['title']}"]
    for field in forms.described(form):
        lines.append(f"  {field}")
    return lines
