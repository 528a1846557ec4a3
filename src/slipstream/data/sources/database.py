"""Tables from a database through SQLAlchemy, read-only."""

import os
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy
import sqlparse
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from slipstream.runtime.errors import InputError
from slipstream.runtime.text import shorten

__all__ = ["read"]

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SECRET_KEYS = ("password", "passwd", "pwd", "sslpassword", "passfile", "token", "odbc_connect")


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
            names, rows = list(result.keys()), result.fetchall()
            connection.rollback()
    except SQLAlchemyError as error:
        cause = shorten(str(getattr(error, "orig", None) or error).splitlines()[0])
        raise InputError(
            f"data.query must run on {url}, however: {cause}; try it in the database's own client"
        ) from None
    finally:
        engine.dispose()
    if not rows:
        raise InputError("data.query must return rows, however: it returned none; widen it")
    return pa.table([_column(cells) for cells in zip(*rows, strict=True)], names=names)


def _column(cells: tuple[Any, ...]) -> pa.Array:
    """One column of a result; one of several types, as SQLite may return, becomes text."""
    try:
        return pa.array(cells)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return pa.array([None if cell is None else str(cell) for cell in cells])


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


def _forbid_writes(connection: sqlalchemy.Connection) -> None:
    """Ask the database itself to refuse writes, where it has a switch for it."""
    switch = {"sqlite": "PRAGMA query_only = ON", "postgresql": "SET TRANSACTION READ ONLY"}
    if statement := switch.get(connection.dialect.name):
        connection.exec_driver_sql(statement)
