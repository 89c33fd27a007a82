"""`products check` and `products migrate`: what they print, their exit codes, and a kill at any moment."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from signal import SIGKILL
from subprocess import DEVNULL
from time import sleep
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, func, insert, select
from support.aged_products import FILE, node, older, port, rewrite, write
from support.command_line import orchestrator, serving, started
from support.database import PostgresServer, sqlite_url

from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.tables import audit, product_subscription_locks, product_subscriptions
from orchestrator_gql.storage.tables import product_subscription_versions as versions

WITH = ("--workflows", FILE)
PROCESS = UUID(int=7)

OTHER_RELEASE = """
from orchestrator_gql import begin
from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, migration, register_product
from orchestrator_gql.workflow import workflow


class OtherBlock(ProductBlockModel, product_block_name="Aged node"):
    node_name: str


class Other(SubscriptionModel, is_base=True):
    node: OtherBlock


register_product(name="Aged node", model=Other, version={version})
{more}


@workflow("Nothing")
def nothing():
    return begin
"""


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated database."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path)
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.database() as of_server:
            yield of_server


def done(url: str, unit: Callable[[Connection], Any]) -> Any:
    """The result of the unit, in a transaction."""

    async def run() -> Any:
        database = connect(url)
        await database.open()
        try:
            return await database.transaction(unit)
        finally:
            await database.close()

    return asyncio.run(run())


def aged(conn: Connection) -> list[UUID]:
    """Two nodes of the first version, and a port of the first version on the first of them."""
    owner = node("ams1")
    return [write(conn, owner, 1), write(conn, node("ams2"), 1), write(conn, port("xe-0", owner), 1)]


def lines(text: str) -> list[dict[str, Any]]:
    """The lines of JSON."""
    return [json.loads(line) for line in text.splitlines()]


def test_check_names_what_cannot_be_loaded(url: str, tmp_path: Path) -> None:
    good, bad, user = done(url, aged)

    def spoil(conn: Connection) -> None:
        query = select(product_subscriptions.c.model).where(product_subscriptions.c.id == bad)
        document = conn.execute(query).scalar_one()
        rewrite(conn, bad, {**document, "node": {**document["node"], "speed_gbit": 0}})

    clean = orchestrator(tmp_path, "products", "check", *WITH, "--database", url)
    done(url, spoil)
    before = done(url, lambda conn: conn.execute(select(versions.c.model)).scalars().all())
    found = orchestrator(tmp_path, "products", "check", *WITH, "--database", url)
    of_ports = orchestrator(tmp_path, "products", "check", *WITH, "--product", "Aged port", "--database", url)
    as_json = orchestrator(tmp_path, "products", "check", *WITH, "--json", "--database", url)

    assert clean.returncode == 0, clean.stderr
    assert "1  Aged port: of an older version; `orchestrator-gql products migrate` rewrites them" in clean.stdout
    assert "3 product subscriptions read, all can be loaded. Only the documents of today were read" in clean.stdout
    assert found.returncode == 1, found.stderr
    assert (
        f"Aged node {bad}, active, version 1, stored with version 1 of the product\n  model-invalid\n" in found.stdout
    )
    assert (
        "  node.speed_mbit: Input should be greater than or equal to 1000\n  It was stored by another" in found.stdout
    )
    assert "         1  Aged node: model-invalid\n" in found.stdout
    assert (of_ports.returncode, "1 product subscription read" in of_ports.stdout) == (0, True)
    assert as_json.returncode == 1
    finding, summary = lines(as_json.stdout)
    assert (finding["productSubscriptionId"], finding["status"], finding["modelVersion"]) == (str(bad), "active", 1)
    assert [fault["path"] for fault in finding["faults"]] == ["node.speed_mbit"]
    assert summary == {
        "read": 3,
        "unloadable": 1,
        "counts": [{"product": "Aged node", "code": "model-invalid", "productSubscriptions": 1}],
        "older": {"Aged node": 2, "Aged port": 1},
    }
    assert done(url, lambda conn: conn.execute(select(versions.c.model)).scalars().all()) == before
    assert good != user


def test_check_names_products_that_are_gone_and_releases_that_are_newer(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    done(url, lambda conn: [*aged(conn), write(conn, node("ams3"), 3)])
    (tmp_path / "other.py").write_text(OTHER_RELEASE.format(version=1, more=""))

    found = orchestrator(tmp_path, "products", "check", "--workflows", "other.py", "--json", "--database", url)

    assert found.returncode == 1, found.stderr
    assert {line["code"] for line in lines(found.stdout)[:-1]} == {"model-invalid", "product-unknown", "document-newer"}
    assert lines(found.stdout)[-1]["unloadable"] == 4


def test_check_and_a_plan_work_beside_a_server_and_a_migration_of_its_file_is_refused(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    done(url, aged)
    with serving(tmp_path):
        checked = orchestrator(tmp_path, "products", "check", *WITH)
        planned = orchestrator(tmp_path, "products", "migrate", *WITH)
        refused = orchestrator(tmp_path, "products", "migrate", *WITH, "--write")

    assert (checked.returncode, planned.returncode, refused.returncode) == (0, 0, 2), planned.stderr
    assert "Another server" in refused.stderr and "migrate what they load and change" in refused.stderr


def test_a_migration_is_shown_first_and_then_done(url: str, tmp_path: Path) -> None:
    ids = done(url, aged)

    planned = orchestrator(tmp_path, "products", "migrate", *WITH, "--database", url)
    as_json = orchestrator(tmp_path, "products", "migrate", *WITH, "--json", "--database", url)
    untouched = done(url, lambda conn: conn.execute(select(product_subscriptions.c.version)).scalars().all())
    written = orchestrator(tmp_path, "products", "migrate", *WITH, "--write", "--json", "--database", url)
    again = orchestrator(tmp_path, "products", "migrate", *WITH, "--write", "--database", url)
    checked = orchestrator(tmp_path, "products", "check", *WITH, "--json", "--database", url)

    assert planned.returncode == 0, planned.stderr
    assert f"Aged port {ids[2]}, active, version 1, stored with version 1 of the product\n" in planned.stdout
    assert '  port.label: (new) "XE-0"\n' in planned.stdout
    assert "  node.speed_mbit: (new) 10000\n" in planned.stdout
    assert "         2  Aged node: from version 1 to 3\n" in planned.stdout
    assert planned.stdout.endswith("3 product subscriptions would be migrated. Nothing was written; --write does it.\n")
    assert [line["changes"] for line in lines(as_json.stdout) if line.get("product") == "Aged port"] == [
        [
            {"path": "product.version", "change": "added", "old": None, "new": 2},
            {"path": "port.label", "change": "added", "old": None, "new": "XE-0"},
        ]
    ]
    assert set(untouched) == {1}
    assert written.returncode == 0, written.stderr
    assert lines(written.stdout) == [
        {
            "written": True,
            "read": 3,
            "counts": [
                {"product": "Aged node", "from": 1, "to": 3, "productSubscriptions": 2},
                {"product": "Aged port", "from": 1, "to": 2, "productSubscriptions": 1},
            ],
            "refused": 0,
            "held": 0,
            "changed": 0,
        }
    ]
    assert (again.returncode, again.stdout) == (0, "0 product subscriptions migrated.\n")
    assert lines(checked.stdout) == [{"read": 3, "unloadable": 0, "counts": [], "older": {}}]
    methods = done(url, lambda conn: conn.execute(select(audit.c.method)).scalars().all())
    assert methods == ["cli/database"] * 3


def test_nothing_is_written_if_a_result_would_be_refused(url: str, tmp_path: Path) -> None:
    good, bad, _ = done(url, aged)

    def spoil(conn: Connection) -> None:
        query = select(product_subscriptions.c.model).where(product_subscriptions.c.id == bad)
        rewrite(conn, bad, {**conn.execute(query).scalar_one(), "node": None})

    done(url, spoil)
    planned = orchestrator(tmp_path, "products", "migrate", *WITH, "--database", url)
    refused = orchestrator(tmp_path, "products", "migrate", *WITH, "--write", "--database", url)

    for each in (planned, refused):
        assert each.stdout.endswith("Nothing was written: correct what is refused first.\n"), each.stdout
    assert refused.returncode == 1, refused.stderr
    assert f"Aged node {bad}, active" in refused.stdout and "  migration-failed\n" in refused.stdout
    assert str(good) not in refused.stdout
    assert "         1  stay: refused\nNothing was written: correct what is refused first.\n" in refused.stdout
    assert set(done(url, lambda conn: conn.execute(select(product_subscriptions.c.version)).scalars().all())) == {1}


def test_a_held_subscription_stays_and_the_exit_code_says_so(url: str, tmp_path: Path) -> None:
    ids = done(url, aged)
    held = {"subscription_id": ids[0], "locked_by": PROCESS}
    done(url, lambda conn: conn.execute(insert(product_subscription_locks), held))

    written = orchestrator(tmp_path, "products", "migrate", *WITH, "--write", "--database", url)
    as_json = orchestrator(tmp_path, "products", "migrate", *WITH, "--write", "--json", "--database", url)
    planned = orchestrator(tmp_path, "products", "migrate", *WITH, "--database", url)

    assert planned.stdout.endswith("         1  stay: held\nNothing can be migrated now.\n"), planned.stdout
    assert written.returncode == as_json.returncode == 1, written.stderr
    assert f"Aged node {ids[0]}" in written.stdout and f"process {PROCESS} holds it" in written.stdout
    assert "2 product subscriptions migrated.\n" in written.stdout
    assert [line.get("heldBy") for line in lines(as_json.stdout)] == [str(PROCESS), None]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("check",), "needs --workflows"),
        (("check", "--workflows", "none.py"), "There is no file 'none.py'"),
        (("migrate", "--workflows", FILE, "--product", "Aged nod"), "no product 'Aged nod'. Did you mean 'Aged node'?"),
        (
            ("check", "--workflows", FILE, "--database", "sqlite+aiosqlite:///none.db"),
            "There is no database 'none.db'.",
        ),
        (("migrate", "--workflows", "typing_error.py"), "names the product 'Aged nod'"),
        (("migrate", "--workflows", "too_new.py"), "takes version 1 of 'Aged node', but the product is at version 1"),
        (("checking",), "The server cannot be reached"),
        (("check", "--workflow", FILE), "needs --workflows: did you mean that by --workflow?"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, arguments: Sequence[str], message: str) -> None:
    url = sqlite_url(tmp_path)
    done(url, aged)
    for name, product in (("typing_error", "Aged nod"), ("too_new", "Aged node")):
        more = f"migration({product!r}, from_version=1)(lambda document: document)"
        (tmp_path / f"{name}.py").write_text(OTHER_RELEASE.format(version=1, more=more))

    refused = orchestrator(tmp_path, "products", *arguments, ORCHESTRATOR_URL="http://127.0.0.1:1")

    assert (refused.returncode, refused.stdout) == (2, ""), refused.stderr
    assert message in refused.stderr and "Traceback" not in refused.stderr
    assert not (tmp_path / "none.db").exists()


def test_a_killed_migration_leaves_whole_documents_and_the_next_run_goes_on(url: str, tmp_path: Path) -> None:
    nodes = [node(f"ams{number}") for number in range(300)]
    for start in range(0, len(nodes), 20):  # a transaction has a time limit
        done(url, partial(write_all, models=nodes[start : start + 20]))
    arguments = ("products", "migrate", *WITH, "--write", "--database", url)
    counts = [0]

    for _ in range(3):
        with started(arguments, {}, cwd=tmp_path, stdout=DEVNULL, stderr=DEVNULL) as process:
            while process.poll() is None and migrated(url, tmp_path) <= counts[-1]:
                sleep(0.01)
            process.send_signal(SIGKILL)
            process.wait()
        counts.append(migrated(url, tmp_path))
    ended = orchestrator(tmp_path, *arguments)

    assert ended.returncode == 0, ended.stderr
    assert 0 < counts[1] <= counts[2] <= counts[3] <= 300
    documents = done(url, lambda conn: conn.execute(select(product_subscriptions.c.model)).scalars().all())
    by_id = {document["subscription_id"]: document for document in documents}
    for model in nodes:
        assert {**by_id[str(model.subscription_id)], "version": 1} == model.dump()
    numbers = done(url, lambda conn: conn.execute(select(func.count()).select_from(versions)).scalar_one())
    entries = done(url, lambda conn: conn.execute(select(func.count()).select_from(audit)).scalar_one())
    assert (numbers, entries) == (600, 300)  # each was migrated once
    assert older(nodes[0].dump(), 1)["product"] != by_id[str(nodes[0].subscription_id)]["product"]


def write_all(conn: Connection, models: Sequence[Any]) -> None:
    """Store the nodes, as the classes of the first version did."""
    for model in models:
        write(conn, model, 1)


def migrated(url: str, folder: Path) -> int:
    """The number of the migrated nodes, read beside the command."""
    query = "SELECT count(*) FROM product_subscription_versions WHERE version = 2"
    if url.startswith("sqlite"):
        conn = sqlite3.connect(f"file:{folder / 'orchestrator.db'}?mode=ro", uri=True)
        try:
            return int(conn.execute(query).fetchone()[0])
        finally:
            conn.close()
    import psycopg

    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as on_server:
        row = on_server.execute(query.encode()).fetchone()
        return 0 if row is None else int(row[0])
