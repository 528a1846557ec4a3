"""Which part each row belongs to, by the rule that `data.split` names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from slipstream.artifacts.references import PARTS, SplitMode, SplitRule
from slipstream.config.data import DataConfig
from slipstream.data.cells import blank_to_null, is_text, missing_markers
from slipstream.data.instants import instants, written
from slipstream.data.snapshot import Instants
from slipstream.data.splitting import Hashes, deal_rare, hash_rows, shares, split
from slipstream.data.target import Target
from slipstream.data.texts import encode, folded
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import listing, quote
from slipstream.runtime.values import means_missing

__all__ = ["Assigned", "Rows", "assign", "by_time"]

MOST_NAMES = 50  # of dealt labels in a rule, which must fit into a tag
TRAIN, VALIDATION, TEST = (PARTS.index(part) for part in ("train", "validation", "test"))
PART_WORDS = {
    **dict.fromkeys(("train", "training"), TRAIN),
    **dict.fromkeys(("validation", "validate", "valid", "val", "dev"), VALIDATION),
    **dict.fromkeys(("test", "testing", "holdout"), TEST),
}
Parts = NDArray[np.int8]


@dataclass(frozen=True)
class Rows:
    """A raw table, its target, a hash of each row's cells (N,), and the columns that it is of."""

    table: pa.Table
    target: Target
    hashes: Hashes
    hashed: tuple[str, ...]


@dataclass(frozen=True)
class Assigned:
    """Each row's part (N,), as an index into `PARTS`, the rule, and what to say of it.

    `times` are the instants (N,) that the rows are split by, `groups` the groups (N,) as numbers,
    if they are.
    """

    parts: Parts
    rule: SplitRule
    warnings: tuple[str, ...] = ()
    times: Instants | None = None
    groups: NDArray[np.int64] | None = None


def assign(rows: Rows, data: DataConfig) -> Assigned:
    """Assign each row a part.

    Raises:
        InputError: the column that the rows are split by does not allow it.
    """
    return _RULES[data.split](rows, data)


def by_time(moments: Instants, test_fraction: float, validation_fraction: float) -> Parts:
    """Split rows (N,) by when they happened: the latest are for the test, the oldest for training.

    Rows of one instant are in one part, so the shares are as near to the asked ones as that allows.

    Raises:
        InputError: there are fewer than three instants.
    """
    distinct, codes, counts = np.unique(moments, return_inverse=True, return_counts=True)
    if len(distinct) < len(PARTS):
        raise InputError(
            "a split by time must have three different times or more, however: there are "
            f"{len(distinct)}; name another column in data.time, or set data.split to random"
        )
    before = np.cumsum(counts)[:-1] / len(moments)  # share of rows before each later instant
    test = 1 + _nearest(before[1:], 1 - test_fraction) + 1
    validation = 1 + _nearest(before[: test - 1], before[test - 1] - validation_fraction)
    parts = np.select([codes >= test, codes >= validation], [TEST, VALIDATION], TRAIN)
    return parts.astype(np.int8)


def _nearest(values: NDArray[np.float64], wanted: float) -> int:
    return int(np.argmin(np.abs(values - wanted)))


def _random(rows: Rows, data: DataConfig) -> Assigned:
    parts, dealt = deal_rare(split(rows.hashes, data), rows.hashes, rows.target, data)
    rule = _rule(data, columns=rows.hashed, dealt=dealt[:MOST_NAMES])
    if not dealt:
        return Assigned(parts, rule)
    note = (
        f"target: rows of {listing(dealt, most=5)} are so few that chance leaves a part without "
        "them: they are dealt to the parts in the order of their hashes, and may change parts when "
        "such rows are added"
    )
    return Assigned(parts, rule, (note,))


def _time(rows: Rows, data: DataConfig) -> Assigned:
    moments, notes = instants(
        data.time,
        rows.table.column(data.time),
        data.types.get(data.time),
        missing_markers(data.missing),
    )
    parts = by_time(moments, data.test_fraction, data.validation_fraction)
    return Assigned(
        parts,
        _rule(
            data,
            fitted_until=written(moments[parts != TEST].max()),
            tested_from=written(moments[parts == TEST].min()),
        ),
        (*(() if data.time in data.keep else notes), *_uneven(parts, data, "time")),
        times=moments,
    )


def _group(rows: Rows, data: DataConfig) -> Assigned:
    markers = missing_markers(data.missing)
    cells = blank_to_null(rows.table.column(data.group).combine_chunks(), markers)
    nobodys = cells.is_null().to_numpy(zero_copy_only=False)
    groups = pa.table({data.group: _folded(cells)})
    hashes = np.where(nobodys, rows.hashes, hash_rows(groups, [data.group]))
    numbers = _numbered(hashes, data.group)
    parts = split(hashes, data)
    notes = (*_of_nobody(cells, data.group), *_uneven(parts, data, "group"))
    if not nobodys.any():
        return Assigned(parts, _rule(data), notes, groups=numbers)
    note = (
        f"column {quote(data.group)}: {int(nobodys.sum()):,} rows have no group, and each counts "
        "as a group of its own"
    )
    return Assigned(parts, _rule(data, columns=rows.hashed), (note, *notes), groups=numbers)


def _numbered(hashes: Hashes, name: str) -> NDArray[np.int64]:
    """Number the groups of rows (N,), of which there must be enough to split them."""
    groups, numbers = np.unique(hashes, return_inverse=True)
    if len(groups) < len(PARTS):
        raise InputError(
            "a split by group must have three different groups or more, however: "
            f"{quote(name)} has {len(groups)}; name another column in data.group, or set "
            "data.split to random"
        )
    return numbers


def _of_nobody(cells: pa.Array, name: str) -> list[str]:
    """Say which groups are called as if they were none: their rows are on one side all the same."""
    if not is_text(cells.type):
        return []
    return [
        f"column {quote(name)}: {count:,} rows of {quote(word)} are taken for one group; if they "
        "have none, leave those cells empty, or name the word in data.missing"
        for word, count in encode(cells).by_word.items()
        if count > 1 and means_missing(word)
    ]


def _uneven(parts: Parts, data: DataConfig, what: str) -> list[str]:
    """Say how large the parts are if one is far from what is wanted, as some rows stay together."""
    wanted = np.array([data.test_fraction, data.validation_fraction])
    wanted = np.array([1 - wanted.sum(), *wanted])
    shares = np.array([(parts == part).mean() for part in (TRAIN, TEST, VALIDATION)])
    if (np.abs(shares - wanted) <= wanted / 2).all():
        return []
    train, test, validation = (f"{100 * share:.2g} %" for share in shares)
    note = (
        f"{train} of the rows are for training, {test} for the test and {validation} for "
        f"validation, because rows of one {what} stay together"
    )
    return [note]


def _folded(cells: pa.Array) -> pa.Array:
    """Groups (N,) whose names differ in case or blanks only count as one: none is on two sides."""
    if not is_text(cells.type):
        return cells
    texts = encode(cells)
    words = [*map(folded, texts.words.to_pylist()), None]
    return pa.array(np.array(words, dtype=object)[texts.codes], pa.string())


def _column(rows: Rows, data: DataConfig) -> Assigned:
    said = blank_to_null(rows.table.column(data.split_column).combine_chunks())
    words = pd.Series(said.to_pylist(), dtype=object).map(lambda word: str(word).lower())
    parts = words.map(PART_WORDS)
    if parts.isna().any():
        first = int(np.argmax(parts.isna())) + 1
        raise InputError(
            f"data.split_column must say train, validation or test in every row, however: "
            f"{int(parts.isna().sum()):,} rows of {quote(data.split_column)} say something else or "
            f"nothing (the first is row {first}); correct them"
        )
    given = parts.to_numpy().astype(np.int8)
    if (given == VALIDATION).any():
        return Assigned(given, _rule(data))
    wanted = data.validation_fraction / (1 - data.test_fraction)
    taken = (given == TRAIN) & (shares(rows.hashes, data.seed) < wanted)
    note = (
        f"column {quote(data.split_column)} names no rows for validation: {int(taken.sum()):,} "
        "of its training rows are taken for it"
    )
    split_up = np.where(taken, VALIDATION, given).astype(np.int8)
    return Assigned(split_up, _rule(data, columns=rows.hashed), (note,))


def _rule(data: DataConfig, **found: Any) -> SplitRule:
    return SplitRule(
        **{
            "mode": data.split,
            "column": data.splits_by,
            "seed": data.seed,
            "test_fraction": data.test_fraction,
            "validation_fraction": data.validation_fraction,
            "columns": (),
            **found,
        }
    )


_RULES: Mapping[SplitMode, Callable[[Rows, DataConfig], Assigned]] = {
    "random": _random,
    "time": _time,
    "group": _group,
    "column": _column,
}
