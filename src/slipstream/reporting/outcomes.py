"""Figures of what a model answers on the test part: labels confused, numbers missed, or coverage.

They show counts of rows, never a row.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter
from numpy.typing import NDArray
from scipy import stats

from slipstream.runtime.quantiles import names
from slipstream.runtime.text import escape

__all__ = ["confusion_figure", "coverage_figure", "residual_figure"]

MOST_LABELS = 50  # more are not readable: then those that are confused most
MOST_CONFUSED = 30
MOST_WRITTEN = 15  # so many labels have room for a count in each cell
LABEL_CHARACTERS = 18
BINS = 40
# Share of the rows at each end that a figure of numbers leaves out: one row must not stretch it.
TAIL = 0.005
CHANCE = (0.025, 0.975)  # the ends of a 95 % band
OUTSIDE = 4  # percentage points beyond 0 and 100
RIGHT = 75  # labels of points from here on, in percent, are on their left
MOST_COVERAGES = 9  # more would cover each other


def confusion_figure(
    target: NDArray[np.integer], answers: NDArray[np.integer], classes: tuple[str, ...]
) -> Figure:
    """How often each label (rows of the figure) is answered by each (columns).

    Args:
        target: the true labels' numbers (N,).
        answers: the answered labels' numbers (N,).
        classes: the labels, in the order of their numbers.
    """
    counts = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(counts, (target, answers), 1)
    shown = _most_confused(counts)
    part = counts[np.ix_(shown, shown)]
    side = min(14.0, 3.5 + 0.32 * len(shown))
    figure = Figure(figsize=(side + 1.5, side), layout="constrained")
    axes = figure.subplots()
    totals = counts.sum(axis=1)[shown]
    shares = 100 * part / np.maximum(totals, 1)[:, None]
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    figure.colorbar(image, ax=axes, label="share of the rows with this true label (%)")
    names = [_plain(classes[each]) for each in shown]
    size = 9 if len(shown) <= MOST_CONFUSED else 5
    axes.set_xticks(range(len(shown)), names, rotation=90, fontsize=size)
    axes.set_yticks(range(len(shown)), names, fontsize=size)
    axes.set(xlabel="answered label", ylabel="true label", title=_title(counts, len(shown)))
    if len(shown) <= MOST_WRITTEN:
        _write_counts(axes, part, shares)
    return figure


def residual_figure(target: NDArray[np.float64], answers: NDArray[np.float64], name: str) -> Figure:
    """Answers against true values, and residuals against answers: counts of rows a cell.

    Args:
        target: the true values (N,).
        answers: the predicted values (N,).
        name: what the target is called.
    """
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    residuals = answers - target
    low, high = _range(np.r_[target, answers])
    _draw_counts(left, target, answers, ((low, high), (low, high)))
    left.plot([low, high], [low, high], color="grey", linestyle=":", label="exact")
    left.set(xlabel=f"true {_plain(name)}", ylabel="predicted", title="Predicted and true values")
    _draw_counts(right, answers, residuals, (_range(answers), _range(residuals)))
    right.axhline(0, color="grey", linestyle=":", label="exact")
    right.set(xlabel="predicted", ylabel="residual (predicted less true)", title="Residuals")
    for axes in (left, right):
        axes.legend(loc="upper left")
    return figure


def coverage_figure(levels: Sequence[float], coverage: Sequence[float], rows: int) -> Figure:
    """The share of test rows at or below each quantile, against its level.

    The band is where 95 % of the shares would be by chance, were the levels exact.

    Args:
        levels: ascending (Q,).
        coverage: of each level (Q,).
        rows: how many test rows there are.
    """
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    axes = figure.subplots()
    grid = np.linspace(0, 100, 101)
    low, high = (100 * stats.binom.ppf(each, rows, grid / 100).clip(0) / rows for each in CHANCE)
    axes.fill_between(grid, low, high, color="#dddddd", label=f"by chance, of {rows:,} rows (95 %)")
    axes.plot([0, 100], [0, 100], color="grey", linestyle=":", label="exact")
    at, found = 100 * np.asarray(levels), 100 * np.asarray(coverage)
    axes.plot(at, found, "o-", color="#0072b2", markersize=5, label="test part")
    if len(levels) <= MOST_COVERAGES:
        for name, x, y in zip(names(levels), at, found, strict=True):
            offset, side = (9, "left") if x < RIGHT else (-9, "right")
            look: dict[str, Any] = {"ha": side, "va": "center", "fontsize": 9}
            label = f"{name}: {y:.1f} %"
            axes.annotate(label, (x, y), (offset, 0), textcoords="offset points", **look)
    axes.set(
        xlabel="level of the quantile (%)",
        ylabel="share of test rows at or below it (%)",
        title="Coverage of each quantile",
        xlim=(-OUTSIDE, 100 + OUTSIDE),  # room for what stands at the ends
        ylim=(-OUTSIDE, 100 + OUTSIDE),
    )
    axes.set_aspect("equal")
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left")
    return figure


def _most_confused(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """All labels, or of too many those of the most wrong answers, in their order."""
    if len(counts) <= MOST_LABELS:
        return np.arange(len(counts))
    wrong = counts.sum(axis=0) + counts.sum(axis=1) - 2 * counts.diagonal()
    return np.sort(np.argsort(-wrong, kind="stable")[:MOST_CONFUSED])


def _title(counts: NDArray[np.int64], shown: int) -> str:
    right, rows = int(counts.trace()), int(counts.sum())
    title = f"Test part: {right:,} of {rows:,} rows answered rightly"
    if shown == len(counts):
        return title
    return f"{title}\nthe {shown} labels confused most, of {len(counts):,}"


def _write_counts(axes: Axes, counts: NDArray[np.int64], shares: NDArray[np.float64]) -> None:
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if shares[row, column] > 50 else "black"
        written = f"{count:,}" if count else ""
        axes.text(column, row, written, ha="center", va="center", color=colour, fontsize=9)


def _draw_counts(
    axes: Axes,
    across: NDArray[np.float64],
    up: NDArray[np.float64],
    limits: tuple[tuple[float, float], tuple[float, float]],
) -> None:
    """Rows counted in cells, the darker the more."""
    counts, *_ = np.histogram2d(across, up, bins=BINS, range=limits)
    (left, right), (bottom, top) = limits
    image = axes.imshow(
        np.ma.masked_equal(counts.T, 0),
        origin="lower",
        extent=(left, right, bottom, top),
        aspect="auto",
        cmap="Blues",
        norm=LogNorm(0.5, max(2.0, float(counts.max()))),
    )
    bar = axes.figure.colorbar(image, ax=axes, label="rows (log scale)")
    most = max(2, int(counts.max()))
    bar.set_ticks([each for each in (1, 2, 3, 5, 10, 30, 100, 300, 1000) if each <= most])
    bar.formatter = StrMethodFormatter("{x:,.0f}")
    bar.minorticks_off()
    axes.grid(alpha=0.3)


def _range(values: NDArray[np.float64]) -> tuple[float, float]:
    """From where to where a figure goes."""
    low, high = np.quantile(values, (TAIL, 1 - TAIL))
    return (float(low), float(high)) if low < high else (float(low) - 0.5, float(high) + 0.5)


def _plain(name: str) -> str:
    """A name in which matplotlib finds no formula and no control character."""
    text = escape(name)
    cut = text if len(text) <= LABEL_CHARACTERS else f"{text[: LABEL_CHARACTERS - 1]}…"
    return cut.replace("$", r"\$")
