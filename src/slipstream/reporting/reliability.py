"""Reliability: how often answers of a probability are right, of both variants.

Niculescu-Mizil and Caruana 2005, "Predicting Good Probabilities with Supervised Learning"; for
several labels, of the most probable one (Guo et al. 2017, "On Calibration of Modern Neural
Networks"). The figure shows shares of rows, never a row.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy import stats

from slipstream.runtime.types import Precision

__all__ = ["Reliability", "reliability", "reliability_figure"]

MOST_BINS = 10
BIN_ROWS = 30  # fewer would show chance
LOOKS = {"float32": ("#0072b2", "o-"), "int8": ("#d55e00", "s--")}
Z = float(stats.norm.ppf(0.975))  # of a 95 % interval
MARGIN = 0.02

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reliability:
    """Of B bins of as many rows each: the mean probability, and the share that was right (B,).

    `low` and `high` are the ends of the shares' 95 % intervals.
    """

    probability: Floats
    share: Floats
    low: Floats
    high: Floats


def reliability(
    target: NDArray[np.integer], answers: Floats, weights: Floats | None = None
) -> Reliability:
    """Compare probabilities with what happened.

    The intervals are Wilson's (1927); of rows with weights, of as many rows as weigh as much (Kish
    1965). Bins of equal count show where the rows are, and none is nearly empty.

    Args:
        target: the labels' numbers (N,).
        answers: the probability of the second of two labels (N,), or of each label (N, C).
        weights: of the rows (N,); None: all count alike.
    """
    several = answers.ndim > 1
    probability = answers.max(axis=1) if several else answers
    right = (answers.argmax(axis=1) == target) if several else (target == 1)
    rows = np.ones(len(target)) if weights is None else weights
    order = np.argsort(probability, kind="stable")
    order = order[rows[order] > 0]
    bins = np.array_split(order, max(1, min(MOST_BINS, len(order) // BIN_ROWS)))
    means = np.array([np.average(probability[each], weights=rows[each]) for each in bins])
    share = np.array([np.average(right[each], weights=rows[each]) for each in bins])
    count = np.array([rows[each].sum() ** 2 / np.square(rows[each]).sum() for each in bins])
    middle = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = np.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2)) * Z / (1 + Z**2 / count)
    return Reliability(means, share, (middle - half).clip(0, 1), (middle + half).clip(0, 1))


def reliability_figure(
    found: Mapping[Precision, Reliability], ece: Mapping[Precision, float], event: str
) -> Figure:
    """Probabilities against shares, for both variants.

    Args:
        found: of each variant.
        ece: the expected calibration error of each.
        event: what the probability is of, for the axes.
    """
    figure = Figure(figsize=(6.4, 6), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="exact")
    for precision, each in found.items():
        colour, style = LOOKS[precision]
        ends = np.abs([each.share - each.low, each.high - each.share])
        axes.errorbar(
            each.probability,
            each.share,
            yerr=ends,
            fmt=style,
            color=colour,
            markersize=5,
            linewidth=1,
            capsize=3,
            alpha=0.8,
            label=f"{precision}: calibration error {ece[precision]:.4f}",
        )
    least = min(0.5, *(float(min(each.probability[0], each.low.min())) for each in found.values()))
    start = 0.0 if least < 0.25 else np.floor(10 * least) / 10
    bins = len(next(iter(found.values())).share)
    axes.set(
        xlabel=f"predicted probability {event} (mean of a bin)",
        ylabel="share of test rows that have this label (95 % interval)",
        title=f"Reliability in {bins} bins of equally many test rows",
        xlim=(start - MARGIN, 1 + MARGIN),
        ylim=(start - MARGIN, 1 + MARGIN),
    )
    axes.set_aspect("equal")
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left")
    return figure
