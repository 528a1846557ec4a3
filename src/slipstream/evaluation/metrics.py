"""How good predictions are, and how one model's differ from another's on the same rows."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn import metrics

from slipstream.evaluation.results import ScoreName
from slipstream.measurement.intervals import Interval

__all__ = ["auc_change", "paired_change", "quality", "row_log_loss", "score_changes"]

Floats = NDArray[np.float64]
Labels = NDArray[np.integer]
CALIBRATION_BINS = 10
ONE_PERCENT = 0.01


def quality(target: Labels, probability: Floats) -> dict[ScoreName, float]:
    """Score predicted probabilities (N,) of the positive class against the target (N,)."""
    return {
        "test_accuracy": float(metrics.accuracy_score(target, probability >= 0.5)),
        "test_auc": float(metrics.roc_auc_score(target, probability)),
        "test_pr_auc": float(metrics.average_precision_score(target, probability)),
        "test_log_loss": float(row_log_loss(target, probability).mean()),
        "test_ece": expected_calibration_error(target, probability),
        "test_recall_at_1pct_fpr": recall_at_false_positives(target, probability),
        "test_precision_at_top_1pct": precision_at_top(target, probability),
    }


def row_log_loss(target: Labels, probability: Floats) -> Floats:
    """Binary cross-entropy of each row (N,), in nats; probabilities are kept off 0 and 1."""
    tiny = np.finfo(np.float32).eps
    clipped = np.clip(probability, tiny, 1 - tiny)
    return -np.where(target == 1, np.log(clipped), np.log1p(-clipped))


def expected_calibration_error(target: Labels, probability: Floats) -> float:
    """Mean gap between confidence and frequency over equal-width bins (Naeini et al. 2015)."""
    bins = np.minimum((probability * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = np.bincount(bins, probability - target, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(target))


def recall_at_false_positives(
    target: Labels, probability: Floats, share: float = ONE_PERCENT
) -> float:
    """The most positives (as a share) that a threshold finds with 1 % false positives or fewer.

    Rows of the same score are found together or not at all. With fewer than 100 negatives, 1 % of
    them is less than one: no false positive is allowed.
    """
    false_positives, recall, _ = metrics.roc_curve(target, probability, drop_intermediate=False)
    return float(recall[false_positives <= share].max())


def precision_at_top(target: Labels, probability: Floats, share: float = ONE_PERCENT) -> float:
    """The share of positives among the 1 % of rows with the highest scores.

    1 % of the rows is rounded up to whole rows. Where rows of the same score are partly among them,
    these count with their own share of positives, as if they were drawn at random.
    """
    count = math.ceil(len(target) * share)
    last = np.sort(probability)[-count]
    above, tied = target[probability > last], target[probability == last]
    return float((above.sum() + (count - len(above)) * tied.mean()) / count)


def score_changes(
    target: Labels, before: Floats, after: Floats, *, accuracy: bool = False
) -> dict[ScoreName, Interval]:
    """How the scores of one model's answers (N,) differ from another's, by paired intervals.

    Args:
        target: labels (N,).
        before: probabilities of the model that is compared with (N,).
        after: probabilities of the other model (N,).
        accuracy: compare accuracy too.
    """
    changes: dict[ScoreName, Interval] = {
        "test_auc": auc_change(target, before, after),
        "test_log_loss": paired_change(row_log_loss(target, before), row_log_loss(target, after)),
    }
    if accuracy:
        right = [((each >= 0.5) == target).astype(np.float64) for each in (before, after)]
        changes["test_accuracy"] = paired_change(*right)
    return changes


def paired_change(before: Floats, after: Floats) -> Interval:
    """Mean of after - before over the same rows (N,), with its 95 % interval (paired t)."""
    difference = after - before
    mean = float(difference.mean())
    if len(difference) < 2 or not difference.std():
        return Interval(estimate=mean, low=mean, high=mean)
    low, high = stats.ttest_1samp(difference, 0).confidence_interval(0.95)
    return Interval(estimate=mean, low=float(low), high=float(high))


def auc_change(target: Labels, before: Floats, after: Floats) -> Interval:
    """AUC of after less that of before on the same rows (N,), with its 95 % interval.

    The variance is that of DeLong et al. (1988), which counts that both models answered the same
    rows; the quantile is Student's, with Welch's degrees of freedom, for tables of few positives.
    From one row of a label, nothing follows but the bounds.
    """
    (positive, negative), (positive_after, negative_after) = (
        _placements(target, each) for each in (before, after)
    )
    shifts = (positive_after - positive, negative_after - negative)  # (P,), (N - P,)
    estimate = float(shifts[0].mean())
    if not any(each.any() for each in shifts):
        return Interval(estimate=0.0, low=0.0, high=0.0)
    if min(len(each) for each in shifts) < 2:
        return Interval(estimate=estimate, low=-1.0, high=1.0)
    squares = [float(each.var(ddof=1)) / len(each) for each in shifts]
    if not sum(squares):
        return Interval(estimate=estimate, low=estimate, high=estimate)
    freedom = sum(squares) ** 2 / sum(
        square**2 / (len(each) - 1) for square, each in zip(squares, shifts, strict=True)
    )
    half = float(stats.t.ppf(0.975, freedom)) * math.sqrt(sum(squares))
    return Interval(estimate=estimate, low=estimate - half, high=estimate + half)


def _placements(target: Labels, probability: Floats) -> tuple[Floats, Floats]:
    """The share of negatives below each positive (P,), of positives above each negative (N - P,).

    Ties count half. The mean of either is the AUC.
    """
    is_positive = target == 1
    positive, negative = probability[is_positive], probability[~is_positive]
    ranks = stats.rankdata(probability)
    below = (ranks[is_positive] - stats.rankdata(positive)) / len(negative)
    above = 1 - (ranks[~is_positive] - stats.rankdata(negative)) / len(positive)
    return below, above
