"""How good predictions are, and how one model's differ from another's on the same rows."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn import metrics

from slipstream.evaluation import weighted
from slipstream.evaluation.results import ScoreName
from slipstream.evaluation.weighted import Weights
from slipstream.measurement.intervals import Interval
from slipstream.runtime.links import HALF

__all__ = [
    "auc_change",
    "paired_change",
    "quality",
    "row_log_loss",
    "score_changes",
]

Floats = NDArray[np.float64]
Labels = NDArray[np.integer]
CALIBRATION_BINS = 10
ONE_PERCENT = 0.01


def quality(
    target: Labels, probability: Floats, weights: Weights = None, *, threshold: float = HALF
) -> dict[ScoreName, float]:
    """Score predicted probabilities (N,) of the positive class against the target (N,).

    Where the threshold is not 0.5, precision and recall at 0.5 are there too.
    """
    weigh = {"sample_weight": weights}
    precision, recall = precision_and_recall(target, probability, weights, threshold)
    scores: dict[ScoreName, float] = {
        "test_accuracy": weighted.mean((probability >= threshold) == target, weights),
        "test_precision": precision,
        "test_recall": recall,
        "test_positive_share": weighted.mean(target, weights),
        "test_auc": float(metrics.roc_auc_score(target, probability, **weigh)),
        "test_pr_auc": float(metrics.average_precision_score(target, probability, **weigh)),
        "test_log_loss": weighted.mean(row_log_loss(target, probability), weights),
        "test_ece": expected_calibration_error(target, probability, weights),
        "test_recall_at_1pct_fpr": recall_at_false_positives(target, probability, weights),
        "test_precision_at_top_1pct": precision_at_top(target, probability, weights),
    }
    if threshold != HALF:
        precision, recall = precision_and_recall(target, probability, weights, HALF)
        scores |= {"test_precision_at_half": precision, "test_recall_at_half": recall}
    return scores


def precision_and_recall(
    target: Labels, probability: Floats, weights: Weights, threshold: float
) -> tuple[float, float]:
    """Precision and recall of the rows from a threshold on; 0 where there is nothing to divide."""
    rows = weighted.of_rows(weights, len(target))
    called = probability >= threshold
    right = rows[called & (target == 1)].sum()
    totals = rows[called].sum(), rows[target == 1].sum()
    precision, recall = (float(right / total) if total else 0.0 for total in totals)
    return precision, recall


def row_log_loss(target: Labels, probability: Floats) -> Floats:
    """Binary cross-entropy of each row (N,), in nats; probabilities are kept off 0 and 1."""
    tiny = np.finfo(np.float32).eps
    clipped = np.clip(probability, tiny, 1 - tiny)
    return -np.where(target == 1, np.log(clipped), np.log1p(-clipped))


def expected_calibration_error(
    target: Labels, probability: Floats, weights: Weights = None
) -> float:
    """Mean gap between confidence and frequency over equal-width bins (Naeini et al. 2015)."""
    bins = np.minimum((probability * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    rows = weighted.of_rows(weights, len(target))
    gaps = np.bincount(bins, rows * (probability - target), minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / rows.sum())


def recall_at_false_positives(
    target: Labels, probability: Floats, weights: Weights = None, share: float = ONE_PERCENT
) -> float:
    """The most positives (as a share) that a threshold finds with 1 % false positives or fewer.

    Rows of the same score are found together or not at all. With fewer than 100 negatives, 1 % of
    them is less than one: no false positive is allowed.
    """
    false_positives, recall, _ = metrics.roc_curve(
        target, probability, sample_weight=weights, drop_intermediate=False
    )
    return float(recall[false_positives <= share].max())


def precision_at_top(
    target: Labels, probability: Floats, weights: Weights = None, share: float = ONE_PERCENT
) -> float:
    """The share of positives among the 1 % of rows with the highest scores.

    1 % of the rows is rounded up to whole rows; where rows have weights, it is 1 % of their sum.
    Where rows of the same score are partly among them, these count with their own share of
    positives, as if they were drawn at random.
    """
    rows = weighted.of_rows(weights, len(target))
    wanted = math.ceil(len(target) * share) if weights is None else float(rows.sum()) * share
    order = np.argsort(-probability)
    reached = np.cumsum(rows[order])
    place = min(int(np.searchsorted(reached, wanted)), len(order) - 1)
    last = probability[order[place]]
    above, tied = probability > last, probability == last
    positives = rows * target
    rest = (wanted - rows[above].sum()) * positives[tied].sum() / rows[tied].sum()
    return float((positives[above].sum() + rest) / wanted)


def score_changes(  # noqa: PLR0913 - what every kind of target takes, and a threshold
    target: Labels,
    before: Floats,
    after: Floats,
    weights: Weights = None,
    *,
    accuracy: bool = False,
    threshold: float = HALF,
) -> dict[ScoreName, Interval]:
    """How the scores of one model's answers (N,) differ from another's, by paired intervals.

    Args:
        target: labels (N,).
        before: probabilities of the model that is compared with (N,).
        after: probabilities of the other model (N,).
        weights: of the rows (N,).
        accuracy: compare accuracy too.
        threshold: from which probability on a row counts as positive.
    """
    changes: dict[ScoreName, Interval] = {
        "test_auc": auc_change(target, before, after, weights),
        "test_log_loss": paired_change(
            row_log_loss(target, before), row_log_loss(target, after), weights
        ),
    }
    if accuracy:
        right = [((each >= threshold) == target).astype(np.float64) for each in (before, after)]
        changes["test_accuracy"] = paired_change(right[0], right[1], weights)
    return changes


def paired_change(before: Floats, after: Floats, weights: Weights = None) -> Interval:
    """Mean of after - before over the same rows (N,), with its 95 % interval (paired t)."""
    return weighted.mean_interval(after - before, weights)


def auc_change(target: Labels, before: Floats, after: Floats, weights: Weights = None) -> Interval:
    """AUC of after less that of before on the same rows (N,), with its 95 % interval.

    The variance is that of DeLong et al. (1988), which counts that both models answered the same
    rows; the quantile is Student's, with Welch's degrees of freedom, for tables of few positives.
    From one row of a label, nothing follows but the bounds. Rows of weight 0 do not count.
    """
    if weights is not None:
        counts = weights > 0
        target, before, after = target[counts], before[counts], after[counts]
        weights = weights[counts]
    sides = [None, None] if weights is None else [weights[target == 1], weights[target != 1]]
    (positive, negative), (positive_after, negative_after) = (
        _placements(target, each, weights) for each in (before, after)
    )
    shifts = (positive_after - positive, negative_after - negative)  # (P,), (N - P,)
    estimate = weighted.mean(shifts[0], sides[0])
    if not any(each.any() for each in shifts):
        return Interval(estimate=0.0, low=0.0, high=0.0)
    if min(len(each) for each in shifts) < 2:
        return Interval(estimate=estimate, low=-1.0, high=1.0)
    squares = [
        weighted.sum_of_squares(each, side) for each, side in zip(shifts, sides, strict=True)
    ]
    if not sum(squares):
        return Interval(estimate=estimate, low=estimate, high=estimate)
    freedom = sum(squares) ** 2 / sum(
        square**2 / (len(each) - 1) for square, each in zip(squares, shifts, strict=True)
    )
    half = weighted.quantile_of_t(freedom) * math.sqrt(sum(squares))
    return Interval(estimate=estimate, low=estimate - half, high=estimate + half)


def _placements(target: Labels, probability: Floats, weights: Weights) -> tuple[Floats, Floats]:
    """The share of negatives below each positive (P,), of positives above each negative (N - P,).

    Ties count half. The mean of either is the AUC.
    """
    is_positive = target == 1
    positive, negative = probability[is_positive], probability[~is_positive]
    if weights is not None:
        below = _share_below(positive, negative, weights[~is_positive])
        return below, 1 - _share_below(negative, positive, weights[is_positive])
    ranks = stats.rankdata(probability)
    below = (ranks[is_positive] - stats.rankdata(positive)) / len(negative)
    above = 1 - (ranks[~is_positive] - stats.rankdata(negative)) / len(positive)
    return below, above


def _share_below(values: Floats, others: Floats, weights: Floats) -> Floats:
    """The share of other numbers (M,) below each value (N,); equal ones count half."""
    order = np.argsort(others)
    ordered = others[order]
    sums = np.r_[0.0, np.cumsum(weights[order])]
    below = sums[np.searchsorted(ordered, values, side="left")]
    up_to = sums[np.searchsorted(ordered, values, side="right")]
    return (below + up_to) / (2 * sums[-1])
