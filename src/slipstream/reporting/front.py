"""What a search compared: score against latency as rows of a table, and as a figure."""

from matplotlib.figure import Figure

from slipstream.measurement.units import microseconds, size
from slipstream.search.found import Found, Point

__all__ = ["FRONT_TITLES", "about_front", "front_figure", "front_rows"]

FRONT_TITLES = ("model", "validation score", "p50", "p99", "file", "front")
COLOURS = {"float32": "#0072b2", "int8": "#d55e00"}


def front_rows(found: Found) -> list[tuple[str, ...]]:
    """The models that were trained for longest, the fastest first."""
    return [
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


def about_front(found: Found) -> str:
    """What was chosen, what it took, and what the table's figures are."""
    return (
        f"{found.reason}. Of {found.trainings} short trainings, which took {found.seconds:.0f} s, "
        f"those of the last round are shown: {found.measure} of the float32 network on validation "
        "rows; latency and size were measured with random weights. On the front is what no other "
        "is better than in both score and p50"
    )


def front_figure(found: Found) -> Figure:
    """The validation score against the median latency, on a logarithmic axis."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for precision, colour in COLOURS.items():
        points = [each for each in found.points if each.precision == precision]
        faces = [colour if each.is_on_front else "none" for each in points]
        axes.scatter(
            [each.latency_p50_us for each in points],
            [each.score for each in points],
            color=faces,
            edgecolors=colour,
            label=precision,
        )
    for point in found.points:
        if point.is_on_front or _is_chosen(point, found):
            text = _name(point) + (" (chosen)" if _is_chosen(point, found) else "")
            place = (point.latency_p50_us, point.score)
            axes.annotate(text, place, (4, 4), textcoords="offset points", fontsize=7)
    axes.set(
        xscale="log",
        xlabel="p50 of one row (µs)",
        ylabel=f"{found.measure} on validation rows",
        title="Score against latency (filled: on the front)",
    )
    axes.legend()
    axes.grid(alpha=0.3, which="both")
    return figure


def _name(point: Point) -> str:
    return f"k = {point.k}, {' x '.join(map(str, point.hidden))}"


def _is_chosen(point: Point, found: Found) -> bool:
    return (point.k, point.hidden) == (len(found.mask.features), found.hidden)
