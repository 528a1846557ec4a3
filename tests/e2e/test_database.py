"""Queries against a real PostgreSQL."""

from collections.abc import Iterator

import pytest

from slipstream.config.data import DataConfig
from slipstream.data.sources import database
from slipstream.data.sources.source import source_of
from slipstream.runtime import InputError
from tests.e2e.postgres import Postgres, find_binaries, running_postgres

BINARIES = find_binaries()
pytestmark = pytest.mark.skipif(BINARIES is None, reason="PostgreSQL is not installed")
ROWS = """
CREATE TABLE people AS SELECT
    i AS age, 'Oslo'::text AS city, (i / 3.0)::numeric(10, 2) AS spend,
    DATE '2026-01-01' + i AS day, gen_random_uuid() AS key,
    'ab'::bytea AS code, ARRAY[i, i] AS list, '{"a": 1}'::jsonb AS more
FROM generate_series(1, 40) AS i;
CREATE SEQUENCE numbers
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    assert BINARIES
    with running_postgres(BINARIES, "secret") as running:
        with running.connect() as connection:
            connection.execute(ROWS)
        yield running


@pytest.fixture
def url(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PG_PASS", server.password)
    return f"postgresql+psycopg://{server.user}:${{PG_PASS}}@127.0.0.1:{server.port}/postgres"


def read(url: str, query: str) -> dict[str, list]:
    return source_of(DataConfig(path=url, query=query)).read().table.to_pydict()


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("SELECT age FROM people WHERE city LIKE 'O%' AND age % 2 = 0", 20),
        ("SELECT age FROM people UNION ALL SELECT age FROM people", 80),
        ("(SELECT age FROM people) EXCEPT (SELECT 1)", 39),
        ("/* all; */ WITH p AS (SELECT age FROM people) -- %s\nSELECT age FROM p;", 40),
        ("VALUES (1), (2)", 2),
    ],
)
def test_queries_as_people_write_them(url: str, query: str, count: int) -> None:
    """Per cent signs, set operations, comments and values are the database's to read."""
    assert len(next(iter(read(url, query).values()))) == count


def test_types_as_databases_have_them(url: str) -> None:
    """Decimals and dates keep their types, bytes that are UTF-8 and keys are text."""
    raw = source_of(DataConfig(path=url, query="SELECT * FROM people")).read()
    kinds = {field.name: str(field.type) for field in raw.table.schema}
    assert kinds["spend"].startswith("decimal128")
    assert kinds["day"] == "date32[day]"
    assert kinds["code"] == "string"
    assert raw.notes == ("bytes that are UTF-8 are read as text: 'code' of data.query",)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT age INTO copy FROM people", "INTO"),
        ("WITH gone AS (DELETE FROM people RETURNING *) SELECT * FROM gone", "DELETE"),
        ("SELECT setval('numbers', 1)", "read-only"),
        ("SELECT age FROM people FOR UPDATE", "UPDATE"),
    ],
)
def test_nothing_is_written(url: str, query: str, expected: str) -> None:
    """What writes is refused by its words, or by the database."""
    with pytest.raises(InputError, match=expected):
        read(url, query)
    assert len(read(url, "SELECT age FROM people")["age"]) == 40


def test_a_query_that_takes_too_long_is_stopped(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database stops it at the limit, and the message says so."""
    monkeypatch.setattr(database, "QUERY_SECONDS", 0.2)
    with pytest.raises(InputError, match="must finish within 0.2 s"):
        read(url, "SELECT pg_sleep(60)")
