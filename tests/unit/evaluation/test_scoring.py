"""Scores of labels at a threshold, and what a threshold leaves as it is."""

import numpy as np
import pytest
from sklearn import metrics

from slipstream.evaluation.scoring import SCORING, scoring_at

RANDOM = np.random.default_rng(3)
TARGET = (RANDOM.random(300) < 0.3).astype(int)
BEFORE = np.round(np.clip(0.3 * TARGET + RANDOM.random(300) * 0.6, 0.01, 0.99), 2)
AFTER = np.clip(BEFORE + RANDOM.normal(0, 0.05, 300), 0.01, 0.99)
WEIGHTS = RANDOM.integers(0, 4, 300).astype(float)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("threshold", [0.5, 0.2, 0.35])
def test_labels_are_scored_at_the_threshold(threshold: float, weights: np.ndarray | None) -> None:
    """Accuracy, precision and recall are scikit-learn's there; those at 0.5 are added."""
    found = scoring_at(threshold, "binary").quality(TARGET, BEFORE, weights)
    for suffix, place in (("", threshold), ("_at_half", 0.5)):
        called = place <= BEFORE
        for name, score in (
            ("precision", metrics.precision_score),
            ("recall", metrics.recall_score),
        ):
            if suffix and threshold == 0.5:
                assert f"test_{name}{suffix}" not in found
            else:
                expected = score(TARGET, called, sample_weight=weights)
                assert found[f"test_{name}{suffix}"] == pytest.approx(expected)
    expected = metrics.accuracy_score(TARGET, threshold <= BEFORE, sample_weight=weights)
    assert found["test_accuracy"] == pytest.approx(expected)
    assert found["test_positive_share"] == pytest.approx(np.average(TARGET, weights=weights))


def test_only_what_depends_on_labels_depends_on_the_threshold() -> None:
    """The threshold moves which answers differ, and accuracy; AUC and log-loss stay."""
    half, low = SCORING["binary"], scoring_at(0.25, "binary")
    differ = (BEFORE >= 0.25) != (AFTER >= 0.25)
    assert low.differ(TARGET, BEFORE, AFTER).tolist() == differ.tolist()
    assert half.differ(TARGET, BEFORE, AFTER).tolist() != differ.tolist()
    changes = [each.changes(TARGET, BEFORE, AFTER, None, accuracy=True) for each in (half, low)]
    moved = {name for name in changes[0] if changes[0][name] != changes[1][name]}
    assert moved == {"test_accuracy"}
    right = [float(((each >= 0.25) == TARGET).mean()) for each in (BEFORE, AFTER)]
    assert changes[1]["test_accuracy"].estimate == pytest.approx(right[1] - right[0])


def test_nothing_called_and_nothing_to_find_score_zero() -> None:
    """Precision of no row, and recall where no row is positive, are 0."""
    nothing = scoring_at(1.0, "binary").quality(TARGET, BEFORE, None)
    assert (nothing["test_precision"], nothing["test_recall"]) == (0.0, 0.0)


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_other_kinds_have_no_threshold(task: str) -> None:
    """They are scored as ever."""
    assert scoring_at(0.5, task) is SCORING[task]


def test_quantiles_are_scored_at_their_levels() -> None:
    """The same answers have another loss at other levels; what is not a loss stays."""
    target, answers = RANDOM.normal(size=100), np.zeros((100, 2))
    low, high = (scoring_at(0.5, "quantiles", each) for each in ((0.1, 0.2), (0.8, 0.9)))
    assert low.quality(target, answers, None) != high.quality(target, answers, None)
    assert low.guess(target, None).max() < high.guess(target, None).min()
    assert low.differ is high.differ
