"""Which part a row belongs to: decided by a seeded hash of its own cells.

So the split does not depend on the order of rows or columns, and exact duplicates are never on two
sides. Cells are hashed as they came, before columns are typed: a new row may make a column text,
and moves no other row. Where numbers or dates are written in one of many ways, what they mean is
hashed: the same table has the same split, however it is written. But a column that is added,
dropped or read otherwise, or becomes an identifier or ceases to be one, moves every row: so the
hashed columns, and how such ones are read, belong to what a split is known by.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.types as pt
from numpy.typing import NDArray

from slipstream.artifacts.references import PARTS
from slipstream.config.data import DataConfig
from slipstream.data.cells import blank_to_null, floats, is_supported, is_text
from slipstream.data.schema import Inferred
from slipstream.data.snapshot import as_numbers
from slipstream.data.target import Target
from slipstream.data.temporal import is_temporal, temporal_seconds
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import quote
from slipstream.runtime.values import text_truth

__all__ = [
    "check_parts",
    "deal_rare",
    "hash_rows",
    "hashed_columns",
    "read_otherwise",
    "shares",
    "split",
]

Hashes = NDArray[np.uint64]
MIN_CLASSES = 2  # in the test and in validation


def split(hashes: Hashes, data: DataConfig) -> NDArray[np.int8]:
    """Assign each row (N,) a part, as an index into `PARTS`, by its hash (N,)."""
    share = shares(hashes, data.seed)
    held_out = data.test_fraction + data.validation_fraction
    return np.select(
        [share >= held_out, share < data.test_fraction],
        [PARTS.index("train"), PARTS.index("test")],
        PARTS.index("validation"),
    ).astype(np.int8)


def shares(hashes: Hashes, seed: int) -> NDArray[np.float64]:
    """A number from 0 to 1 for each hash (N,), evenly spread: another seed, other numbers."""
    return pd.util.hash_array(hashes ^ np.uint64(seed)) / 2.0**64


def deal_rare(
    parts: NDArray[np.int8], hashes: Hashes, target: Target, data: DataConfig
) -> tuple[NDArray[np.int8], tuple[str, ...]]:
    """Give each part (N,) rows of a label that chance left a part without, and name such labels.

    The label's rows are dealt in the order of their hashes, so the order of rows makes no
    difference. Fewer than three different rows are all for training.
    """
    dealt: list[str] = []
    for label, name in enumerate(target.classes):
        rows = target.numbers == label
        distinct = np.unique(hashes[rows])
        if len(np.unique(parts[rows])) == len(PARTS) or not rows.any():
            continue
        ordered = distinct[np.argsort(shares(distinct, data.seed), kind="stable")]
        test, validation = (
            max(1, round(fraction * len(ordered)))
            for fraction in (data.test_fraction, data.validation_fraction)
        )
        if len(ordered) < len(PARTS):
            test = validation = 0
        elif test + validation >= len(ordered):
            test = validation = 1
        of_hash = np.full(len(ordered), PARTS.index("train"), np.int8)
        of_hash[:test] = PARTS.index("test")
        of_hash[test : test + validation] = PARTS.index("validation")
        lookup = pd.Series(of_hash, index=ordered)
        alike = np.isin(hashes, ordered)  # rows that differ in the label alone stay together
        parts = np.where(alike, lookup.reindex(hashes, fill_value=0).to_numpy(), parts)
        dealt.append(name)
    return parts.astype(np.int8), tuple(dealt)


def hashed_columns(table: pa.Table, left_out: Collection[str]) -> tuple[str, ...]:
    """Names of the columns whose cells decide a row's part, sorted.

    Args:
        table: the raw table.
        left_out: columns that do not count, such as the target and identifiers.
    """
    return tuple(
        sorted(
            field.name
            for field in table.schema
            if field.name not in left_out and _is_hashed(field.type)
        )
    )


def read_otherwise(inferred: Inferred) -> dict[str, str]:
    """The columns whose cells mean other numbers than they seem to write, and how they are read."""
    read = {}
    for column in inferred.columns:
        if column.format is not None:
            sign = "comma" if column.format.decimal == "," else "point"
            read[column.name] = f"numbers with a decimal {sign}"
        elif column.kind == "datetime":
            form = column.dates and (column.dates.order or column.dates.epoch)
            read[column.name] = f"dates, {form}" if form else "dates"
        elif column.kind == "duration":
            read[column.name] = "durations"
    return read


def hash_rows(
    table: pa.Table, columns: Iterable[str], read: Mapping[str, pd.Series] | None = None
) -> Hashes:
    """Hash the cells of each row (N,): the sum over its columns, in which a missing cell is 0.

    Args:
        table: the raw table.
        columns: names of those that count.
        read: what the cells of some of them mean: numbers or dates (N,), missing ones included.
    """
    total = np.zeros(table.num_rows, np.uint64)
    for name in columns:
        if read is not None and name in read:
            hashes = _hash_numbers(as_numbers(read[name]))
            missing = read[name].isna().to_numpy()
        else:
            cells = blank_to_null(table.column(name).combine_chunks())
            hashes = _hash_cells(cells)
            missing = cells.is_null().to_numpy(zero_copy_only=False)
        salt = pd.util.hash_array(np.array([name], dtype=object))
        total += np.where(missing, 0, pd.util.hash_array(hashes ^ salt))
    return total


def check_parts(
    parts: NDArray[np.int8], target: NDArray[np.number], classes: Sequence[str]
) -> None:
    """Check that training has rows of every class, and the other parts of two or more.

    Raises:
        InputError: one has no row, or lacks a class.
    """
    for index, part in enumerate(PARTS):
        inside = target[parts == index]
        if not len(inside):
            raise InputError(
                f"every part of the split must have rows, however: the {part} part has none; add "
                "rows, or change data.test_fraction, data.validation_fraction or data.seed"
            )
        absent = sorted(set(range(len(classes))) - set(np.unique(inside).tolist()))
        if absent and (part == "train" or len(classes) - len(absent) < MIN_CLASSES):
            raise InputError(
                f"every part of the split must have rows of every class, however: the {part} "
                f"part ({len(inside)} rows) has none of {quote(classes[absent[0]])}; add rows, or "
                "change data.test_fraction, data.validation_fraction or data.seed"
            )


def _is_hashed(kind: pa.DataType) -> bool:
    """Numbers, booleans, times, text; and no values at all, which hash to 0 whatever comes."""
    kind = kind.value_type if pt.is_dictionary(kind) else kind
    return is_supported(kind) or is_temporal(kind) or pt.is_null(kind)


def _hash_cells(cells: pa.Array) -> Hashes:
    """Hash cells (N,): numbers and booleans by their value, also where they are written as text."""
    if is_temporal(cells.type):
        return _hash_numbers(temporal_seconds(cells))
    if not is_text(cells.type):
        return _hash_numbers(floats(cells))
    encoded = cells.dictionary_encode()
    words = np.array(encoded.dictionary.to_pylist(), dtype=object)
    valued = pd.Series(
        [word if (truth := text_truth(word)) is None else truth for word in words], dtype=object
    )
    numbers = pd.to_numeric(valued, errors="coerce").to_numpy(np.float64)
    hashes = np.where(np.isnan(numbers), pd.util.hash_array(words), _hash_numbers(numbers))
    codes = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
    return hashes[codes] if len(hashes) else np.zeros(len(cells), np.uint64)


def _hash_numbers(numbers: NDArray[np.generic]) -> Hashes:
    return pd.util.hash_array(numbers.astype(np.float64) + 0.0)  # -0.0 is 0.0
