"""Scores of one of several labels."""

import numpy as np
import pytest
from sklearn import metrics
from sklearn.preprocessing import label_binarize

from slipstream.evaluation import metrics as binary
from slipstream.evaluation import multiclass

RANDOM = np.random.default_rng(1)


def answers(rows: int, classes: int, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """A target, and probabilities that know it so well; every label occurs."""
    target = np.r_[np.arange(classes), RANDOM.integers(0, classes, rows - classes)]
    logits = RANDOM.normal(size=(rows, classes)).round(1)  # some are equal
    logits[np.arange(rows), target] += strength
    shares = np.exp(logits)
    return target, shares / shares.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("classes", [3, 4, 7, 40])
def test_scores_are_those_of_scikit_learn(classes: int) -> None:
    """Accuracy, macro-F1, AUC of one against the rest, log-loss and top-k accuracy."""
    target, probability = answers(400, classes, 1.5)
    found = multiclass.quality(target, probability)
    known = np.arange(classes)
    chosen = probability.argmax(axis=1)
    assert found["test_accuracy"] == pytest.approx(metrics.accuracy_score(target, chosen))
    assert found["test_macro_f1"] == pytest.approx(
        metrics.f1_score(target, chosen, average="macro", zero_division=0)
    )
    one_hot = label_binarize(target, classes=known)
    assert found["test_auc"] == pytest.approx(metrics.roc_auc_score(one_hot, probability))
    assert found["test_log_loss"] == pytest.approx(metrics.log_loss(target, probability))
    assert ("test_top_3_accuracy" in found) == (classes > 3)
    assert ("test_top_5_accuracy" in found) == (classes > 5)
    if classes > 5:
        rank = (-probability).argsort(axis=1, kind="stable")
        within = (rank[:, :5] == target[:, None]).any(axis=1)
        assert found["test_top_5_accuracy"] == pytest.approx(within.mean())


def test_labels_that_no_test_row_has_are_left_out() -> None:
    """The mean is over the labels that occur."""
    target, probability = answers(200, 5, 1.0)
    kept = target != 4
    found = multiclass.quality(target[kept], probability[kept])
    one_hot = label_binarize(target[kept], classes=np.arange(5))[:, :4]
    expected = metrics.roc_auc_score(one_hot, probability[kept][:, :4])
    assert found["test_auc"] == pytest.approx(expected)


def test_two_labels_are_judged_as_a_binary_target_is() -> None:
    """The interval of the AUC's change is DeLong's."""
    target = RANDOM.integers(0, 2, 120)
    before, after = (RANDOM.random(120) * 0.5 + 0.3 * target for _ in range(2))
    pair = [np.stack([1 - each, each], axis=1) for each in (before, after)]
    found = multiclass.auc_change(target, *pair)
    expected = binary.auc_change(target, before, after)
    assert found.model_dump() == pytest.approx(expected.model_dump())


def test_the_interval_of_the_auc_is_as_wide_as_chance() -> None:
    """Of 400 pairs of models that are equally good, about 95 % have an interval that holds 0."""
    holding = 0
    for _ in range(400):
        target, before = answers(90, 3, 1.0)
        logits = np.log(before)
        noise = RANDOM.normal(size=logits.shape) * 0.3
        pair = [np.exp(logits + noise), np.exp(logits - noise)]
        change = multiclass.auc_change(
            target, *(each / each.sum(axis=1, keepdims=True) for each in pair)
        )
        holding += change.low <= 0 <= change.high
    assert 0.92 <= holding / 400 <= 0.99


def test_guessing_has_no_skill() -> None:
    """The shares of the labels have an AUC of 0.5 and the entropy as log-loss."""
    target, _ = answers(300, 4, 0)
    guess = multiclass.class_shares(target)
    found = multiclass.quality(target, guess)
    shares = np.bincount(target) / 300
    assert found["test_auc"] == pytest.approx(0.5)
    assert found["test_log_loss"] == pytest.approx(-(shares * np.log(shares)).sum())
