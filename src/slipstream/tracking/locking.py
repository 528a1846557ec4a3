"""One promotion of a model at a time, on one machine or on several.

MLflow's aliases have no compare-and-set, so a promotion must hold a lock from the comparison with
the champion until the alias has moved.
"""

import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import sqlalchemy
from filelock import FileLock, Timeout
from sqlalchemy.exc import SQLAlchemyError

from slipstream.artifacts.home import home
from slipstream.runtime.errors import InputError

__all__ = ["MLFLOW_DATABASE", "promotion_lock", "setup_lock"]

MLFLOW_DATABASE = "MLFLOW_BACKEND_STORE_URI"  # MLflow's own variable
WAIT_SECONDS = 600
# A host that loses power cannot disconnect: PostgreSQL probes it, and frees its lock in a minute.
KEEPALIVES = {"tcp_keepalives_idle": 30, "tcp_keepalives_interval": 10, "tcp_keepalives_count": 3}
LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL's code for a lock_timeout
LOCK = sqlalchemy.text("SELECT pg_advisory_lock(hashtextextended(:name, 0))")


def promotion_lock(name: str, tracking_uri: str) -> AbstractContextManager[None]:
    """Wait for other promotions of this model to end, and block new ones meanwhile.

    Through an MLflow server whose database is PostgreSQL (`MLFLOW_BACKEND_STORE_URI`), an advisory
    lock there holds for every host; otherwise a file holds for this one. Either is free again when
    its holder dies.

    Raises:
        InputError: another process holds it for too long, or the database does not answer.
    """
    through_server = tracking_uri.startswith("http")
    database = os.environ.get(MLFLOW_DATABASE, "")
    if through_server and database.startswith("postgresql"):
        return _lock_in_database(name, database)
    if through_server and not database:
        logging.getLogger("slipstream").warning(
            "Promotions of %s from this host wait for each other, those from other hosts do not: "
            "set %s as it is set for the MLflow server.",
            name,
            MLFLOW_DATABASE,
        )
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]  # a name may be too long for a file
    return _lock_on_this_host(f"promotion-{digest}.lock", _one_promotion(name))


def setup_lock() -> AbstractContextManager[None]:
    """Hold this host's lock on creating a store's tables.

    Raises:
        InputError: another process holds it for too long.
    """
    return _lock_on_this_host(
        "tracking.lock",
        "one run must have set up the MLflow store before the next uses it, however: another one",
    )


@contextmanager
def _lock_in_database(name: str, url: str) -> Iterator[None]:
    try:
        connection = _connect_and_lock(name, url)
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        cause = getattr(error, "orig", error)
        if getattr(cause, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            raise _waited_too_long(_one_promotion(name)) from None
        raise InputError(
            f"{MLFLOW_DATABASE} must lead to the MLflow server's database, because promotions wait "
            f"for each other there, however: {str(cause).splitlines()[0]}; set it as it is set for "
            "the server"
        ) from None
    with connection:
        yield


def _connect_and_lock(name: str, url: str) -> sqlalchemy.Connection:
    """A connection outside a pool and a transaction: closing it frees the lock."""
    pool = sqlalchemy.NullPool
    connection = sqlalchemy.create_engine(
        url, poolclass=pool, isolation_level="AUTOCOMMIT"
    ).connect()
    try:
        for setting, value in {**KEEPALIVES, "lock_timeout": f"'{WAIT_SECONDS}s'"}.items():
            connection.exec_driver_sql(f"SET {setting} = {value}")
        connection.execute(LOCK, {"name": f"slipstream promotion of {name}"})
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _lock_on_this_host(file: str, rule: str) -> Iterator[None]:
    lock = FileLock(home() / file)
    try:
        lock.acquire(timeout=WAIT_SECONDS)
    except Timeout:
        raise _waited_too_long(rule) from None
    try:
        yield
    finally:
        lock.release()


def _one_promotion(name: str) -> str:
    return (
        "one promotion of a model must end before the next begins, however: another one of "
        f"{name!r}"
    )


def _waited_too_long(rule: str) -> InputError:
    return InputError(
        f"{rule} has not ended within {WAIT_SECONDS} seconds; look for a run that hangs"
    )
