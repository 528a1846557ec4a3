"""How good predictions are, and how much worse one variant's are than another's."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn import metrics

from slipstream.results import Interval

__all__ = ["paired_difference", "quality", "row_log_loss"]

Floats = NDArray[np.float64]
Labels = NDArray[np.integer]
CALIBRATION_BINS = 10


def quality(target: Labels, probability: Floats) -> dict[str, float]:
    """Score predicted probabilities (N,) of the positive class against the target (N,)."""
    return {
        "test_accuracy": float(metrics.accuracy_score(target, probability >= 0.5)),
        "test_auc": float(metrics.roc_auc_score(target, probability)),
        "test_pr_auc": float(metrics.average_precision_score(target, probability)),
        "test_log_loss": float(row_log_loss(target, probability).mean()),
        "test_ece": expected_calibration_error(target, probability),
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


def paired_difference(before: Floats, after: Floats) -> Interval:
    """Mean of before - after over the same rows (N,), with its 95 % interval (paired t)."""
    difference = before - after
    mean = float(difference.mean())
    if len(difference) < 2 or not difference.std():
        return Interval(estimate=mean, low=mean, high=mean)
    low, high = stats.ttest_1samp(difference, 0).confidence_interval(0.95)
    return Interval(estimate=mean, low=float(low), high=float(high))
