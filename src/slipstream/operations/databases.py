"""The databases of team mode: Prefect's and MLflow's own variables name them.

They are tried before the servers start: a server would retry for minutes, or write a URL that
it does not understand, with its password, to its log.
"""

import asyncio
import os

import sqlalchemy
from sqlalchemy.ext.asyncio import create_async_engine

from slipstream.runtime import InputError
from slipstream.tracking.locking import MLFLOW_DATABASE

__all__ = ["PREFECT_DATABASE", "check_databases"]

PREFECT_DATABASE = "PREFECT_SERVER_DATABASE_CONNECTION_URL"


def check_databases() -> None:
    """Check that each server can connect to the database that its variable names, if it is set.

    Raises:
        InputError: a URL cannot be read, its driver is missing, or the database refuses.
    """
    for variable, is_async in ((PREFECT_DATABASE, True), (MLFLOW_DATABASE, False)):
        if url := os.environ.get(variable):
            _check(variable, url, is_async=is_async)


def _check(variable: str, url: str, *, is_async: bool) -> None:
    try:
        dialect = sqlalchemy.make_url(url).get_dialect()
        dialect.import_dbapi()
        if dialect.is_async != is_async:
            raise ValueError(f"{dialect.driver} is not a driver that this server can use")
        if dialect.name == "postgresql":
            _connect(url, is_async=is_async)
    except Exception as error:  # each driver has its own exceptions
        cause = str(getattr(error, "orig", None) or error) or type(error).__name__
        raise InputError(
            f"{variable} must be the SQLAlchemy URL of a database that accepts the login, however: "
            f"{cause.splitlines()[0]}; write postgresql+asyncpg://… for Prefect, "
            "postgresql+psycopg://… for MLflow"
        ) from None


def _connect(url: str, *, is_async: bool) -> None:
    async def connect() -> None:
        engine = create_async_engine(url)
        async with engine.connect():
            pass
        await engine.dispose()

    if is_async:
        asyncio.run(connect())
    else:
        engine = sqlalchemy.create_engine(url)
        engine.connect().close()
        engine.dispose()
