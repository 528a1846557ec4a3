"""Parquet files as raw tables."""

import base64
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt

from slipstream.data.sources.raw_table import RawTable, settle_types
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import shorten

__all__ = ["read_parquet"]


def read_parquet(file: Path) -> RawTable:
    """Read one file.

    Raises:
        InputError: it is not Parquet, damaged, encrypted, or has text that is not UTF-8.
        OSError: it cannot be read.
    """
    try:
        opened = pq.ParquetFile(file)
        table = opened.read()
        table.validate(full=True)  # text may not be UTF-8
        table = _mark_categories(table, opened.metadata.metadata or {})
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise _refusal(file, error) from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise _refusal(file, error) from None  # of pyarrow: the content is at fault
    return settle_types(table, str(file))


def _mark_categories(table: pa.Table, metadata: dict[bytes, bytes]) -> pa.Table:
    """Give columns the type of categories that the writer had: Parquet keeps it for text only."""
    if b"ARROW:schema" not in metadata:
        return table
    written = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(metadata[b"ARROW:schema"])))
    for index, field in enumerate(table.schema):
        marked = written.field(index).type if index < len(written) else field.type
        if pt.is_dictionary(marked) and not pt.is_dictionary(field.type):
            table = table.set_column(index, field.name, table.column(index).dictionary_encode())
    return table


def _refusal(file: Path, error: Exception) -> InputError:
    reason = shorten(str(error).splitlines()[0])
    return InputError(
        f"a .parquet file must be Parquet, however: {file}: {reason}; write the file again"
    )
