"""The place that a config's table is read from, whichever kind it is."""

from dataclasses import dataclass
from typing import Protocol

from slipstream.config.data import DataConfig
from slipstream.data.cells import trim_names
from slipstream.data.sources import builtin, database, files
from slipstream.data.sources.raw_table import RawTable

__all__ = ["Source", "source_of"]

SMALL_BYTES = 1 << 22  # a compressed file may hold much more


class Source(Protocol):
    """A place that a table is read from."""

    def read(self) -> RawTable:
        """Read the raw table; names are trimmed, CSV cells arrive as text.

        Raises:
            InputError: the source is absent, unreadable, empty or malformed.
        """

    def is_small(self) -> bool:
        """Whether the table is in files that are read in a moment, so that it may be tried first.

        Raises:
            InputError: there is no such file.
        """

    def fingerprint(self) -> str | None:
        """A digest that changes when the content does; None where only reading can tell."""


def source_of(data: DataConfig) -> Source:
    """The source that a config's path names."""
    if "://" in data.path:
        return _Database(data.path, data.query)
    return _BuiltIn(data.path) if builtin.has(data.path) else _Files(data.path, data.encoding)


@dataclass(frozen=True)
class _BuiltIn:
    name: str

    def read(self) -> RawTable:
        return RawTable(builtin.read(self.name))

    def is_small(self) -> bool:
        return False

    def fingerprint(self) -> str:
        return self.name  # its content follows our code and scikit-learn's version


@dataclass(frozen=True)
class _Files:
    path: str
    encoding: str

    def read(self) -> RawTable:
        return _trimmed(files.read(self.path, self.encoding), self.path)

    def is_small(self) -> bool:
        return files.size_bytes(self.path) <= SMALL_BYTES

    def fingerprint(self) -> str | None:
        return files.fingerprint(self.path)


@dataclass(frozen=True)
class _Database:
    url: str
    query: str

    def read(self) -> RawTable:
        return _trimmed(database.read(self.url, self.query), "data.query")

    def is_small(self) -> bool:
        return False

    def fingerprint(self) -> None:
        return None


def _trimmed(raw: RawTable, source: str) -> RawTable:
    table = trim_names(raw.table, source)
    return RawTable(table.replace_schema_metadata(raw.table.schema.metadata), raw.notes)
