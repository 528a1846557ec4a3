"""How many columns a model needs: the path of elimination as rows of a table, and as a figure."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from slipstream.artifacts.references import FeatureMask
from slipstream.artifacts.selection import PathStep
from slipstream.measurement.units import microseconds
from slipstream.runtime.text import listing

__all__ = ["PATH_TITLES", "about_path", "path_figure", "path_rows"]

PATH_TITLES = ("columns", "left out", "validation score", "lost", "p50, int8")
MOST_ROWS = 20
MOST_NAMES = 3
COLOUR = "#0072b2"


def path_rows(mask: FeatureMask, p50_us_of_k: Mapping[int, float]) -> list[tuple[str, ...]]:
    """The path from one column up: how many, which went last, the score, what is lost, the time.

    Where latency was measured, the steps that it was measured of.
    """
    kept = len(mask.features)
    measured = [step for step in reversed(mask.path) if step.k in p50_us_of_k]
    return [
        (
            f"{step.k:,}{' (kept)' if step.k == kept else ''}",
            listing(list(step.dropped), most=MOST_NAMES),
            f"{step.score:.4f}",
            f"{step.lost:.4f} ± {step.error:.4f}",
            microseconds(p50_us_of_k[step.k]) if measured else "not measured",
        )
        for step in measured or _thinned(mask.path, kept)
    ]


def about_path(mask: FeatureMask) -> str:
    """What the table's figures are."""
    return (
        f"{mask.measure} on validation rows, of one network that is kept from seeing the columns "
        "left out; lost: against the best of the path, ± one standard error. A network trained on "
        "so few columns does better. p50, which the search measures, is that of its hidden layers "
        "with random weights"
    )


def path_figure(mask: FeatureMask, p50_us_of_k: Mapping[int, float]) -> Figure:
    """The validation score at each number of columns, and below it the latency of several."""
    figure = Figure(figsize=(8, 6), layout="constrained")
    if p50_us_of_k:
        axes, times = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        measured = sorted(p50_us_of_k.items())
        times.plot(*zip(*measured, strict=True), marker="o", markersize=4, color=COLOUR)
        times.set(ylabel="p50 of one row, int8 (µs)", ylim=(0, None))
    else:
        axes = times = figure.subplots()
    sizes, scores = [step.k for step in mask.path], [step.score for step in mask.path]
    errors = [step.error for step in mask.path]
    axes.errorbar(sizes, scores, errors, marker="o", markersize=4, color=COLOUR, capsize=2)
    axes.set(
        ylabel=f"{mask.measure} on validation rows",
        title=f"Backward elimination: {len(mask.features)} of {len(mask.scores)} columns kept",
    )
    times.set(xlabel="columns that the network sees")
    times.xaxis.set_major_locator(MaxNLocator(integer=True))
    for each in figure.axes:
        each.axvline(len(mask.features), color="#d55e00", linestyle="--", label="kept")
        each.grid(alpha=0.3)
    axes.legend()
    return figure


def _thinned(path: Sequence[PathStep], kept: int) -> list[PathStep]:
    """At most so many steps, the fewest columns first: the kept one, and those of few columns."""
    ascending = sorted(path, key=lambda step: step.k)
    step = -(-len(ascending) // MOST_ROWS)
    return [
        each
        for place, each in enumerate(ascending)
        if place % step == 0 or each.k == kept or place == len(ascending) - 1
    ]
