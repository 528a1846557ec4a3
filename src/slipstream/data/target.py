"""The target: what a column's cells are as numbers, for each kind of target."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from numpy.typing import NDArray

from slipstream.config.data import DataConfig
from slipstream.data.cells import floats, is_supported, is_text
from slipstream.data.label_text import is_same_label, note_on_spellings, spelled_as
from slipstream.data.sentinels import sentinel_note
from slipstream.data.texts import plain_numbers
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import did_you_mean, listing, quote
from slipstream.runtime.types import Task

__all__ = ["MAX_CLASSES", "READERS", "Target", "find_target", "read_target"]

_POSITIVE_WORDS = ("true", "1", "yes")
MAX_CLASSES = 1000
# Whole numbers are labels if so few differ, and each occurs so often; else they are quantities.
MOST_WHOLE_LABELS = 20
LEAST_LABEL_ROWS = 5
# Beyond this, float32 arithmetic cannot tell the answers apart, or overflows.
LARGEST_NUMBER = 1e30
LEAST_VARIATION = 1e-5


@dataclass(frozen=True)
class Target:
    """A target as numbers (N,): the labels' numbers, or the target's own.

    `classes` has the labels in the order of their numbers, `quantiles` the levels to predict.
    `notes` say what was inferred.
    """

    numbers: NDArray[np.number]
    classes: tuple[str, ...]
    task: Task = "binary"
    quantiles: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def class_shares(self) -> tuple[float, ...]:
        """The share of rows that has each label."""
        if not self.classes:
            return ()
        counts = np.bincount(self.numbers.astype(np.int64), minlength=len(self.classes))
        return tuple((counts / len(self.numbers)).tolist())

    @property
    def mean(self) -> float:
        """The mean of a number; 0 for labels."""
        return 0.0 if self.classes else float(self.numbers.mean())

    @property
    def deviation(self) -> float:
        """The standard deviation of a number; 0 for labels."""
        return 0.0 if self.classes else float(self.numbers.std())


def find_target(columns: list[str], target: str) -> None:
    """Check that the target is there.

    Raises:
        InputError: it is not; names near it are suggested.
    """
    if target in columns:
        return
    is_default = target == DataConfig.model_fields["target"].default
    near = "" if is_default else did_you_mean(target, columns)
    raise InputError(
        f"data.target must be a column, however: there is no {quote(target)}; "
        f"{near}set data.target to one of these: {listing(columns)}"
    )


def read_target(cells: pa.Array, data: DataConfig) -> Target:
    """Read the target's cells (N,), none of them missing, as the config says or as what they are.

    Raises:
        InputError: the column breaks a rule of its kind.
    """
    values, spelled = _respelled(_checked(data.target, cells), data)
    task, note = data.kind, ""
    if task == "auto":
        task, note = _kind(data.target, values, are_categories=pt.is_dictionary(cells.type))
    target = READERS[task](values, data)
    notes = (*spelled, note) if note else spelled
    if not target.classes and (odd := sentinel_note(target.numbers.astype(np.float64))):
        notes = (*notes, f"target {quote(data.target)}: {odd}")
    return replace(target, notes=notes)


def _respelled(values: pa.Array, data: DataConfig) -> tuple[pa.Array, tuple[str, ...]]:
    """Values (N,) as `data.labels` spells them, where it spells them otherwise; what is said."""
    if not data.labels:
        return values, ()
    labels = _labels(values)
    kept = spelled_as(labels.unique().tolist(), data.labels)
    absent = [each for each in data.labels if each not in kept.values()]
    rule = "labels keep the spelling of data.labels, in a retraining that of the champion"
    notes = note_on_spellings(data.target, kept, rule)
    if absent:
        name = quote(data.target)
        notes = (*notes, f"target {name}: no row has these of data.labels: {listing(absent)}")
    if all(word == label for word, label in kept.items()):
        return values, notes
    return pa.array(labels.map(kept), pa.string()), notes


def _kind(name: str, values: pa.Array, *, are_categories: bool) -> tuple[Task, str]:
    """What a column holds, and a sentence about it where somebody may expect another kind.

    Text, booleans and what the file marks as categories are labels. Numbers are labels if there are
    two, or a few whole ones that each occur several times; else they are quantities. Numbers that
    number the rows are labels that never repeat, which the reader of labels refuses.
    """
    counts = pc.value_counts(values)
    distinct, rows = counts.field("values"), counts.field("counts").to_numpy()
    if len(distinct) <= 2:
        return "binary", ""
    numbers = None if are_categories else _numbers(distinct)
    if numbers is None:
        return "multiclass", f"target {quote(name)} has {len(distinct):,} labels: multiclass"
    whole = bool((numbers == np.floor(numbers)).all())
    if whole and len(numbers) == len(values) == np.ptp(numbers) + 1 > MOST_WHOLE_LABELS:
        return "multiclass", ""
    few = len(numbers) <= MOST_WHOLE_LABELS and int(rows.min()) >= LEAST_LABEL_ROWS
    if whole and few:
        return "multiclass", (
            f"target {quote(name)} has {len(numbers)} different whole numbers, taken as labels: "
            "multiclass; data.task = regression takes them as quantities"
        )
    may_be_labels = len(numbers) <= (MAX_CLASSES if whole else MOST_WHOLE_LABELS)
    other = "; data.task = multiclass takes them as labels" if may_be_labels else ""
    return "regression", (
        f"target {quote(name)} has {len(numbers):,} different numbers, taken as quantities: "
        f"regression{other}"
    )


def _binary(values: pa.Array, data: DataConfig) -> Target:
    """Turn two labels (N,) into 0 and 1: the negative one, and the positive one.

    Raises:
        InputError: there are not two, or `data.positive` is not one of them.
    """
    name, positive = data.target, data.positive
    labels = _labels(values)
    classes = sorted(labels.unique())
    if len(classes) != 2:
        shown = listing(classes[:5])
        raise InputError(
            f"target {quote(name)} must have two classes, however: it has {len(classes)} "
            f"({shown}{', …' if len(classes) > 5 else ''}); {_way_out_of_two(classes, positive)}"
        )
    if positive:
        positive = next((each for each in classes if is_same_label(each, positive)), positive)
        if positive not in classes:
            raise InputError(
                f"data.positive must be a label of {quote(name)}, however: {quote(positive)}; "
                f"the labels are {quote(classes[0])} and {quote(classes[1])}"
            )
    else:
        positive = next((each for each in classes if each.lower() in _POSITIVE_WORDS), classes[1])
    (negative,) = set(classes) - {positive}
    numbers = (labels == positive).to_numpy().astype(np.int8)
    return Target(numbers, (negative, positive), "binary")


def _way_out_of_two(classes: Sequence[str], positive: str) -> str:
    """What to do about a target that has not two labels, although the config says so."""
    if len(classes) < 2:
        return "choose another target"
    without = " and leave data.positive empty" if positive else ""
    if len(classes) <= MAX_CLASSES:
        return f"set data.task to multiclass{without}, group them, or choose another target"
    return (
        f"set data.task to regression{without} if they are quantities, group them, or choose "
        "another target"
    )


def _multiclass(values: pa.Array, data: DataConfig) -> Target:
    """Turn up to 1,000 labels (N,) into 0, 1, …: sorted, by their value if all are numbers.

    Raises:
        InputError: there are fewer than two or more than 1,000, or hardly any repeats.
    """
    name = data.target
    codes, found = pd.factorize(_labels(values))
    distinct = [str(each) for each in found]
    if data.positive:
        raise InputError(
            "data.positive must be empty where there are more than two labels, however: "
            f"target {quote(name)} has {len(distinct):,}; take data.positive out, or choose "
            "another target"
        )
    if len(distinct) < 2:
        raise InputError(
            f"target {quote(name)} must have two labels or more, however: every row has the same; "
            "choose another target"
        )
    if len(distinct) == len(values):
        raise InputError(
            f"the labels of target {quote(name)} must repeat, however: each of {len(values):,} "
            "rows has its own, as in an identifier; choose another target, or set data.task to "
            "regression if they are quantities"
        )
    if len(distinct) > MAX_CLASSES:
        raise InputError(
            f"target {quote(name)} must have at most {MAX_CLASSES:,} labels, however: it has "
            f"{len(distinct):,}; group the rare ones under one label, or set data.task to "
            "regression if they are quantities"
        )
    order = np.array(_in_order(distinct))
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    classes = tuple(distinct[each] for each in order)
    return Target(places[codes].astype(np.int16), classes, "multiclass")


def _regression(values: pa.Array, data: DataConfig) -> Target:
    """The numbers (N,) as they are, in float64.

    Raises:
        InputError: a cell is not a finite number, or they hardly vary.
    """
    name = data.target
    asked, way_out = "data.task = regression", "set data.task to {}"
    if data.quantiles:
        asked, way_out = "data.quantiles", "take data.quantiles out"
    found = None if pt.is_boolean(values.type) else _numbers(values)
    if found is None:
        raise InputError(
            f"target {quote(name)} must hold numbers for {asked}, however: "
            f"{_no_number(values)}; choose another target, or {way_out.format('multiclass')}"
        )
    if data.positive:
        raise InputError(
            "data.positive must be empty where a number is predicted, however: "
            f"target {quote(name)} is one; take data.positive out, or {way_out.format('binary')}"
        )
    if data.labels:
        raise InputError(
            "data.labels must be empty where a number is predicted, however: target "
            f"{quote(name)} is one; take data.labels out, or {way_out.format('multiclass')}"
        )
    unusable = ~(np.abs(found) <= LARGEST_NUMBER)
    if unusable.any():
        raise InputError(
            f"target {quote(name)} must hold finite numbers, however: {int(unusable.sum()):,} are "
            f"infinite or beyond {LARGEST_NUMBER:g} (the first in row "
            f"{int(unusable.argmax()) + 1}); remove those rows, or divide by a constant"
        )
    if len(np.unique(found)) == 1:
        raise InputError(
            f"target {quote(name)} must vary, however: every row has the same number; choose "
            "another target"
        )
    largest = float(np.abs(found).max())
    if found.std() < max(LEAST_VARIATION * largest, 1 / LARGEST_NUMBER):
        raise InputError(
            f"target {quote(name)} must vary by more than {LEAST_VARIATION:g} of its size, "
            "however: its standard deviation is less, which float32 cannot resolve; subtract a "
            "constant from it, or multiply it by one"
        )
    return Target(found + 0.0, (), "regression")


def _quantiles(values: pa.Array, data: DataConfig) -> Target:
    """As for a regression; the levels that are asked for are kept with the target.

    Raises:
        InputError: as for a regression, or there are two different numbers only.
    """
    target = _regression(values, data)
    if len(np.unique(target.numbers)) == 2:
        raise InputError(
            f"target {quote(data.target)} must have more than two different numbers for "
            "data.quantiles, however: it has two, as labels have; choose another target, or take "
            "data.quantiles out"
        )
    return replace(target, task="quantiles", quantiles=tuple(data.quantiles))


def _checked(name: str, cells: pa.Array) -> pa.Array:
    """The target's values, of a type that can be read."""
    values = cells.dictionary_decode() if pt.is_dictionary(cells.type) else cells
    assert not values.null_count, "rows without a label are left out before"
    if not is_supported(values.type):
        raise InputError(
            f"target {quote(name)} must hold numbers, booleans or text, however: its type is "
            f"{values.type}; derive numbers or text from it, or choose another target"
        )
    return values


def _labels(values: pa.Array) -> pd.Series:
    if pt.is_floating(values.type) or pt.is_decimal(values.type):
        numbers = (float(value) for value in values.to_pylist())
        return pd.Series(
            [str(int(each)) if each.is_integer() else repr(each) for each in numbers], dtype=object
        )
    return pd.Series([str(value) for value in values.to_pylist()], dtype=object)


def _numbers(values: pa.Array) -> NDArray[np.float64] | None:
    """Values (N,) as numbers, also where they are written as text; None if one is not a number."""
    if pt.is_boolean(values.type):
        return None
    if not is_text(values.type):
        return floats(values)
    numbers = plain_numbers(values.to_pylist())
    return None if np.isnan(numbers).any() else numbers


def _no_number(values: pa.Array) -> str:
    """What of the values is not a number, in words."""
    if not is_text(values.type):
        return f"its type is {values.type}"
    wrong = np.isnan(plain_numbers(values.to_pylist()))
    count, row = int(wrong.sum()), int(wrong.argmax()) + 1
    if count == 1:
        return f"1 value is not a number (in row {row})"
    return f"{count:,} values are not numbers (the first in row {row})"


def _in_order(labels: list[str]) -> list[int]:
    """The places of labels when they are sorted: by value if all are numbers, else as text."""
    values = pd.to_numeric(pd.Series(labels, dtype=object), errors="coerce")
    if values.isna().any():
        return sorted(range(len(labels)), key=lambda each: labels[each])
    return sorted(range(len(labels)), key=lambda each: (values[each], labels[each]))


# How the target's values (N,), none of them missing, are read, for each kind of target.
READERS: Mapping[Task, Callable[[pa.Array, DataConfig], Target]] = {
    "binary": _binary,
    "multiclass": _multiclass,
    "regression": _regression,
    "quantiles": _quantiles,
}
