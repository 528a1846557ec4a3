"""How good predictions of one of several labels are, and how one model's differ from another's.

AUC is the mean over the labels of one against the rest (macro average). A label that no row of the
test part has, or every row, has no AUC and is left out of the mean.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from slipstream.evaluation import weighted
from slipstream.evaluation.metrics import CALIBRATION_BINS, paired_change
from slipstream.evaluation.results import ScoreName
from slipstream.evaluation.weighted import Weights
from slipstream.measurement.intervals import Interval

__all__ = ["auc_change", "chosen", "class_shares", "quality", "row_log_loss", "score_changes"]

Floats = NDArray[np.float64]
Labels = NDArray[np.integer]


def quality(target: Labels, probability: Floats, weights: Weights = None) -> dict[ScoreName, float]:
    """Score predicted probabilities (N, C) of each label against the target (N,)."""
    answer = chosen(probability)
    macro_f1 = metrics.f1_score(
        target,
        answer,
        labels=np.unique(target),
        average="macro",
        zero_division=0,
        sample_weight=weights,
    )
    scores: dict[ScoreName, float] = {
        "test_accuracy": weighted.mean(answer == target, weights),
        "test_macro_f1": float(macro_f1),
        "test_auc": float(_row_aucs(target, probability, weights).sum()),
        "test_log_loss": weighted.mean(row_log_loss(target, probability), weights),
        "test_ece": expected_calibration_error(target, probability, weights),
    }
    place = _places(target, probability)
    if probability.shape[1] > 3:
        scores["test_top_3_accuracy"] = weighted.mean(place < 3, weights)
    if probability.shape[1] > 5:
        scores["test_top_5_accuracy"] = weighted.mean(place < 5, weights)
    return scores


def chosen(probability: Floats) -> NDArray[np.int64]:
    """The most probable label of each row (N,); of equally likely ones, the first."""
    return probability.argmax(axis=1)


def class_shares(target: Labels, weights: Weights = None) -> Floats:
    """What a model answers that has learned only how often each label occurs: (N, C)."""
    counts = np.bincount(target, weights)
    shares = counts / counts.sum()
    return np.broadcast_to(shares, (len(target), len(shares)))


def row_log_loss(target: Labels, probability: Floats) -> Floats:
    """Cross-entropy of each row (N,), in nats; probabilities are kept off 0."""
    true = probability[np.arange(len(target)), target]
    return -np.log(np.clip(true, np.finfo(np.float32).eps, None))


def expected_calibration_error(
    target: Labels, probability: Floats, weights: Weights = None
) -> float:
    """Mean gap between the chosen label's probability and how often it is right (Guo et al. 2017).

    Over bins of equal width, as for two labels.
    """
    confidence, right = probability.max(axis=1), chosen(probability) == target
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    rows = weighted.of_rows(weights, len(target))
    gaps = np.bincount(bins, rows * (confidence - right), minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / rows.sum())


def score_changes(
    target: Labels,
    before: Floats,
    after: Floats,
    weights: Weights = None,
    *,
    accuracy: bool = False,
) -> dict[ScoreName, Interval]:
    """How the scores of one model's answers (N, C) differ from another's, by paired intervals.

    Args:
        target: labels (N,).
        before: probabilities of the model that is compared with (N, C).
        after: probabilities of the other model (N, C).
        weights: of the rows (N,).
        accuracy: compare accuracy too.
    """
    changes: dict[ScoreName, Interval] = {
        "test_auc": auc_change(target, before, after, weights),
        "test_log_loss": paired_change(
            row_log_loss(target, before), row_log_loss(target, after), weights
        ),
    }
    if accuracy:
        right = [(chosen(each) == target).astype(np.float64) for each in (before, after)]
        changes["test_accuracy"] = paired_change(right[0], right[1], weights)
    return changes


def auc_change(target: Labels, before: Floats, after: Floats, weights: Weights = None) -> Interval:
    """AUC of after less that of before on the same rows (N,), with its 95 % interval.

    A row's part in the AUC of each label is what DeLong et al. (1988) call its placement; the
    variance of a mean over labels follows from the sums of a row's parts, which counts that the
    labels' areas are correlated. The quantile is Student's, with Welch's degrees of freedom over
    the rows of each label. For two labels, this is the interval of `metrics.auc_change`.
    """
    if weights is not None:
        counts = weights > 0
        target, before, after = target[counts], before[counts], after[counts]
        weights = weights[counts]
    estimate, influences = _auc_shift(target, before, after, weights)
    squares = np.square(influences)
    if not squares.any():
        return Interval(estimate=estimate, low=estimate, high=estimate)
    by_label = np.bincount(target, squares)
    rows = np.bincount(target)
    freedom = by_label.sum() ** 2 / (by_label**2 / np.maximum(rows - 1, 1)).sum()
    half = weighted.quantile_of_t(freedom) * math.sqrt(squares.sum())
    return Interval(estimate=estimate, low=estimate - half, high=estimate + half)


def _row_aucs(target: Labels, probability: Floats, weights: Weights) -> Floats:
    """What each row adds to the AUC (N,): their sum is the AUC."""
    added = np.zeros(len(target))
    counted = 0
    for is_label, placements in _placements(target, probability, weights):
        rows = np.ones(is_label.sum()) if weights is None else weights[is_label]
        added[is_label] += placements[is_label] * rows / rows.sum()
        counted += 1
    return added / max(1, counted)


def _auc_shift(
    target: Labels, before: Floats, after: Floats, weights: Weights
) -> tuple[float, Floats]:
    """The change of the AUC, and each row's influence on it (N,).

    The sum of the influences' squares is the variance. Of a label that one row has, nothing is
    known but this row's own change, which counts whole.
    """
    shifts, total = [], np.zeros(len(target))
    pairs = zip(
        _placements(target, before, weights), _placements(target, after, weights), strict=True
    )
    for (is_label, earlier), (_, later) in pairs:
        change = later - earlier
        for side in (is_label, ~is_label):
            count = int(side.sum())
            rows = np.ones(count) if weights is None else weights[side]
            shares = rows / rows.sum()
            mean = float(shares @ change[side])
            centred = change[side] - (mean if count > 1 else 0.0)
            total[side] += shares * centred * math.sqrt(count / max(count - 1, 1))
            if side is is_label:
                shifts.append(mean)
    return sum(shifts) / max(1, len(shifts)), total / max(1, len(shifts))


def _placements(
    target: Labels, probability: Floats, weights: Weights
) -> Iterator[tuple[NDArray[np.bool_], Floats]]:
    """For each label that some rows have: which rows have it (N,), and every row's placement (N,).

    A row's placement is the share of the rows on the other side that it is ordered rightly against;
    ties count half.
    """
    rows = weighted.of_rows(weights, len(target))
    for label in np.unique(target):
        is_label = target == label
        if not (rows[is_label].any() and rows[~is_label].any()):
            continue
        placements = np.empty(len(target))
        placements[is_label], placements[~is_label] = _both_sides(
            *(probability[side, label] for side in (is_label, ~is_label)),
            *(rows[side] for side in (is_label, ~is_label)),
        )
        yield is_label, placements


def _both_sides(
    positive: Floats, negative: Floats, positive_rows: Floats, negative_rows: Floats
) -> tuple[Floats, Floats]:
    """The share of negatives below each positive (P,), of positives above each negative (M,).

    Only the positives are sorted: there are many labels, and few rows of each.
    """
    order = np.argsort(positive)
    ordered = positive[order]
    below = np.searchsorted(ordered, negative, side="left")
    up_to = np.searchsorted(ordered, negative, side="right")
    sums = np.r_[0.0, np.cumsum(positive_rows[order])]
    above = 1 - (sums[below] + sums[up_to]) / (2 * sums[-1])
    # A negative is below the k-th positive if at most k positives are not above it.
    passed = sum(np.bincount(each, negative_rows, len(ordered) + 1) for each in (below, up_to))
    shares = np.empty(len(positive))
    shares[order] = np.cumsum(passed)[:-1] / (2 * negative_rows.sum())
    return shares, above


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
