"""The subject of a process at its start: by the author's title, its product subscription, or its first answers."""

from orchestrator_gql.forms import Complete
from orchestrator_gql.process.subject import subject_by_answers, subject_by_text, subject_by_title
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage.product_subscriptions import StartFacts
from orchestrator_gql.types import Json
from orchestrator_gql.workflow.model import Workflow

CHOSEN = ("subscription_id", "product")
"""Answers that are ids: the subject names their objects instead."""


def subject_at_start(runtime: Runtime, workflow: Workflow, turn: Complete, facts: StartFacts | None) -> str:
    """The subject, without the secrets of the form; ``facts`` are of the product subscription, if there is one."""
    subject = ""
    if workflow.title is not None:
        subject = subject_by_title(workflow.title, _values(turn, facts), runtime.redact)
    elif facts is not None:
        subject = subject_by_text([facts.description], runtime.redact)
    if not subject:
        product = turn.data.get("product_name")
        pages = turn.page_secrets.shown(list(turn.pages))
        answers = subject_by_answers(pages, runtime.redact, ignored=CHOSEN)
        texts = [product if isinstance(product, str) else "", answers]
        subject = ", ".join(text for text in texts if text)
    known: str = turn.page_secrets.also(turn.secrets).text(subject)
    return subject_by_text([known, workflow.description, workflow.name], runtime.redact)


def _values(turn: Complete, facts: StartFacts | None) -> dict[str, Json]:
    """The values that a title can name, with masks: answers, and before them the data that the form returned."""
    values: dict[str, Json] = {}
    for page in turn.page_secrets.shown(list(turn.pages)):
        values |= page
    values |= turn.secrets.shown(turn.data)
    if facts is not None:
        values["subscription"] = {
            "id": str(facts.id),
            "description": facts.description,
            "customer_id": facts.customer_id,
            "product": facts.product_name,
        }
    return values
