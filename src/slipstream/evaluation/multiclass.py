"""How good predictions of one of several labels are, and how one model's differ from another's.

AUC is the mean over the labels of one against the rest (macro average). A label that no row of the
test part has, or every row, has no AUC and is left out of the mean.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn import metrics

from slipstream.evaluation.metrics import CALIBRATION_BINS, paired_change
from slipstream.evaluation.results import ScoreName
from slipstream.measurement.intervals import Interval

__all__ = ["auc_change", "chosen", "class_shares", "quality", "row_log_loss", "score_changes"]

Floats = NDArray[np.float64]
Labels = NDArray[np.integer]


def quality(target: Labels, probability: Floats) -> dict[ScoreName, float]:
    """Score predicted probabilities (N, C) of each label against the target (N,)."""
    answer = chosen(probability)
    present = np.unique(target)
    scores: dict[ScoreName, float] = {
        "test_accuracy": float((answer == target).mean()),
        "test_macro_f1": float(
            metrics.f1_score(target, answer, labels=present, average="macro", zero_division=0)
        ),
        "test_auc": float(sum(_row_aucs(target, probability))),
        "test_log_loss": float(row_log_loss(target, probability).mean()),
        "test_ece": expected_calibration_error(target, probability),
    }
    place = _places(target, probability)
    if probability.shape[1] > 3:
        scores["test_top_3_accuracy"] = float((place < 3).mean())
    if probability.shape[1] > 5:
        scores["test_top_5_accuracy"] = float((place < 5).mean())
    return scores


def chosen(probability: Floats) -> NDArray[np.int64]:
    """The most probable label of each row (N,); of equally likely ones, the first."""
    return probability.argmax(axis=1)


def class_shares(target: Labels) -> Floats:
    """What a model answers that has learned only how often each label occurs: (N, C)."""
    shares = np.bincount(target) / len(target)
    return np.broadcast_to(shares, (len(target), len(shares)))


def row_log_loss(target: Labels, probability: Floats) -> Floats:
    """Cross-entropy of each row (N,), in nats; probabilities are kept off 0."""
    true = probability[np.arange(len(target)), target]
    return -np.log(np.clip(true, np.finfo(np.float32).eps, None))


def expected_calibration_error(target: Labels, probability: Floats) -> float:
    """Mean gap between the chosen label's probability and how often it is right (Guo et al. 2017).

    Over bins of equal width, as for two labels.
    """
    confidence, right = probability.max(axis=1), chosen(probability) == target
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = np.bincount(bins, confidence - right, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(target))


def score_changes(
    target: Labels, before: Floats, after: Floats, *, accuracy: bool = False
) -> dict[ScoreName, Interval]:
    """How the scores of one model's answers (N, C) differ from another's, by paired intervals.

    Args:
        target: labels (N,).
        before: probabilities of the model that is compared with (N, C).
        after: probabilities of the other model (N, C).
        accuracy: compare accuracy too.
    """
    changes: dict[ScoreName, Interval] = {
        "test_auc": auc_change(target, before, after),
        "test_log_loss": paired_change(row_log_loss(target, before), row_log_loss(target, after)),
    }
    if accuracy:
        right = [(chosen(each) == target).astype(np.float64) for each in (before, after)]
        changes["test_accuracy"] = paired_change(*right)
    return changes


def auc_change(target: Labels, before: Floats, after: Floats) -> Interval:
    """AUC of after less that of before on the same rows (N,), with its 95 % interval.

    A row's part in the AUC of each label is what DeLong et al. (1988) call its placement; the
    variance of a mean over labels follows from the sums of a row's parts, which counts that the
    labels' areas are correlated. The quantile is Student's, with Welch's degrees of freedom over
    the rows of each label. For two labels, this is the interval of `metrics.auc_change`.
    """
    parts = _row_aucs(target, after) - _row_aucs(target, before)  # (N,)
    estimate = float(parts.sum())
    if not parts.any():
        return Interval(estimate=0.0, low=0.0, high=0.0)
    squares = np.square(_influences(target, before, after))
    by_label = np.bincount(target, squares)
    rows = np.bincount(target)
    if not squares.any():
        return Interval(estimate=estimate, low=estimate, high=estimate)
    freedom = by_label.sum() ** 2 / (by_label**2 / np.maximum(rows - 1, 1)).sum()
    half = float(stats.t.ppf(0.975, freedom)) * math.sqrt(squares.sum())
    return Interval(estimate=estimate, low=estimate - half, high=estimate + half)


def _row_aucs(target: Labels, probability: Floats) -> Floats:
    """What each row adds to the AUC (N,): their sum is the AUC."""
    added = np.zeros(len(target))
    counted = 0
    for is_label, placements in _placements(target, probability):
        added[is_label] += placements[is_label] / is_label.sum()
        counted += 1
    return added / max(1, counted)


def _influences(target: Labels, before: Floats, after: Floats) -> Floats:
    """Each row's influence on the change of the AUC (N,): the sum of their squares is its variance.

    Of a label that one row has, nothing is known but this row's own change, which counts whole.
    """
    total = np.zeros(len(target))
    counted = 0
    pairs = zip(_placements(target, before), _placements(target, after), strict=True)
    for (is_label, earlier), (_, later) in pairs:
        change = later - earlier
        for side in (is_label, ~is_label):
            count = int(side.sum())
            centred = change[side] - (change[side].mean() if count > 1 else 0.0)
            total[side] += centred / math.sqrt(count * max(count - 1, 1))
        counted += 1
    return total / counted


def _placements(target: Labels, probability: Floats) -> Iterator[tuple[NDArray[np.bool_], Floats]]:
    """For each label that some rows have: which rows have it (N,), and every row's placement (N,).

    A row's placement is the share of the rows on the other side that it is ordered rightly against;
    ties count half.
    """
    for label in np.unique(target):
        is_label = target == label
        if is_label.all():
            continue
        scores = probability[:, label]
        positive, negative = np.sort(scores[is_label]), np.sort(scores[~is_label])
        placements = np.empty(len(target))
        placements[is_label] = _share_below(scores[is_label], negative)
        placements[~is_label] = 1 - _share_below(scores[~is_label], positive)
        yield is_label, placements


def _share_below(values: Floats, ordered: Floats) -> Floats:
    """The share of ordered numbers (M,) below each value (N,); equal ones count half."""
    below = np.searchsorted(ordered, values, side="left")
    up_to = np.searchsorted(ordered, values, side="right")
    return (below + up_to) / (2 * len(ordered))


def _places(target: Labels, probability: Floats) -> NDArray[np.int64]:
    """How many labels come before the true one (N,).

    Those of a higher probability do, and of the same probability those that are listed earlier.
    """
    places = np.empty(len(target), np.int64)
    numbers = np.arange(probability.shape[1])
    step = max(1, (1 << 22) // probability.shape[1])
    for start in range(0, len(target), step):
        shares, label = probability[start : start + step], target[start : start + step, None]
        true = np.take_along_axis(shares, label.astype(np.int64), axis=1)
        ahead = (shares > true) | ((shares == true) & (numbers < label))
        places[start : start + step] = ahead.sum(axis=1)
    return places
