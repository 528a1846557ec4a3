"""Where tables come from: built-in sets, files and databases."""

import pyarrow as pa

from slipstream.config.data import DataConfig
from slipstream.data.sources import builtin, database, files
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import listing

__all__ = ["fingerprint", "is_small", "read"]

SMALL_BYTES = 1 << 22  # compressed, it may be much more


def read(data: DataConfig) -> pa.Table:
    """Read the raw table that a config names; names are trimmed, CSV cells arrive as text.

    Raises:
        InputError: the source is absent, unreadable, empty or malformed.
    """
    if "://" in data.path:
        return with_clean_names(database.read(data.path, data.query), "data.query")
    if builtin.has(data.path):
        return builtin.read(data.path)
    return with_clean_names(files.read(data.path), data.path)


def with_clean_names(table: pa.Table, source: str) -> pa.Table:
    """Trim column names, and check that each is there once.

    Raises:
        InputError: two columns have one name, or one has none.
    """
    names = [name.strip() for name in table.column_names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice and twice != [""]:
        raise InputError(
            f"column names must differ, however: {source} has {listing(twice)} more "
            "than once; rename or remove one"
        )
    if "" in names:
        raise InputError(
            f"every column must have a name, however: column {names.index('') + 1} of {source} "
            "has none; name it"
        )
    return table.rename_columns(names)


def is_small(data: DataConfig) -> bool:
    """Whether a table is in files, and read in a moment.

    Raises:
        InputError: there is no such file.
    """
    if "://" in data.path or builtin.has(data.path):
        return False
    return files.size_bytes(data.path) <= SMALL_BYTES


def fingerprint(data: DataConfig) -> str | None:
    """A digest that changes when the source's content does; None where only reading can tell."""
    if "://" in data.path:
        return None
    if builtin.has(data.path):
        return data.path
    return files.fingerprint(data.path)
