"""Tables from a database through SQLAlchemy, read-only."""

import os
import re
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy
import sqlparse
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlparse.tokens import CTE, DDL, DML, Comment

from slipstream.data.sources.raw_table import RawTable, settle_types
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import shorten

__all__ = ["read"]

QUERY_SECONDS = 1200.0  # a stage may take half an hour
SQLITE_STEPS = 10_000  # of its virtual machine, between two looks at the clock

_SELECTS = {"SELECT", "WITH", "VALUES"}
_DOING = (DML, DDL, CTE)
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SECRET_KEYS = ("password", "passwd", "pwd", "sslpassword", "passfile", "token", "odbc_connect")


def read(url: str, query: str) -> RawTable:
    """Run one SELECT in a transaction that is rolled back.

    Raises:
        InputError: the URL holds a password, the query is not a SELECT, the database refuses, or
            it takes longer than `QUERY_SECONDS`.
    """
    _check_query(query)
    engine = _engine(url)
    started = time.monotonic()
    try:
        with engine.connect() as connection:
            _limit(connection, started + QUERY_SECONDS)
            # Otherwise drivers take a % for the place of a parameter.
            plain = connection.execution_options(no_parameters=True)
            result = plain.exec_driver_sql(query.rstrip("; \t\r\n"))
            names, rows = list(result.keys()), result.fetchall()
            connection.rollback()
    except SQLAlchemyError as error:
        if time.monotonic() - started >= QUERY_SECONDS:
            raise InputError(
                f"data.query must finish within {QUERY_SECONDS:g} s, however: it did not; let the "
                "database prepare the table, or ask for fewer rows"
            ) from None
        cause = shorten(str(getattr(error, "orig", None) or error).splitlines()[0])
        raise InputError(
            f"data.query must run on {url}, however: {cause}; try it in the database's own client"
        ) from None
    finally:
        engine.dispose()
    if not rows:
        raise InputError("data.query must return rows, however: it returned none; widen it")
    table = pa.table([_column(cells) for cells in zip(*rows, strict=True)], names=names)
    return settle_types(table, "data.query")


def _column(cells: tuple[Any, ...]) -> pa.Array:
    """One column of a result; one of several types, as SQLite may return, becomes text."""
    try:
        return pa.array(cells)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return pa.array([None if cell is None else str(cell) for cell in cells])


def _check_query(query: str) -> None:
    """Check that there is one statement, and that it only selects."""
    statements = [each for each in sqlparse.parse(query) if str(each).strip(" \t\r\n;")]
    words = [_words(each) for each in statements]
    if len(words) == 1 and words[0] and words[0][0] in _SELECTS and not set(words[0]) - _SELECTS:
        return
    facts = [next((word for word in each if word not in _SELECTS), "SELECT") for each in words]
    raise InputError(
        "data.query must be one SELECT, because sources are only read, however: "
        f"{', '.join(facts) or 'nothing'}; put a SELECT there"
    )


def _words(statement: Any) -> list[str]:
    """The words that say what a statement does: the first one, and all that could write."""
    written = [
        token for token in statement.flatten() if not token.is_whitespace and not _is_skipped(token)
    ]
    doing = [token for token in written[1:] if token.ttype in _DOING or token.normalized == "INTO"]
    words = [token.normalized for token in [*written[:1], *doing]]
    return words[:1] + [word for word in words[1:] if word != "REPLACE"]  # also a function


def _is_skipped(token: Any) -> bool:
    return token.ttype in Comment or token.value in "()"


def _engine(url: str) -> sqlalchemy.Engine:
    try:
        written = sqlalchemy.make_url(url)
        _check_secrets(written)
        expanded = _expand_url(written)
        _check_sqlite_file(written, expanded)
        return sqlalchemy.create_engine(expanded)
    except InputError:
        raise
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError, TypeError) as error:
        raise InputError(
            f"data.path must be a SQLAlchemy URL whose driver is installed, however: {error}; "
            "see the dialects of SQLAlchemy"
        ) from None


def _check_secrets(url: sqlalchemy.URL) -> None:
    hidden = (value for key, value in url.query.items() if key.lower() in _SECRET_KEYS)
    secrets = [url.password, *hidden]
    if any(secret and not _VARIABLE.fullmatch(str(secret)) for secret in secrets):
        raise InputError(
            "a database URL must not hold a password, because configs are stored and shown, "
            "however: data.path does; put it in an environment variable and write "
            "${VARIABLE} in its place"
        )


def _expand_url(url: sqlalchemy.URL) -> sqlalchemy.URL:
    """Put environment variables in: into the parsed parts, so that no value can add a part."""
    parts = ("username", "password", "host", "database")
    changed: dict[str, Any] = {
        part: _expand(str(value)) for part in parts if (value := getattr(url, part))
    }
    query = {key: _expand(value) for key, value in url.query.items() if isinstance(value, str)}
    return url.set(**changed).update_query_dict(query)


def _expand(text: str) -> str:
    return _VARIABLE.sub(_variable, text)


def _variable(match: re.Match[str]) -> str:
    name = match.group(1)
    if name not in os.environ:
        raise InputError(
            f"${{{name}}} in data.path must be an environment variable, however: it is not set; "
            f"export {name}"
        )
    return os.environ[name]


def _check_sqlite_file(written: sqlalchemy.URL, expanded: sqlalchemy.URL) -> None:
    """SQLite would make an absent database instead of refusing it."""
    path = expanded.database
    if expanded.get_backend_name() == "sqlite" and path and not Path(path).is_file():
        raise InputError(
            f"data.path must lead to a database, however: {written.database} does not exist; "
            f"check the path (it is relative to {Path.cwd()})"
        )


def _limit(connection: sqlalchemy.Connection, end: float) -> None:
    """Ask the database itself to refuse writes and to stop in time, where it has a switch for it.

    `end` is on the monotonic clock, in seconds.
    """
    switches = {
        "sqlite": ["PRAGMA query_only = ON"],
        "postgresql": [
            "SET TRANSACTION READ ONLY",
            f"SET LOCAL statement_timeout = {round(1000 * (end - time.monotonic()))}",
        ],
    }
    for statement in switches.get(connection.dialect.name, []):
        connection.exec_driver_sql(statement)
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(lambda: time.monotonic() > end, SQLITE_STEPS)
