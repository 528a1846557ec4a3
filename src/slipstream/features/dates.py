"""What a model learns from a date or time: the instant, and those parts that can be learned.

A part that the training rows show once, such as the months of half a year, says nothing that the
instant does not say, and would be wrong for the months to come: it is left out.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.columns import Column
from slipstream.runtime.date_parts import PARTS, derive
from slipstream.runtime.text import quote

__all__ = ["date_notes", "fit_parts"]

Floats = NDArray[np.float64]
DAY_SECONDS = 86_400

# How long the rows must span: each hour and weekday twice, every month once.
SHORTEST_DAYS = {"hour": 2, "weekday": 14, "day": 62, "month": 365}
# Parts of which each value has an edge of its own: between two of them, nothing is.
SINGLE = ("weekday", "month")


def fit_parts(
    seconds: Floats, *, allows_missing: bool, fit_edges: Callable[[Floats], Floats]
) -> tuple[Column, ...]:
    """Fit the parts of a date that the training rows can teach.

    Args:
        seconds: (N,) instants, without missing ones.
        allows_missing: as the date itself.
        fit_edges: finds the edges of a number (N,).
    """
    if not len(seconds):
        return ()
    span_days = float(np.ptp(seconds)) / DAY_SECONDS
    parts = [part for part in PARTS if span_days >= SHORTEST_DAYS[part]]
    fitted = []
    for part, values in zip(parts, derive(seconds, parts), strict=True):
        distinct = np.unique(values)
        if len(distinct) > 1:
            edges = distinct if part in SINGLE else fit_edges(values)
            fitted.append(
                Column(name=part, kind="numeric", allows_missing=allows_missing, edges=edges)
            )
    return tuple(fitted)


def date_notes(columns: Sequence[Column]) -> list[str]:
    """What a model reads of each date, a sentence a column."""
    names = {"hour": "hour", "weekday": "weekday", "day": "day of the month", "month": "month"}
    notes = []
    for column in columns:
        if column.kind == "datetime":
            seen = ["trend", *(names[part.name] for part in column.parts)]
            listed = " and ".join([", ".join(seen[:-1]), seen[-1]] if seen[1:] else seen)
            notes.append(
                f"column {quote(column.name)} is a date or time; the model learns its {listed}"
            )
    return notes
