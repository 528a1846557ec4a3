"""A run in a sentence, a retraining in a paragraph."""

import pytest

from slipstream.reporting.record import Decision
from slipstream.reporting.sentences import headline, retraining_headline, retraining_sentences
from tests.unit.records import benchmark, drift, record, retraining

LOWER = "the challenger's log-loss is lower than the champion's: by 0.1 [0.05, 0.15] nats"


def test_a_run_is_one_sentence() -> None:
    """Winner, gain, score and the number of notes; a winner that is not smaller says no gain."""
    assert headline(record()) == "int8 wins: 4 x smaller, AUC 0.9612; 2 notes"
    assert headline(record("float32")).startswith("float32 wins: AUC 0.9612")
    assert headline(record(None, "nothing fits", "int8 is out")) == "nothing fits; 2 notes"


def test_rare_positives_are_scored_by_pr_auc() -> None:
    """Below ten per cent of positives, AUC flatters."""
    assert "PR-AUC 0.432" in headline(record(benchmark=benchmark(positive_rows=6)))


@pytest.mark.parametrize(
    ("decision", "sentence"),
    [
        (
            Decision(promoted=True, reason=LOWER, brief="it is better", version="3"),
            "version 3 promoted: it is better; AUC 0.9612",
        ),
        (
            Decision(promoted=False, reason="no better: by 0", brief="no better"),
            "champion kept: no better",
        ),
        (
            Decision(promoted=False, had_champion=False, reason="no better than guessing"),
            "no champion yet: no better than guessing",
        ),
    ],
)
def test_a_decision_is_one_sentence(decision: Decision, sentence: str) -> None:
    """What was decided, in short where the reason has figures; the summary has those."""
    assert retraining_headline(retraining(decision, record())) == f"{sentence}; 2 notes"


def test_drift_is_reported_even_if_nothing_else_was_done() -> None:
    """The message of a night that changed nothing names the drift, once."""
    moved = drift("drift: PSI 1.55 of 'age' > 0.25")
    unchanged = Decision(promoted=False, reason="unchanged, champion kept", version="2")
    night = retraining(unchanged, None, moved, *moved.warnings)
    sentence = "unchanged, champion kept; drift: PSI 1.55 of 'age' > 0.25; 1 note"
    assert retraining_headline(night) == sentence


def test_a_retraining_ends_in_one_paragraph() -> None:
    """Model, version, decision, figures, drift, link."""
    decision = Decision(promoted=True, reason=LOWER, version="3")
    sentence = " ".join(retraining_sentences(retraining(decision, record(), drift(age=0.4))))
    assert sentence == (
        f"customers: version 3 promoted: {LOWER}. int8 wins: 4 x smaller, AUC 0.9612; "
        "p50 0.210 µs, p99 0.350 µs, 9 kB. Drift: largest PSI 0.400 ('age': shifted; "
        "below 0.1 is stable, above 0.25 shifted), 20.4 % of the rows outside calibration "
        "(1.0 % in training). "
        "Its page in MLflow: "
        "http://127.0.0.1:5000/#/models/customers/versions/3"
    )


def test_a_retraining_without_a_challenger_has_no_figures() -> None:
    """No variant won, so no figure of one is shown; the link leads to the run."""
    decision = Decision(promoted=False, met_budget=False, reason="the challenger is out: too slow")
    sentence = retraining_sentences(retraining(decision, record(None, "too slow")))
    assert sentence == [
        "customers: champion kept: the challenger is out: too slow.",
        "Its page in MLflow: http://127.0.0.1:5000/#/experiments/1/runs/abc",
    ]


def test_a_version_that_is_not_promoted_is_named() -> None:
    """Who looks for the version in MLflow knows which one it is."""
    decision = Decision(promoted=False, reason="not surely lower", version="4")
    sentence = retraining_sentences(retraining(decision, record()))
    assert sentence[0] == "customers: champion kept, version 4 is not better: not surely lower."
