"""What the cells and names of a raw table mean: missing markers, types that are supported."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from numpy.typing import NDArray

from slipstream.runtime.errors import InputError
from slipstream.runtime.text import listing, quote, repeated
from slipstream.runtime.values import MISSING_MARKERS, text_number

__all__ = [
    "DELIMITER",
    "blank_to_null",
    "floats",
    "is_number",
    "is_supported",
    "is_text",
    "missing_markers",
    "trim_names",
]

DELIMITER = b"delimiter"  # what a CSV file has between its cells: a key of a table's metadata


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


def missing_markers(changes: Sequence[str]) -> tuple[str, ...]:
    """The texts that mean missing in every column, as `data.missing` changes them.

    Args:
        changes: texts to add; one to remove, in any case, follows an exclamation mark.

    Raises:
        InputError: a text to add is a number, or one to remove is not there.
    """
    added = [each for each in changes if not each.startswith("!")]
    removed = {each[1:].casefold() for each in changes if each.startswith("!")}
    known = {each.casefold() for each in MISSING_MARKERS if each}
    absent = sorted(removed - known)
    if absent:
        raise InputError(
            f"data.missing must remove a text that means missing, however: {quote('!' + absent[0])}"
            f"; those in every column are {listing(sorted(known), most=len(known))}"
        )
    numbers = [each for each in added if text_number(each) is not None]
    if numbers:
        raise InputError(
            f"data.missing must name text that is not a number, however: {quote(numbers[0])}; "
            "leave such cells empty, because a model could not tell them from other numbers"
        )
    kept = (each for each in MISSING_MARKERS if each.casefold() not in removed)
    return tuple(dict.fromkeys((*kept, *added)))


def blank_to_null(values: pa.Array, markers: Sequence[str] = MISSING_MARKERS) -> pa.Array:
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
    absent = pc.is_in(trimmed, pa.array(markers, pa.string()))
    return pc.if_else(absent, pa.scalar(None, pa.string()), trimmed)


def floats(values: pa.Array) -> NDArray[np.float64]:
    """Numbers, truth values or plain numbers in text as floats (N,), NaN for missing.

    Decimals are rounded once, as Python does it; whole numbers beyond 2^53 are rounded too.

    Raises:
        pa.ArrowInvalid: text is not a number.
    """
    if pt.is_decimal(values.type):
        values = values.cast(pa.string())
    numbers = values.cast(pa.float64(), safe=is_text(values.type))
    return np.asarray(numbers.to_numpy(zero_copy_only=False), np.float64)


def is_text(kind: pa.DataType) -> bool:
    """Whether a column holds text."""
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind))


def is_number(kind: pa.DataType) -> bool:
    """Whether a column holds numbers."""
    return bool(pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind))


def is_supported(kind: pa.DataType) -> bool:
    """Whether a column holds numbers, booleans or text."""
    return bool(is_number(kind) or pt.is_boolean(kind) or is_text(kind))
