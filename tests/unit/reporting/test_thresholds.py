"""Precision and recall at 0.5 and at the threshold that was chosen, as a person reads them."""

import pytest

from slipstream.config.evaluation import EvaluationConfig
from slipstream.config.parsing import parse_config
from slipstream.evaluation.results import Benchmark
from slipstream.reporting.summary import run_summary
from slipstream.reporting.thresholds import about_threshold, threshold_rows
from tests.unit.records import benchmark, record

F1 = EvaluationConfig(threshold="f1")
COST = EvaluationConfig(threshold="cost", cost=12.5)


def measured(threshold: float = 0.5) -> Benchmark:
    made = benchmark()
    scores = {"test_precision": 0.75, "test_recall": 0.5}
    if threshold != 0.5:
        scores |= {"test_precision_at_half": 0.9, "test_recall_at_half": 0.25}
    metrics = {
        each: found.model_copy(update={"scores": {**found.scores, **scores}})
        for each, found in made.metrics.items()
    }
    return made.model_copy(update={"metrics": metrics, "threshold": threshold})


@pytest.mark.parametrize(
    ("evaluation", "criterion"),
    [
        (F1, "Labels are given by 0.3126, which has the best F1 on the validation rows"),
        (COST, "a missed positive costs 12.5 times as much as a false alarm"),
        (EvaluationConfig(), "0.5, the default"),
    ],
)
def test_what_a_threshold_was_chosen_by_is_said(
    evaluation: EvaluationConfig, criterion: str
) -> None:
    """The criterion in words, and the threshold that it gave."""
    assert criterion in about_threshold(measured(0.31256), evaluation)


def test_a_chosen_threshold_is_held_against_half() -> None:
    """Both are shown; where 0.5 was kept there is nothing to compare, and of others nothing."""
    assert threshold_rows(measured(0.31256)) == [
        ("0.5", "0.9000", "0.2500", "0.9000", "0.2500"),
        ("0.3126", "0.7500", "0.5000", "0.7500", "0.5000"),
    ]
    assert threshold_rows(measured()) == [("0.5", "0.7500", "0.5000", "0.7500", "0.5000")]
    assert threshold_rows(benchmark()) == []


def test_the_summary_has_the_labels() -> None:
    """Prefect's page shows them below the comparison; without them there is no such section."""
    config = parse_config({"data": {"path": "a.csv"}, "evaluation": {"threshold": "f1"}})
    text = run_summary(record(benchmark=measured(0.2), config=config))
    assert "## Labels" in text
    assert "| 0.2 | 0.7500 | 0.5000 |" in text
    assert "by 0.2, which has the best F1 on the validation rows." in text
    assert "## Labels" not in run_summary(record())
