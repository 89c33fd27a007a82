"""The alerts and the dashboard are valid, and every metric that they or a page name is one that the server has."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from support.database import sqlite_url
from support.playbooks import of
from support.tree import ROOT
from support.web import site_of

from orchestrator_gql import step
from orchestrator_gql.types import AttemptOutcome, ProcessStatus

NAME = re.compile(r"\borchestrator_[a-z_]+[a-z]\b(?!/|\.[a-z])")
OTHERS = {"orchestrator_connection", "orchestrator_gql", "orchestrator_owner"}
FOREIGN = {"up", "node_filesystem_avail_bytes", "node_filesystem_size_bytes"}
"""Metrics of Prometheus itself, and of its node_exporter."""

HISTOGRAM_PARTS = ("_bucket", "_sum", "_count")
MONITOR = ROOT / "docs/howto/monitor.md"
ROWS = re.findall(
    r"^\| `(orchestrator_[a-z_]+)` \|(.*?)\| (.*)$", (ROOT / "docs/reference/metrics.md").read_text(), re.MULTILINE
)
LABELS = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels, _ in ROWS}
HISTOGRAMS = {name for name, _, text in ROWS if text.startswith("histogram")}
KNOWN = LABELS.keys() | {f"{name}{part}" for name in HISTOGRAMS for part in HISTOGRAM_PARTS}
PAGES = sorted(page for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")] if "decisions" not in page.parts)


def alerts() -> list[dict[str, Any]]:
    rules = yaml.safe_load((ROOT / "deploy/prometheus/orchestrator.rules.yml").read_text())
    return [rule for group in rules["groups"] for rule in group["rules"]]


def panels() -> dict[str, list[str]]:
    """The queries of the page by the name of their panel."""
    rows = re.findall(r"^\| ([^|`]+) \| (`.*`) \|$", MONITOR.read_text(), re.MULTILINE)
    return {name: re.findall(r"`([^`]+)`", queries) for name, queries in rows}


def test_every_metric_that_a_page_names_is_in_the_list() -> None:
    named = {str(page.relative_to(ROOT)): set(NAME.findall(page.read_text())) for page in PAGES}

    assert {page: names - KNOWN - OTHERS for page, names in named.items() if names - KNOWN - OTHERS} == {}


def test_the_alerts_have_a_summary_and_the_page_has_each_of_them() -> None:
    (scrape,) = (yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", MONITOR.read_text(), re.DOTALL))
    names = [rule["alert"] for rule in alerts()]

    assert scrape["scrape_configs"][0]["job_name"] == "orchestrator"
    assert names
    assert all(set(rule) <= {"alert", "expr", "for", "labels", "annotations"} for rule in alerts())
    assert all(rule["annotations"]["summary"] for rule in alerts())
    assert all(re.fullmatch(r"\d+[smhd]", rule.get("for", "1m")) for rule in alerts())
    assert len(set(names)) == len(names)
    assert set(re.findall(r"`(Orchestrator\w+)`", MONITOR.read_text())) == set(names)


def test_the_dashboard_for_grafana_has_the_panels_of_the_page() -> None:
    dashboard = json.loads((ROOT / "deploy/grafana/orchestrator.json").read_text())
    shown = {panel["title"]: [target["expr"] for target in panel["targets"]] for panel in dashboard["panels"]}

    assert shown == panels()
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(shown)


async def test_the_series_of_each_alert_is_there_before_anything_happened(tmp_path: Path) -> None:
    """The first failure of a series that begins with 1 is no increase for Prometheus."""

    @step("Fail")
    async def fail() -> None:
        raise ValueError

    failing = of(fail, name="fails")
    async with site_of(sqlite_url(tmp_path), failing) as site:
        before = (await site.http.get("/metrics")).text
        await site.engine.reaches(await site.engine.start(failing), ProcessStatus.FAILED)
        after = (await site.http.get("/metrics")).text

    for rule in alerts():
        for metric in NAME.findall(rule["expr"]):
            assert re.search(rf"^{metric}[ {{]", before, re.MULTILINE), f"{metric} of {rule['alert']} has no series"
    failed = 'orchestrator_processes_failed_total{workflow="fails"}'
    assert f"{failed} 0.0\n" in before
    assert f"{failed} 1.0\n" in after
    assert 'orchestrator_processes_ended_total{status="COMPLETED",workflow="fails"} 0.0\n' in before


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_an_alert_names_metrics_and_labels_of_the_list(rule: dict[str, Any]) -> None:
    metrics = re.findall(r"\b(?:orchestrator_\w+|node_\w+|up)\b", rule["expr"])
    named = re.findall(r"(\w+)[!=]~?\"", rule["expr"]) + re.findall(r"by \((\w+)\)", rule["expr"])

    assert metrics
    for metric in metrics:
        assert metric in KNOWN | FOREIGN
        assert set(named) <= LABELS.get(metric, {"job", "mountpoint"})
    assert rule["expr"].count("(") == rule["expr"].count(")")
    kept = re.findall(r"by \((\w+)\)", rule["expr"]) if not set(metrics) <= FOREIGN else ["instance"]
    assert set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])) <= set(kept)


def test_an_outcome_that_an_alert_leaves_out_is_one() -> None:
    (rule,) = (rule for rule in alerts() if rule["alert"] == "OrchestratorDeliveriesRefused")

    left_out = re.findall(r'outcome!~"(.*?)"', rule["expr"])[0].split("|")
    assert set(left_out) == {AttemptOutcome.ACCEPTED, AttemptOutcome.DUPLICATE}
