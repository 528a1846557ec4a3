"""The target: what a column's labels are as numbers, for each kind of target."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.types as pt
from numpy.typing import NDArray

from slipstream.config.data import DataConfig
from slipstream.data.cells import blank_to_null
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import did_you_mean, listing, quote
from slipstream.runtime.types import Task

__all__ = ["READERS", "Target", "find_target"]

_POSITIVE_WORDS = ("true", "1", "yes")


@dataclass(frozen=True)
class Target:
    """A target as numbers (N,), and its labels in the order of their numbers."""

    numbers: NDArray[np.number]
    classes: tuple[str, ...]

    @property
    def class_shares(self) -> tuple[float, ...]:
        """The share of rows that has each label."""
        return tuple(float((self.numbers == each).mean()) for each in range(len(self.classes)))


def find_target(columns: list[str], target: str) -> None:
    """Check that the target is there.

    Raises:
        InputError: it is not; names near it are suggested.
    """
    if target in columns:
        return
    raise InputError(
        f"data.target must be a column, however: there is no {quote(target)}; "
        f"{did_you_mean(target, columns)}"
        f"set data.target to one of them: {listing(columns)}"
    )


def _binary(raw: pa.Array, data: DataConfig) -> Target:
    """Turn two labels (N,) into 0 and 1: the negative one, and the positive one.

    Raises:
        InputError: labels are missing, or there are not two, or `data.positive` is not one of them.
    """
    name, positive = data.target, data.positive
    labels = _labels(name, raw)
    classes = sorted(labels.unique())
    if len(classes) != 2:
        shown = listing(classes[:5])
        raise InputError(
            f"target {quote(name)} must have two classes, however: it has {len(classes)} "
            f"({shown}{', …' if len(classes) > 5 else ''}); choose another target, or group them"
        )
    if positive:
        if positive not in classes:
            raise InputError(
                f"data.positive must be a label of {quote(name)}, however: {quote(positive)}; "
                f"the labels are {quote(classes[0])} and {quote(classes[1])}"
            )
    else:
        positive = next((each for each in classes if each.lower() in _POSITIVE_WORDS), classes[1])
    (negative,) = set(classes) - {positive}
    return Target((labels == positive).to_numpy().astype(np.int8), (negative, positive))


def _labels(name: str, raw: pa.Array) -> pd.Series:
    values = blank_to_null(raw)
    if values.null_count:
        rows = [index + 1 for index, null in enumerate(values.is_null().to_pylist()) if null]
        first = ", ".join(str(row) for row in rows[:5])
        raise InputError(
            f"target {quote(name)} must have a value in every row, however: {len(rows)} have none "
            f"(row {first}{', …' if len(rows) > 5 else ''}); remove or label those rows"
        )
    if pt.is_floating(values.type) or pt.is_decimal(values.type):
        numbers = (float(value) for value in values.to_pylist())
        return pd.Series(
            [str(int(each)) if each.is_integer() else repr(each) for each in numbers], dtype=object
        )
    return pd.Series([str(value) for value in values.to_pylist()], dtype=object)


# How the target's column (N,) is read, for each kind of target.
READERS: Mapping[Task, Callable[[pa.Array, DataConfig], Target]] = {"binary": _binary}
