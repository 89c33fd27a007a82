"""An index of some of the rows has its condition on both dialects, although no dialect is imported for it."""

import subprocess
import sys

import pytest
from sqlalchemy import ClauseElement, create_mock_engine

from orchestrator_gql.storage.tables import metadata

PARTIAL = {index.name for table in metadata.tables.values() for index in table.indexes if "where" in index.info}


@pytest.mark.parametrize("url", ["sqlite://", "postgresql+psycopg://"])
def test_a_created_index_has_its_condition(url: str) -> None:
    created = list[str]()

    def note(statement: ClauseElement, *_: object, **__: object) -> None:
        created.append(str(statement.compile(dialect=engine.dialect)))

    engine = create_mock_engine(url, note)
    metadata.create_all(engine, checkfirst=False)

    conditions = {text.split(" ON ")[0].split()[-1] for text in created if " INDEX " in text and " WHERE " in text}
    assert len(PARTIAL) > 10
    assert conditions >= PARTIAL


def test_the_tables_do_not_import_the_dialect_of_postgresql() -> None:
    code = "import sys, orchestrator_gql.storage.tables\nprint(*sys.modules, sep=chr(10))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    names = set(done.stdout.split())
    assert "orchestrator_gql.storage.tables.naming" in names
    assert "sqlalchemy.dialects.postgresql" not in names
