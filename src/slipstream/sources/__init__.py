"""Where tables come from: built-in sets, files and databases."""

import pyarrow as pa

from slipstream.config import DataConfig
from slipstream.sources import builtin, database, files

__all__ = ["fingerprint", "read"]


def read(data: DataConfig) -> pa.Table:
    """Read the raw table that a config names; CSV cells arrive as text, trimmed.

    Raises:
        InputError: the source is absent, unreadable, empty or malformed.
    """
    if "://" in data.path:
        return database.read(data.path, data.query)
    if builtin.has(data.path):
        return builtin.read(data.path)
    return files.read(data.path)


def fingerprint(data: DataConfig) -> str | None:
    """A digest that changes when the source's content does; None where only reading can tell."""
    if "://" in data.path:
        return None
    if builtin.has(data.path):
        return data.path
    return files.fingerprint(data.path)
