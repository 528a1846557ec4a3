"""A table as it was read, with what has to be said about the reading."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.types as pt

from slipstream.runtime.text import listing

__all__ = ["RawTable", "is_bytes", "settle_types"]


@dataclass(frozen=True)
class RawTable:
    """A raw table; `notes` say what was ignored or guessed when it was read."""

    table: pa.Table
    notes: tuple[str, ...] = ()


def settle_types(table: pa.Table, source: str) -> RawTable:
    """Bytes that are UTF-8 become text, and text of every layout one type; others stay as they are.

    Notes call the table `source`.
    """
    columns = [_settle(column) for column in table.columns]
    spelt = [
        name
        for name, before, after in zip(table.column_names, table.columns, columns, strict=True)
        if is_bytes(before.type) and not is_bytes(after.type)
    ]
    settled = pa.table(columns, names=table.column_names)
    return RawTable(settled.replace_schema_metadata(table.schema.metadata), _spelt(spelt, source))


def _settle(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    is_coded = pt.is_dictionary(kind)
    if not (is_bytes(kind) or pt.is_large_string(kind) or pt.is_string_view(kind)):
        return column
    try:
        plain = column.cast(kind.value_type) if is_coded else column
        if pt.is_fixed_size_binary(plain.type):
            plain = plain.cast(pa.binary())
        text = plain.cast(pa.string())  # checks that it is UTF-8
        return text.dictionary_encode() if is_coded else text
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return column  # bytes that are not text; or more of it than one chunk holds


def is_bytes(kind: pa.DataType) -> bool:
    """Whether a column holds bytes, as they are or coded."""
    kind = kind.value_type if pt.is_dictionary(kind) else kind
    is_sized = pt.is_fixed_size_binary(kind) or pt.is_binary(kind)
    return bool(is_sized or pt.is_large_binary(kind) or pt.is_binary_view(kind))


def _spelt(names: Sequence[str], source: str) -> tuple[str, ...]:
    return (f"bytes that are UTF-8 are read as text: {listing(names)} of {source}",) * bool(names)
