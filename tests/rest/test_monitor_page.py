"""The examples for Prometheus are valid, and every metric that a page or an alert names is one that the server has."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from support.tree import ROOT

NAME = re.compile(r"\borchestrator_[a-z_]+[a-z]\b(?!/|\.[a-z])")
OTHERS = {"orchestrator_connection", "orchestrator_gql", "orchestrator_owner"}
HISTOGRAM_PARTS = ("_bucket", "_sum", "_count")
MONITOR = ROOT / "docs/howto/monitor.md"
ROWS = re.findall(
    r"^\| `(orchestrator_[a-z_]+)` \|(.*?)\| (.*)$", (ROOT / "docs/reference/metrics.md").read_text(), re.MULTILINE
)
LABELS = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels, _ in ROWS}
HISTOGRAMS = {name for name, _, text in ROWS if text.startswith("histogram")}
KNOWN = LABELS.keys() | {f"{name}{part}" for name in HISTOGRAMS for part in HISTOGRAM_PARTS}
PAGES = sorted(page for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")] if "decisions" not in page.parts)


def documents() -> list[Any]:
    return [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", MONITOR.read_text(), re.DOTALL)]


def alerts() -> list[dict[str, Any]]:
    return [rule for document in documents() for group in document.get("groups", []) for rule in group["rules"]]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_metric_that_a_page_names_is_in_the_list(page: Path) -> None:
    assert set(NAME.findall(page.read_text())) - KNOWN - OTHERS == set()


def test_the_examples_have_a_target_and_alerts_with_a_summary() -> None:
    scrape, rules = documents()

    assert scrape["scrape_configs"][0]["static_configs"][0]["targets"] == ["127.0.0.1:8000"]
    assert set(rules) == {"groups"} and len(alerts()) >= 6
    assert all(set(rule) <= {"alert", "expr", "for", "labels", "annotations"} for rule in alerts())
    assert all(rule["annotations"]["summary"] for rule in alerts())
    assert all(re.fullmatch(r"\d+[smhd]", rule.get("for", "1m")) for rule in alerts())
    assert len({rule["alert"] for rule in alerts()}) == len(alerts())


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_an_alert_names_metrics_and_labels_of_the_list(rule: dict[str, Any]) -> None:
    (metric,) = NAME.findall(rule["expr"])
    named = re.findall(r"(\w+)=~?\"", rule["expr"]) + re.findall(r"by \((\w+)\)", rule["expr"])

    assert metric in KNOWN
    assert set(named) <= LABELS[metric]
    assert rule["expr"].count("(") == rule["expr"].count(")")
    kept = re.findall(r"by \((\w+)\)", rule["expr"])
    assert set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])) <= set(kept)
