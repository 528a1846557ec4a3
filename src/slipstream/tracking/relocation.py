"""Stores that were moved: MLflow records the absolute paths of its files.

Runs of an SQLite store have their files next to it, in `artifacts`. After a checkout was moved,
those paths lead nowhere, or, worse, new runs would create the old folder again.
"""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from slipstream.runtime.errors import InputError

__all__ = ["artifact_folder", "check_place", "current", "repair"]

logger = logging.getLogger("slipstream")

WAIT_SECONDS = 20  # as MLflow waits for another process
_SQLITE = "sqlite:///"
_ARTIFACTS = "artifacts"
_EXPERIMENTS = (
    "SELECT experiment_id, name, artifact_location FROM experiments "
    "WHERE artifact_location LIKE 'file:%'"
)
# Every column in which MLflow keeps a path of an experiment's files, and the rows that concern it.
_OF_EXPERIMENT = "experiment_id = :id"
_PLACES = (
    ("runs", "artifact_uri", _OF_EXPERIMENT),
    ("logged_models", "artifact_location", _OF_EXPERIMENT),
    ("experiments", "artifact_location", _OF_EXPERIMENT),
    (
        "model_versions",
        "storage_location",
        "run_id IN (SELECT run_uuid FROM runs WHERE experiment_id = :id)",
    ),
)


def artifact_folder(store_uri: str) -> Path | None:
    """The artifact folder of an SQLite store; None for any other store."""
    file = _file(store_uri)
    return file.parent / _ARTIFACTS if file else None


def current(location: str, store_uri: str) -> str:
    """The current place of files that the store records at `location`.

    Raises:
        InputError: they should be on this machine, and are neither there nor next to the store.
    """
    written, folder = _path(location), artifact_folder(store_uri)
    if written is None or written.exists() or folder is None:
        return location
    places = [index for index, part in enumerate(written.parts) if part == _ARTIFACTS]
    moved = [folder.joinpath(*written.parts[index + 1 :]) for index in places]
    found = next((each for each in moved if each.exists()), None)
    if found is None:
        raise InputError(
            f"a model's files must be where they were written, or in {folder}, however: {written} "
            "is not there; move the folder `artifacts` along with its mlflow.db, or move both back"
        )
    return str(found)


def repair(store_uri: str) -> None:
    """Update the paths in an SQLite store that was moved.

    Raises:
        InputError: the store cannot be written.
    """
    file, folder = _file(store_uri), artifact_folder(store_uri)
    if file is None or folder is None or not file.exists():
        return
    with _opened(file) as database, database:
        for number, name, location in _experiments(database):
            if _was_moved(database, number, location, folder):
                _rewrite(database, number, location, folder.as_uri())
                logger.warning(
                    "The files of the experiment %r were moved: MLflow now looks for them in "
                    "%s, no longer in %s.",
                    *(name, folder, _path(location)),
                )


def check_place(number: str, name: str, store_uri: str) -> None:
    """Check that a new run would not re-create the folder of an experiment whose files are gone.

    Raises:
        InputError: it would.
    """
    file, folder = _file(store_uri), artifact_folder(store_uri)
    if file is None or not file.exists():
        return
    with _opened(file) as database:
        found = {str(each): place for each, _, place in _experiments(database)}
        written = _path(found.get(number, ""))
        if written is None or written == folder or written.exists():
            return
        if not _children(database, int(number), found[number]):
            return
    raise InputError(
        f"the experiment {name!r} must have the folder of its files, however: {written} is not "
        f"there, and {folder} does not have them; move the folder `artifacts` along with its "
        "mlflow.db, or choose another experiment (tracking.experiment)"
    )


def _experiments(database: sqlite3.Connection) -> list[tuple[int, str, str]]:
    """Experiments with files on this machine; none if MLflow has not set up the database yet."""
    tables = "SELECT count(*) FROM sqlite_master WHERE name = 'experiments'"
    (count,) = database.execute(tables).fetchone()
    return database.execute(_EXPERIMENTS).fetchall() if count else []


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    """Open the store's database; an error of SQLite's becomes one message."""
    try:
        with closing(sqlite3.connect(file, timeout=WAIT_SECONDS)) as database:
            yield database
    except sqlite3.Error as error:
        raise InputError(
            "the MLflow store must be a database that can be read, and written where it was moved, "
            f"however: {file}: {error}; repair it, or choose another (tracking.uri)"
        ) from None


def _was_moved(database: sqlite3.Connection, number: int, location: str, folder: Path) -> bool:
    """Whether an experiment's files are not where they were, but next to the store."""
    written = _path(location)
    if written is None or written == folder or written.exists():
        return False
    children = _children(database, number, location)
    if children:
        return any((folder / child).exists() for child in children)
    return written.name == _ARTIFACTS and not written.parent.exists()  # no run yet


def _children(database: sqlite3.Connection, number: int, location: str) -> list[str]:
    """The folders of the experiment's runs and models, relative to its own."""
    prefix = location.rstrip("/") + "/"
    found = database.execute(
        "SELECT artifact_uri FROM runs WHERE experiment_id = :id UNION "
        "SELECT artifact_location FROM logged_models WHERE experiment_id = :id",
        {"id": number},
    )
    return [place.removeprefix(prefix) for (place,) in found if place.startswith(prefix)]


def _rewrite(database: sqlite3.Connection, number: int, old: str, new: str) -> None:
    places = {"id": number, "old": old.rstrip("/"), "new": new}
    for table, column, which in _PLACES:
        statement = (
            f"UPDATE {table} SET {column} = :new || substr({column}, length(:old) + 1) "  # noqa: S608 - names from above
            f"WHERE {which} AND substr({column}, 1, length(:old)) = :old"
        )
        database.execute(statement, places)


def _file(store_uri: str) -> Path | None:
    """The file of an SQLite store."""
    if not store_uri.startswith(_SQLITE):
        return None
    return Path(store_uri.removeprefix(_SQLITE)).absolute()


def _path(location: str) -> Path | None:
    """A location as a path of this machine, if it is one."""
    parts = urlsplit(location)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return Path(location) if location.startswith("/") else None
