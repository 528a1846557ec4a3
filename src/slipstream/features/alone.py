"""What one column alone answers: each row by a rule that other rows taught."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from slipstream.artifacts.references import ColumnSchema

__all__ = ["FLAG_VALUES", "Answers", "guess"]

FLAG_VALUES = 20  # a column of more values holds amounts
CODE_ROWS = 2  # numbers that have so many rows each may be codes
CLOSER_LOOK = 0.8  # amounts whose bins explain less need no finer rule
NEARLY_ALL = 0.98  # a plain rule that explains so much needs no finer one
BINS = 64
FOLDS = 3
LEAVES = 16

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Answers:
    """The target (N,) of rows, how much each row counts (N,), and what labels are called."""

    target: NDArray[Any]
    weights: Floats
    classes: Sequence[str] = ()

    def at(self, rows: Mask) -> "Answers":
        """Of some of the rows."""
        return Answers(self.target[rows], self.weights[rows], self.classes)

    def balanced(self) -> "Answers":
        """The same, where all labels together count alike."""
        shares = np.bincount(self.target, self.weights)
        return Answers(self.target, self.weights / shares[self.target], self.classes)

    @property
    def rarest(self) -> int:
        """How many rows the rarest label has, of those that occur."""
        counts = np.bincount(self.target)
        return int(counts[counts > 0].min(initial=len(self.target)))

    def are_enough(self, needed: tuple[int, int]) -> bool:
        """Whether there are so many rows, and of each label."""
        return len(self.target) >= needed[0] and self.rarest >= needed[1]

    def score(self, guesses: NDArray[np.integer]) -> tuple[float, float]:
        """The share of rows that guesses (N,) get right, and of those that need a guess."""
        if not len(self.target):
            return 0.0, 0.0
        labels = np.bincount(self.target, self.weights)
        wrong = self.weights[guesses != self.target].sum() / self.weights.sum()
        usual = 1 - labels.max() / labels.sum()
        return float(1 - wrong), float(1 - wrong / usual) if usual > 0 else 0.0


def guess(
    schema: ColumnSchema, values: pd.Series, answers: Answers
) -> tuple[NDArray[np.integer], Mask]:
    """What a column alone answers in each row (N,), by a rule of other rows, and where it can.

    Amounts whose bins are too mixed to be worth a closer look are not looked at closely.
    """
    codes, distinct = pd.factorize(values, sort=schema.kind != "categorical")
    if schema.kind == "categorical" or len(distinct) <= FLAG_VALUES:
        return _by_group(codes + 1, answers)
    by_size, everywhere = _by_size(codes, answers), np.ones(len(codes), dtype=bool)
    if len(distinct) * CODE_ROWS > len(codes) or answers.score(by_size)[1] >= NEARLY_ALL:
        return by_size, everywhere
    by_value, is_known = _by_group(codes + 1, answers)
    known = answers.at(is_known)
    better = known.score(by_value[is_known])[1] > known.score(by_size[is_known])[1]
    return (by_value, is_known) if better else (by_size, everywhere)


def _by_size(codes: NDArray[np.integer], answers: Answers) -> NDArray[np.integer]:
    """The same of amounts, by their ranks (N,), -1 for missing ones.

    A rule of hardly more leaves than labels cannot learn rows by heart. It is taken as it is where
    it is nearly always right: of rules from other rows, each would miss some near its thresholds.
    """
    bins = (codes + 1) * BINS // (codes.max() + 2)
    labels = int(answers.target.max()) + 1
    counts = np.bincount(bins * labels + answers.target, answers.weights, BINS * labels)
    guesses = counts.reshape(BINS, labels).argmax(axis=1)[bins]
    if answers.score(guesses)[1] < CLOSER_LOOK:
        return guesses
    few = min(labels + 1, LEAVES)
    plain = np.asarray(_tree(codes, answers, few).predict(codes[:, None]))
    if answers.score(plain)[1] >= NEARLY_ALL:
        return plain
    tried = [_by_other_rows(codes, answers, leaves) for leaves in (few, LEAVES)]
    return max(tried, key=lambda each: answers.score(each)[1])


def _by_other_rows(
    codes: NDArray[np.integer], answers: Answers, leaves: int
) -> NDArray[np.integer]:
    """What a tree of the other folds' rows answers (N,)."""
    folds, guesses = _folds(len(codes)), np.empty_like(answers.target)
    for fold in range(FOLDS):
        held_out = folds == fold
        tree = _tree(codes[~held_out], answers.at(~held_out), leaves)
        guesses[held_out] = tree.predict(codes[held_out, None])
    return guesses


def _tree(codes: NDArray[np.integer], answers: Answers, leaves: int) -> DecisionTreeClassifier:
    tree = DecisionTreeClassifier(max_leaf_nodes=leaves, min_samples_leaf=2, random_state=0)
    return tree.fit(codes[:, None], answers.target, sample_weight=answers.weights)


def _by_group(groups: NDArray[np.integer], answers: Answers) -> tuple[NDArray[np.integer], Mask]:
    """The same of groups (N,): the label that is most frequent in other rows of the group."""
    labels = int(answers.target.max()) + 1
    place, pairs = pd.factorize(groups * labels + answers.target, sort=True)
    starts = np.flatnonzero(np.diff(pairs // labels, prepend=-1))
    group = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(pairs)))
    folds, group_of_row = _folds(len(groups)), group[place]
    guesses, is_known = np.empty(len(groups), np.int64), np.empty(len(groups), dtype=bool)
    for fold in range(FOLDS):
        held_out = folds == fold
        learned = answers.at(~held_out)
        counts = np.bincount(place[~held_out], learned.weights, len(pairs))
        most = np.maximum.reduceat(counts, starts)
        first = np.where(counts == most[group], np.arange(len(pairs)), len(pairs))
        best = pairs[np.minimum.reduceat(first, starts)] % labels
        usual = np.bincount(learned.target, learned.weights).argmax()
        is_known[held_out] = (most > 0)[group_of_row[held_out]]
        guesses[held_out] = np.where(most > 0, best, usual)[group_of_row[held_out]]
    return guesses, is_known


def _folds(rows: int) -> NDArray[np.int64]:
    return np.random.default_rng(0).permutation(rows) % FOLDS
