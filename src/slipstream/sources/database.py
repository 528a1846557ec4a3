"""Tables from a database through SQLAlchemy, read-only."""

import os
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import sqlalchemy
import sqlparse
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from slipstream.runtime.errors import InputError

__all__ = ["read"]

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def read(url: str, query: str) -> pa.Table:
    """Run one SELECT in a transaction that is rolled back.

    Raises:
        InputError: the URL holds a password, the query is not a SELECT, or the database refuses.
    """
    _check_query(query)
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            _forbid_writes(connection)
            result = connection.exec_driver_sql(query)
            frame = pd.DataFrame(result.fetchall(), columns=list(result.keys()))
            connection.rollback()
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise InputError(
            f"data.query must run on {engine.url.render_as_string()}, however: {cause}; "
            "try it in the database's own client"
        ) from None
    finally:
        engine.dispose()
    if frame.empty:
        raise InputError("data.query must return rows, however: it returned none; widen it")
    if not frame.columns.is_unique:
        twice = sorted(set(frame.columns[frame.columns.duplicated()]))
        raise InputError(
            f"column names must differ, however: data.query returns {twice} more than once; "
            "rename one with AS"
        )
    return pa.Table.from_pandas(frame, preserve_index=False)


def _check_query(query: str) -> None:
    statements = [each for each in sqlparse.parse(query) if str(each).strip(" \t\r\n;")]
    if len(statements) != 1 or statements[0].get_type() != "SELECT":
        kinds = ", ".join(each.get_type() for each in statements) or "nothing"
        raise InputError(
            f"data.query must be one SELECT, because sources are only read, however: {kinds}; "
            "put a SELECT there"
        )


def _engine(url: str) -> sqlalchemy.Engine:
    try:
        written = sqlalchemy.make_url(url)
        if written.password and not _VARIABLE.fullmatch(str(written.password)):
            raise InputError(
                "a database URL must not hold a password, because configs are stored and shown, "
                "however: data.path does; put it in an environment variable and write "
                "${VARIABLE} in its place"
            )
        parts = ("username", "password", "host", "database")
        given = {part: str(value) for part in parts if (value := getattr(written, part))}
        changed: dict[str, Any] = {part: _expand(value) for part, value in given.items()}
        expanded = written.set(**changed)
        _check_sqlite_file(expanded)
        return sqlalchemy.create_engine(expanded)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise InputError(
            f"data.path must be a SQLAlchemy URL whose driver is installed, however: {error}; "
            "see the dialects of SQLAlchemy"
        ) from None


def _check_sqlite_file(url: sqlalchemy.URL) -> None:
    """SQLite would make an absent database instead of refusing it."""
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).is_file():
        raise InputError(
            f"data.path must lead to a database, however: {url.database} does not exist; "
            f"check the path (it is relative to {Path.cwd()})"
        )


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


def _forbid_writes(connection: sqlalchemy.Connection) -> None:
    """Ask the database itself to refuse writes, where it has a switch for it."""
    switch = {"sqlite": "PRAGMA query_only = ON", "postgresql": "SET TRANSACTION READ ONLY"}
    if statement := switch.get(connection.dialect.name):
        connection.execute(sqlalchemy.text(statement))
