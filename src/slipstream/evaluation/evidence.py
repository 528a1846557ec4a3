"""How much a test proves: whether the model learned anything, and whether to believe its score."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from slipstream.artifacts.references import DatasetRef
from slipstream.evaluation.results import Evidence, ScoreName, VariantMetrics
from slipstream.evaluation.scoring import Scoring, scoring_at
from slipstream.evaluation.weighted import Weights, mean, mean_interval, of_rows
from slipstream.features.preprocessing import normalise_all
from slipstream.features.selection import SCORE_BINS, groups
from slipstream.measurement.intervals import Interval
from slipstream.runtime.columns import Column, lookups
from slipstream.runtime.links import HALF
from slipstream.runtime.text import quote
from slipstream.runtime.types import Precision

__all__ = ["HARDLY", "HeldOut", "gather", "lesson", "thin"]

ENOUGH_ROWS = 200
ENOUGH_OF_A_LABEL = 20
HARDLY = 0.01  # share of guessing's loss that a model must save to count as having learned
NOTABLE_ORDER = 0.1  # of the way from chance to a perfect order: an AUC of 0.55
# A test score beyond belief, for the scores in which 1 is perfect, and on so many rows.
BELIEF_ROWS = 100
BEYOND_BELIEF: Mapping[ScoreName, tuple[str, float]] = {
    "test_auc": ("AUC", 0.999),
    "test_r2": ("R²", 0.999),
    "test_d2_pinball": ("D²", 0.97),  # errors are not squared: as an R² of 0.999
}
FOLDS = 5
SHRINKAGE_ROWS = 2.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HeldOut:
    """The test rows (N,), their target (N,), and their weights (N,) if they differ."""

    rows: pd.DataFrame
    target: NDArray[Any]
    weights: Weights = None


def gather(
    dataset: DatasetRef,
    columns: Sequence[Column],
    test: HeldOut,
    answers: Mapping[Precision, Floats],
    threshold: float = HALF,
) -> Evidence:
    """Look at the test rows: their answers, labels, and what single columns say of them.

    Args:
        dataset: the table.
        columns: those that the model reads.
        test: the test part.
        answers: each variant's.
        threshold: of two labels, the probability from which a row gets the second.
    """
    scoring = scoring_at(threshold, dataset.task, dataset.quantiles)
    target, weights = test.target, test.weights
    guess = scoring.row_losses(target, scoring.guess(target, weights), weights)
    scores = scoring.quality(target, answers["float32"], weights)
    perfect = [each for each, (_, most) in BEYOND_BELIEF.items() if scores.get(each, 0) >= most]
    unbelievable = perfect and len(target) >= BELIEF_ROWS
    guess_loss = mean(guess, weights)
    lead = {
        each: mean_interval(guess - scoring.row_losses(target, answer, weights), weights)
        for each, answer in answers.items()
    }
    return Evidence(
        lead=lead,
        order={
            each: scoring.order(target, answers[each], weights)
            for each, gained in lead.items()
            if _learned_little(gained, guess_loss)
        },
        guess_loss=guess_loss,
        loss_name=scoring.loss_name,
        loss_unit=scoring.loss_unit,
        label_rows=_label_rows(target, dataset.classes),
        one_answer={
            each: _one_answer(answer, dataset.classes, threshold)
            for each, answer in answers.items()
        },
        alone=_alone(scoring, columns, test, dataset.classes, perfect[0]) if unbelievable else None,
    )


def lesson(evidence: Evidence, winner: Precision) -> tuple[str, str]:
    """Say, in brief and in full, that a model learned nothing, or hardly anything; else nothing."""
    lead, order = evidence.lead[winner], evidence.order.get(winner)
    if not _learned_little(lead, evidence.guess_loss):
        return "", ""
    seen = f"differs from guessing's by {-lead:+.4f} {evidence.loss_unit} a row"
    brief = "no better than guessing"
    if lead.low > 0:
        brief = "hardly better than guessing"
        seen += f", which is {100 * lead.estimate / evidence.guess_loss:.2g} % less"
    if order is None or not order.is_notable(NOTABLE_ORDER):
        also = "" if order is None else f", and {order.seen}"
        return brief, f"{winner} is {brief}: its {evidence.loss_name} {seen}{also}"
    if lead.low <= 0 and lead.estimate >= HARDLY * evidence.guess_loss:
        brief = "not surely better than guessing"
    brief = f"{brief} by its {evidence.loss_name}"
    return brief, f"{winner} is {brief}: it {seen}, although {order.seen}: {order.use}"


def _learned_little(lead: Interval, guess_loss: float) -> bool:
    """Whether a lead over guessing may be chance, or is hardly anything."""
    return lead.low <= 0 or lead.estimate < HARDLY * guess_loss


def thin(
    evidence: Evidence, winner: Precision, test_rows: int, metrics: VariantMetrics
) -> tuple[str, ...]:
    """Say why a score may not be what it seems, a sentence each."""
    found = []
    if test_rows < ENOUGH_ROWS:
        found.append(
            f"thin evidence: there are {test_rows:,} test rows, and below {ENOUGH_ROWS} all scores "
            "are rough"
        )
    few = [name for name, count in evidence.label_rows if count < ENOUGH_OF_A_LABEL]
    if few:
        name, count = min(evidence.label_rows, key=lambda each: each[1])
        labels = len(evidence.label_rows)
        others = f" ({len(few):,} of {labels:,} labels have few)" if labels > len(few) > 1 else ""
        found.append(
            f"thin evidence: {_rows_with_label(count)} {quote(name)}, and fewer than "
            f"{ENOUGH_OF_A_LABEL} say little of it{others}"
        )
    if answer := evidence.one_answer[winner]:
        found.append(
            f"{winner} answers every test row with the label {quote(answer)}: use its "
            f"probabilities{_other_threshold(evidence, metrics)}"
        )
    for score, (name, _) in BEYOND_BELIEF.items():
        if evidence.alone and score in metrics.scores:
            column, alone = evidence.alone
            found.append(
                f"test {name} {metrics.scores[score]:.4f} is beyond belief: look for a column that "
                f"knows the answer; {quote(column)} alone gives {alone:.4f}"
            )
    return tuple(found)


def _rows_with_label(count: int) -> str:
    """So many rows, as the beginning of a sentence that ends with the label."""
    few = {0: "no test row has the label", 1: "1 test row has the label"}
    return few.get(count, f"{count:,} test rows have the label")


def _other_threshold(evidence: Evidence, metrics: VariantMetrics) -> str:
    """What else helps where all answers are one label: of two, a threshold that is not 0.5."""
    is_chosen = "test_recall_at_half" in metrics.scores
    if len(evidence.label_rows) > 2 or is_chosen:
        return ""
    return ", or have evaluation.threshold choose from which one on a row gets the other label"


def _label_rows(target: NDArray[Any], classes: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """How many rows have each label."""
    if not classes:
        return ()
    counts = np.bincount(target, minlength=len(classes))
    return tuple((name, int(count)) for name, count in zip(classes, counts, strict=True))


def _one_answer(answers: Floats, classes: Sequence[str], threshold: float) -> str:
    """The label that all answers stand for; empty if they differ, or are numbers."""
    if not classes:
        return ""
    labels = np.argmax(answers, axis=1) if answers.ndim > 1 else (answers >= threshold).astype(int)
    first = int(labels[0])
    return classes[first] if (labels == first).all() else ""


def _alone(
    scoring: Scoring,
    columns: Sequence[Column],
    test: HeldOut,
    classes: Sequence[str],
    score: ScoreName,
) -> tuple[str, float]:
    """The column that by itself scores best on the test rows, and its score."""
    scores = {}
    for column in columns:
        seen = normalise_all(column, test.rows[column.name]).values()  # of a date, its parts too
        tried = [
            groups(part, pd.Series(values), SCORE_BINS[-1])
            for part, values in zip(lookups([column]), seen, strict=True)
        ]
        answers = [_answers_of(group, test.target, test.weights, len(classes)) for group in tried]
        scores[column.name] = max(
            scoring.quality(test.target, each, test.weights)[score] for each in answers
        )
    best = max(scores, key=scores.__getitem__)
    return best, scores[best]


def _answers_of(
    group: NDArray[np.int64], target: NDArray[Any], weights: Weights, classes: int
) -> Floats:
    """What groups (N,) answer, each row by what the other folds' rows of its group have."""
    codes = pd.factorize(group)[0]
    truth = np.eye(classes)[target] if classes else np.asarray(target, np.float64)[:, None]
    rows = of_rows(weights, len(target))
    folds = np.random.default_rng(0).permutation(len(target)) % FOLDS
    answers = np.zeros_like(truth)
    for fold in range(FOLDS):
        known = folds != fold
        sums = np.zeros((codes.max() + 1, truth.shape[1]))
        np.add.at(sums, codes[known], truth[known] * rows[known, None])
        counts = np.bincount(codes[known], rows[known], len(sums))[:, None]
        usual = np.average(truth[known], axis=0, weights=rows[known])
        means = (sums + SHRINKAGE_ROWS * usual) / (counts + SHRINKAGE_ROWS)
        answers[~known] = means[codes[~known]]
    return answers if classes > 2 else answers[:, -1]
