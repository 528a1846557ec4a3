"""What the cells and names of a raw table mean: missing markers, types that are supported."""

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from slipstream.runtime.errors import InputError
from slipstream.runtime.text import listing, repeated

__all__ = ["MISSING_MARKERS", "blank_to_null", "is_supported", "is_text", "trim_names"]

MISSING_MARKERS = (
    *("", "?", "#N/A", "<NA>", "N/A", "NA", "n/a", "na"),
    *("NULL", "Null", "null", "None", "none", "NaN", "nan"),
)


def trim_names(table: pa.Table, source: str) -> pa.Table:
    """Trim column names, and check that each is there once; messages call the table `source`.

    Raises:
        InputError: two columns have one name, or one has none.
    """
    names = [name.strip() for name in table.column_names]
    twice = repeated(names)
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


def blank_to_null(values: pa.Array) -> pa.Array:
    """Trim text, and turn missing markers and NaN into nulls; other types pass unchanged."""
    if pt.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pt.is_float16(values.type):
        values = values.cast(pa.float32())
    if pt.is_floating(values.type):
        return pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    if not is_text(values.type):
        return values
    trimmed = pc.utf8_trim_whitespace(values.cast(pa.string()))
    markers = pa.array(MISSING_MARKERS)
    return pc.if_else(pc.is_in(trimmed, markers), pa.scalar(None, pa.string()), trimmed)


def is_text(kind: pa.DataType) -> bool:
    """Whether a column holds text."""
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind))


def is_supported(kind: pa.DataType) -> bool:
    """Whether a column holds numbers, booleans or text."""
    numeric = pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind)
    return bool(numeric or pt.is_boolean(kind) or is_text(kind))
