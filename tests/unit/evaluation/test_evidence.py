"""What a test proves: whether anything was learned, and whether to believe the score."""

import numpy as np
import pandas as pd
import pytest

from slipstream.artifacts.references import DatasetRef
from slipstream.config.budget import BudgetConfig
from slipstream.config.quantization import QuantizationConfig
from slipstream.evaluation.evidence import HeldOut, gather, lesson, thin
from slipstream.evaluation.results import Comparison, Evidence
from slipstream.evaluation.verdict import compare
from slipstream.measurement.intervals import Interval
from slipstream.reporting.sentences import headline
from slipstream.runtime.columns import Column
from tests.unit.evaluation.test_verdict import measured
from tests.unit.records import benchmark, metrics, record

RANDOM = np.random.default_rng(1)
BINARY = RANDOM.integers(0, 2, 400)
LEVELS = (0.1, 0.5, 0.9)
OWN_QUANTILES = np.array([-1.28, 0, 1.28])  # of normal numbers
COLUMNS = [
    Column(name="x", kind="numeric", allows_missing=True, edges=np.array([-9.0, 9.0])),
    Column(name="word", kind="categorical", allows_missing=True, categories=("a", "b")),
]


def dataset(task: str, *classes: str) -> DatasetRef:
    levels = LEVELS if task == "quantiles" else ()
    return DatasetRef.model_construct(task=task, classes=classes, quantiles=levels)


def evidence_of(
    task: str, target: np.ndarray, answers: np.ndarray, *classes: str, x: np.ndarray | None = None
) -> Evidence:
    words = np.where(RANDOM.random(len(target)) < 0.5, "a", "b").astype(object)
    rows = pd.DataFrame({"x": np.zeros(len(target)) if x is None else x, "word": words})
    both = {"float32": answers, "int8": answers}
    return gather(dataset(task, *classes), COLUMNS, HeldOut(rows, target), both)


def binary(answers: np.ndarray, target: np.ndarray = BINARY, **more: object) -> Evidence:
    return evidence_of("binary", target, answers, "no", "yes", **more)


@pytest.mark.parametrize(
    ("found", "brief"),
    [
        (binary(np.full(400, BINARY.mean())), "no better than guessing"),
        (binary(np.clip(RANDOM.random(400), 0.3, 0.7)), "no better than guessing"),
        (
            binary(np.where(BINARY == 1, 0.502, 0.498)),
            "hardly better than guessing by its log-loss",
        ),
        (binary(np.where(BINARY == 1, 0.7, 0.3)), ""),
        (
            evidence_of("multiclass", np.arange(300) % 3, np.full((300, 3), 1 / 3), *"abc"),
            "no better than guessing",
        ),
        (
            evidence_of(
                "multiclass", np.arange(300) % 3, np.eye(3)[np.arange(300) % 3] * 0.4 + 0.2, *"abc"
            ),
            "",
        ),
        (evidence_of("regression", BINARY * 3.0, np.full(400, 1.5)), "no better than guessing"),
        (evidence_of("regression", BINARY * 3.0, BINARY * 2.0 + 0.5), ""),
        (
            evidence_of("quantiles", RANDOM.normal(size=400), np.tile(OWN_QUANTILES, (400, 1))),
            "no better than guessing",
        ),
        (
            evidence_of("quantiles", BINARY * 3.0, BINARY[:, None] * 2 + np.array([0, 0.5, 1])),
            "",
        ),
    ],
)
def test_a_model_that_learned_nothing_is_seen(found: Evidence, brief: str) -> None:
    """Of every kind: no better than guessing, by an interval, or by less than 1 %."""
    short, sentence = lesson(found, "int8")
    assert short == brief
    assert sentence.startswith(f"int8 is {brief}: ") if brief else not sentence


# Answers in a good order that are far too sure of themselves, and guesses in no order.
SIGNAL = BINARY + RANDOM.normal(scale=1.0, size=400)
SURE = 1 / (1 + np.exp(-20 * (SIGNAL - 0.5)))
LABELS = np.arange(300) % 3
BLURRED = np.eye(3)[LABELS] + RANDOM.normal(scale=0.8, size=(300, 3))
SURE_OF_LABELS = np.exp(20 * BLURRED) / np.exp(20 * BLURRED).sum(axis=1, keepdims=True)
SKEWED = np.exp(RANDOM.normal(scale=2.0, size=400))
TOO_LARGE = 50 * SKEWED * np.exp(RANDOM.normal(size=400))


@pytest.mark.parametrize(
    ("found", "measure", "order"),
    [
        (binary(SURE), "log-loss", "AUC"),
        (evidence_of("multiclass", LABELS, SURE_OF_LABELS, *"abc"), "log-loss", "AUC"),
        (evidence_of("regression", SKEWED, TOO_LARGE), "squared error", "rank correlation"),
    ],
)
def test_the_measure_is_named_by_which_a_model_that_ranks_is_no_better(
    found: Evidence, measure: str, order: str
) -> None:
    """An order better than chance is said too, and what the answers are good for."""
    brief, sentence = lesson(found, "int8")
    assert brief == f"no better than guessing by its {measure}"
    assert sentence.startswith(f"int8 is {brief}: it differs from guessing's by +")
    assert f"although its {order} is {found.order['int8'].measured:.4f}" in sentence
    assert "the order of its answers is better than chance" in sentence
    assert "use them to rank rows" in sentence


def test_a_lower_loss_that_a_few_rows_decide_is_not_surely_better() -> None:
    """Good answers to numbers of which one is far larger than all others are not called useless."""
    numbers = np.r_[np.linspace(1, 2, 399), 1e4]
    answers = np.r_[np.linspace(1, 2, 399), 9e3]
    brief, sentence = lesson(evidence_of("regression", numbers, answers), "int8")
    assert brief == "not surely better than guessing by its squared error"
    assert "the numbers themselves may not be" in sentence


@pytest.mark.parametrize(
    ("found", "order"),
    [
        (binary(RANDOM.random(400)), "AUC"),
        (binary(1 - SURE), "AUC"),
        (evidence_of("regression", SKEWED, RANDOM.random(400)), "rank correlation"),
    ],
)
def test_an_order_by_chance_or_worse_is_no_consolation(found: Evidence, order: str) -> None:
    """Neither the loss nor the order is better: both are said, and nothing is recommended."""
    brief, sentence = lesson(found, "int8")
    assert brief == "no better than guessing"
    assert f", and its {order} is " in sentence
    assert "rank rows" not in sentence


def test_the_order_is_that_of_weighted_rows() -> None:
    """Rows that count for nothing say nothing of the order."""
    rows, both = pd.DataFrame({"x": BINARY * 0.0}), {"float32": SURE, "int8": SURE}
    some = (np.arange(400) < 300).astype(float)
    held_out = HeldOut(rows, BINARY, some / some.mean())
    weighed = gather(dataset("binary", "no", "yes"), COLUMNS, held_out, both).order["int8"]
    alone = binary(SURE[:300], BINARY[:300]).order["int8"]
    assert weighed.measured.estimate == pytest.approx(alone.measured.estimate)
    assert weighed.measured.low == pytest.approx(alone.measured.low, abs=0.01)


def test_a_model_that_learned_needs_no_other_measure() -> None:
    """The order is measured only where the loss raises doubt."""
    assert not binary(np.where(BINARY == 1, 0.7, 0.3)).order


def test_thin_evidence_is_named() -> None:
    """Few test rows, few rows of a label, and one answer to everything."""
    target = np.r_[np.ones(7, int), np.zeros(143, int)]
    found = thin(binary(np.full(150, 0.1), target), "int8", 150, metrics())
    assert len(found) == 3
    assert "there are 150 test rows, and below 200 all scores are rough" in found[0]
    assert "7 test rows have the label 'yes', and fewer than 20" in found[1]
    assert "int8 answers every test row with the label 'no'" in found[2]
    assert "have evaluation.threshold choose" in found[2]
    scores = {**metrics().scores, "test_recall_at_half": 0.5}
    chosen = metrics().model_copy(update={"scores": scores})
    found = thin(binary(np.full(150, 0.1), target), "int8", 150, chosen)
    assert found[2].endswith("use its probabilities")


def test_enough_evidence_is_not_remarked_on() -> None:
    """With 400 rows, 20 of each label, and answers of both, there is nothing to say."""
    answers = np.clip(0.3 + 0.4 * BINARY + RANDOM.normal(scale=0.2, size=400), 0, 1)
    assert thin(binary(answers), "int8", 400, metrics()) == ()
    numbers = evidence_of("regression", BINARY * 3.0, BINARY * 2.0 + answers)
    assert thin(numbers, "int8", 400, metrics()) == ()


def test_of_many_labels_the_rarest_is_named_and_the_others_counted() -> None:
    """One sentence for all labels that have few rows."""
    target = np.r_[np.zeros(300, int), np.ones(3, int), np.full(5, 2)]
    answers = np.full((308, 3), 1 / 3)
    found = thin(evidence_of("multiclass", target, answers, *"abc"), "int8", 308, metrics())
    assert "3 test rows have the label 'b'" in found[0]
    assert "(2 of 3 labels have few)" in found[0]


@pytest.mark.parametrize(
    ("rows", "said"), [(0, "no test row has"), (1, "1 test row has"), (2, "2 test rows have")]
)
def test_a_label_with_hardly_a_test_row_is_named(rows: int, said: str) -> None:
    """Also one that no test row has, of which no score says anything; of three, none is chosen."""
    target = np.r_[np.arange(300) % 2, np.full(rows, 2)]
    answers = np.tile([0.4, 0.3, 0.3], (len(target), 1))
    thoughts = thin(evidence_of("multiclass", target, answers, *"abc"), "int8", 302, metrics())
    assert f"thin evidence: {said} the label 'c'" in thoughts[0]
    assert thoughts[1].endswith("with the label 'a': use its probabilities")


def test_a_score_beyond_belief_names_the_column_behind_it() -> None:
    """An AUC of 1 comes with the column that by itself reaches it."""
    found = binary(np.where(BINARY == 1, 0.99, 0.01), x=BINARY * 4.0 + RANDOM.random(400))
    assert found.alone
    assert found.alone[0] == "x"
    assert found.alone[1] > 0.99
    sentence = thin(found, "int8", 400, metrics().model_copy(update={"scores": {"test_auc": 1.0}}))[
        0
    ]
    assert sentence.startswith("test AUC 1.0000 is beyond belief: look for a column")
    assert "'x' alone gives" in sentence
    truth = RANDOM.normal(size=400)
    numbers = evidence_of("regression", truth, truth + 1e-4, x=truth)
    assert numbers.alone
    assert numbers.alone[0] == "x"
    close = truth[:, None] + np.array([-1e-4, 0, 1e-4])
    quantiles = evidence_of("quantiles", truth, close, x=truth)
    assert quantiles.alone
    assert quantiles.alone[0] == "x"
    assert not evidence_of("quantiles", truth, truth[:, None] + OWN_QUANTILES, x=truth).alone


def test_the_one_answer_is_that_at_the_threshold() -> None:
    """Whether all rows get one label depends on where the label changes."""
    rows, target = pd.DataFrame({"x": BINARY * 0.0}), BINARY
    answers = np.where(np.arange(len(target)) % 2, 0.1, 0.3)
    both = {"float32": answers, "int8": answers}
    found = {
        each: gather(dataset("binary", "no", "yes"), COLUMNS, HeldOut(rows, target), both, each)
        for each in (0.5, 0.2, 0.05)
    }
    assert [each.one_answer["int8"] for each in found.values()] == ["no", "", "yes"]


def test_few_rows_that_are_all_right_are_believed() -> None:
    """An AUC of 1 on 60 test rows is no reason for suspicion: small clean tables have it."""
    labels = BINARY[:60]
    assert binary(np.where(labels == 1, 0.9, 0.1), labels, x=labels * 1.0).alone is None


NOTHING = Evidence(
    lead={each: Interval(estimate=0.001, low=-0.01, high=0.02) for each in ("float32", "int8")},
    guess_loss=0.69,
    loss_name="log-loss",
    loss_unit="nats",
    label_rows=(("no", 300), ("yes", 300)),
    one_answer={"float32": "", "int8": ""},
)


def test_the_verdict_begins_with_what_was_not_learned() -> None:
    """The first reason, a warning, and a few words for headlines say it."""
    seen = measured().model_copy(update={"evidence": NOTHING})
    compared = compare(seen, QuantizationConfig(), BudgetConfig())
    assert compared.verdict.reasons[0].startswith(
        "int8 is no better than guessing: its log-loss differs from guessing's by -0.0010"
    )
    assert compared.verdict.reasons[0] in compared.warnings
    assert compared.doubt == "no better than guessing"
    learned = compare(measured(), QuantizationConfig(), BudgetConfig())
    assert learned.doubt == ""


def test_no_headline_is_cheerful_about_a_model_that_learned_nothing() -> None:
    """The list of runs says it before the score."""
    run = record(benchmark=benchmark())
    doubtful = run.comparison.model_copy(update={"doubt": "no better than guessing"})
    assert headline(record(comparison=doubtful)).startswith(
        "int8 wins, but is no better than guessing: 4 x smaller, AUC 0.9612"
    )
    assert isinstance(run.comparison, Comparison)
    assert headline(run).startswith("int8 wins: 4 x smaller")
