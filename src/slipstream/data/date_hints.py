"""Numbers that may be dates: nothing is assumed, but the user is told how to have them read."""

import re

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from slipstream.data.cells import floats, is_number, is_text
from slipstream.data.columns import RawColumn, Typed
from slipstream.data.texts import Texts, all_match

__all__ = ["hint_at_dates"]

# Names of columns that hold points in time, and of those that hold days.
_TIME = re.compile(
    r"(?i:date|datum|fecha|time|epoch|stamp|created|updated|modified|(^|_)(ts|dt|at|on)(_|$))"
    r"|[a-z](At|On|Ts|TS)$"
)
_DAY = re.compile(r"(?<!up)(date|datum|fecha)", re.IGNORECASE)
# Seconds since 1970 of 1990 to 2050, and the smaller units; days since 1899-12-30 of the same.
_EPOCH = (631_152_000, 2_524_608_000)
_UNITS = {1: "seconds", 10**3: "milliseconds", 10**6: "microseconds", 10**9: "nanoseconds"}
_SERIAL = (32_874, 54_789)
FEW = 20  # different numbers: fewer may be anything


def hint_at_dates(column: RawColumn, typed: Typed) -> str:
    """Say that numbers, or text, that are not read as dates look like dates; else nothing."""
    if typed.kind == "numeric":
        return _hint(column.name, typed.series.to_numpy(np.float64))
    if typed.kind != "categorical":
        return ""
    if is_number(column.cells.type):
        return _hint(column.name, floats(column.cells))
    return _hint_of_texts(column.name, column.texts) if is_text(column.cells.type) else ""


def _hint(name: str, numbers: NDArray[np.float64]) -> str:
    """Say that the numbers (N,) of a column that is named so look like dates; else nothing."""
    if not _TIME.search(name):
        return ""
    present = np.unique(numbers[~np.isnan(numbers)])
    if len(present) < FEW:
        return ""
    for scale, unit in _UNITS.items():
        if _EPOCH[0] * scale <= present[0] and present[-1] <= _EPOCH[1] * scale:
            return (
                f"its numbers look like {unit} since 1970, and are read as numbers; data.types = "
                "datetime reads them as dates"
            )
    if _DAY.search(name) and _SERIAL[0] <= present[0] and present[-1] <= _SERIAL[1]:
        return (
            "its numbers look like a spreadsheet's days since 1899-12-30, and are read as numbers; "
            "write them as 2025-03-04 to have them read as dates"
        )
    return ""


def _hint_of_texts(name: str, texts: Texts) -> str:
    """Say that the texts of a column that is read as text look like dates; else nothing."""
    if not all_match(texts.words, "[0-9]{15,19}"):
        return ""
    return _hint(name, np.asarray(texts.words.cast(pa.float64()).to_numpy(), np.float64))
