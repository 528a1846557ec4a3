"""What a model derives from a date, as nodes of an ONNX graph: the arithmetic of `date_parts`."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import DTypeLike

from slipstream.runtime.date_parts import DAY_SECONDS, ERA_DAYS, MARCH_0000, MONDAY
from slipstream.runtime.dates import END_US, FIRST_US

__all__ = ["derive"]


class Graph(Protocol):
    """What nodes are added to; tensors are known by their names."""

    def add(self, operator: str, *inputs: str) -> str: ...
    def hold(self, values: object, kind: DTypeLike) -> str: ...
    def cast(self, tensor: str, kind: DTypeLike) -> str: ...


def derive(graph: Graph, given: str, parts: Sequence[str]) -> tuple[str, list[str]]:
    """Derive the parts of a date: its own seconds, NaN where it is none, and each part, (N, 1).

    Args:
        graph: what nodes are added to.
        given: the tensor of seconds since 1970 in UTC, float64.
        parts: names of the parts.
    """
    first, end = (graph.hold(us / 1e6, np.float64) for us in (FIRST_US, END_US))
    late, early = graph.add("GreaterOrEqual", given, first), graph.add("Less", given, end)
    inside = graph.add("And", late, early)
    absent = graph.hold(np.nan, np.float64)
    seconds = graph.add("Where", inside, given, absent)
    if not parts:
        return seconds, []
    known = graph.add("Where", inside, given, graph.hold(0, np.float64))
    made = _parts(graph, known)
    return seconds, [graph.add("Where", inside, made[part], absent) for part in parts]


def _parts(graph: Graph, known: str) -> dict[str, str]:
    """Every part of instants that are not missing, float64."""

    def hold(number: int) -> str:
        return graph.hold(number, np.int64)

    whole = graph.cast(graph.add("Floor", known), np.int64)
    of_day = graph.add("Mod", whole, hold(DAY_SECONDS))
    midnight = graph.add("Sub", whole, of_day)
    days = graph.add("Div", midnight, hold(DAY_SECONDS))
    passed = graph.add("Sub", known, graph.cast(midnight, np.float64))
    day, month = _calendar(graph, days)
    return {
        "hour": graph.add("Div", passed, graph.hold(3600, np.float64)),
        "weekday": graph.cast(
            graph.add("Mod", graph.add("Add", days, hold(MONDAY)), hold(7)), np.float64
        ),
        "day": graph.cast(day, np.float64),
        "month": graph.cast(month, np.float64),
    }


def _calendar(graph: Graph, days: str) -> tuple[str, str]:
    """The day of the month and the month, int64."""

    def operate(operator: str, left: str, right: str | int) -> str:
        return graph.add(
            operator, left, right if isinstance(right, str) else graph.hold(right, np.int64)
        )

    of_era = operate("Mod", operate("Add", days, MARCH_0000), ERA_DAYS)
    leaps = operate("Sub", operate("Div", of_era, 36_524), operate("Div", of_era, 1460))
    leaps = operate("Sub", leaps, operate("Div", of_era, ERA_DAYS - 1))
    year = operate("Div", operate("Add", of_era, leaps), 365)
    before = operate("Add", operate("Mul", year, 365), operate("Div", year, 4))
    of_year = operate("Sub", of_era, operate("Sub", before, operate("Div", year, 100)))
    month = operate("Div", operate("Add", operate("Mul", of_year, 5), 2), 153)
    start = operate("Div", operate("Add", operate("Mul", month, 153), 2), 5)
    day = operate("Add", operate("Sub", of_year, start), 1)
    wrapped = operate("Mul", operate("Div", month, 10), 12)
    return day, operate("Sub", operate("Add", month, 3), wrapped)
