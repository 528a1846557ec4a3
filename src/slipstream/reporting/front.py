"""What a search compared: score against latency as rows of a table, and as a figure."""

import itertools
from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slipstream.evaluation.results import LargerModel, LargerName
from slipstream.measurement.units import microseconds, size
from slipstream.reporting.larger import LARGER_NAMES, write_latency
from slipstream.search.found import Found, Point

__all__ = ["FRONT_TITLES", "about_front", "front_figure", "front_json", "front_rows"]

FRONT_TITLES = ("model", "validation score", "p50", "p99", "file", "front")
MARKERS = "osD^vPX"  # of shapes
ROOM = 1.6  # so that an axis has one of 1, 2 and 5 times a power of ten at least
COLOURS = {"float32": "#0072b2", "int8": "#d55e00"}
LARGER_COLOURS: Mapping[LargerName, str] = {"teacher": "#009e73", "lightgbm": "#555555"}
Larger = Mapping[LargerName, LargerModel]


def front_rows(found: Found, larger: Larger) -> list[tuple[str, ...]]:
    """The models that were trained for longest, the fastest first; then larger ones, as timed."""
    tried = [
        (
            f"{_name(point)}, {point.precision}{' (chosen)' if _is_chosen(point, found) else ''}",
            f"{point.score:.4f}",
            microseconds(point.latency_p50_us),
            microseconds(point.latency_p99_us),
            size(point.bundle_bytes),
            "yes" if point.is_on_front else "no",
        )
        for point in found.points
    ]
    compared = [
        (
            f"{LARGER_NAMES[name]}, all columns",
            f"{score:.4f}",
            write_latency(larger.get(name)),
            *3 * ("",),
        )
        for name, score in found.larger.items()
    ]
    return [*tried, *compared]


def front_json(found: Found, larger: Larger) -> dict[str, Any]:
    """What `search.json` and the report hold."""
    scores = {
        name: {"score": score, **(larger[name].latency if name in larger else {})}
        for name, score in found.larger.items()
    }
    return {**found.model_dump(mode="json", exclude={"mask", "warnings"}), "larger": scores}


def about_front(found: Found) -> str:
    """What was chosen, what it took, and what the table's figures are."""
    larger = (
        ". Larger models, which read all columns, learned from the training part too; their p50 is "
        "that of their trees"
    )
    return (
        f"{found.reason}. Of {found.trainings} short trainings, which took {found.seconds:.0f} s, "
        f"those of the last round are shown: {found.measure} of the float32 network on validation "
        "rows; latency and size were measured with random weights. On the front is what no other "
        f"is better than in both score and p50{larger if found.larger else ''}"
    )


def front_figure(found: Found, larger: Larger) -> Figure:
    """The validation score against the median latency, on a logarithmic axis.

    What a mark is stands in the legend: next to the marks, names would cover one another.
    """
    figure = Figure(figsize=(10, 5), layout="constrained")
    axes = figure.subplots()
    markers = dict(zip(dict.fromkeys(map(_name, found.points)), itertools.cycle(MARKERS)))
    for point in found.points:
        colour = COLOURS[point.precision]
        axes.scatter(
            *(point.latency_p50_us, point.score),
            color=colour if point.is_on_front else "none",
            edgecolors=colour,
            marker=markers[_name(point)],
        )
    chosen = {_name(point) for point in found.points if _is_chosen(point, found)}
    for name, marker in markers.items():
        label = f"{name}{' (chosen)' if name in chosen else ''}"
        axes.scatter([], [], color="none", edgecolors="#000000", marker=marker, label=label)
    for precision, colour in COLOURS.items():
        axes.scatter([], [], color=colour, marker="o", label=precision)
    for larger_name, score in found.larger.items():
        _draw_larger(axes, larger_name, score, larger.get(larger_name))
    times = [point.latency_p50_us for point in found.points]
    times += [each.latency_p50_us for each in larger.values() if each.latency_p50_us]
    axes.set(
        xscale="log",
        xlim=(min(times) / ROOM, max(times) * ROOM),
        xlabel="p50 of one row (µs, logarithmic)",
        ylabel=f"{found.measure} on validation rows",
        title="Score against latency (filled: on the front of what was tried)",
    )
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(lambda x, _: f"{x:g}" if f"{x:e}"[0] in "25" else "")
    axes.grid(alpha=0.3, which="both")
    figure.legend(loc="outside right upper", fontsize=9)
    return figure


def _draw_larger(axes: Axes, name: LargerName, score: float, model: LargerModel | None) -> None:
    """A mark, an arrow if it takes longer than was measured; a line without a latency."""
    colour, label = LARGER_COLOURS[name], f"{LARGER_NAMES[name]}: {write_latency(model)}"
    if model is None or not model.latency_p50_us:
        axes.axhline(score, color=colour, linestyle=":", label=label)
        return
    axes.scatter(
        *(model.latency_p50_us, score),
        color="none",
        edgecolors=colour,
        marker="*" if model.is_timed_in_full else ">",
        s=90,
        label=label,
    )


def _name(point: Point) -> str:
    return f"k = {point.k}, {' x '.join(map(str, point.hidden))}"


def _is_chosen(point: Point, found: Found) -> bool:
    return (point.k, point.hidden) == (len(found.mask.features), found.hidden)
