import numpy as np
import pytest

from slipstream.artifacts.references import SplitRule
from slipstream.evaluation.scoring import SCORING
from slipstream.lifecycle.promotion import check_split, decide, knows_the_answer
from slipstream.runtime import InputError

RULE = SplitRule(seed=0, test_fraction=0.2, validation_fraction=0.2, columns=("a", "b"))
RANDOM = np.random.default_rng(0)
GUESS = np.full(500, 0.69)


def losses(mean: float) -> np.ndarray:
    return np.abs(RANDOM.normal(mean, 0.1, 500))


@pytest.mark.parametrize(
    ("champion", "challenger", "promoted", "reason"),
    [
        (None, losses(0.4), True, "there was no champion"),
        (losses(0.5), losses(0.4), True, "is lower than the champion's"),
        (losses(0.4), losses(0.5), False, "is higher than the champion's: by 0."),
        (losses(0.4), losses(0.399), False, "not surely lower"),
        (None, GUESS, False, "no better than guessing"),
        (losses(0.9), losses(0.75), False, "no better than guessing"),
        (None, np.r_[np.full(499, 0.1), 400], False, "is no better than guessing"),
        (None, np.r_[np.full(499, 0.1), 150], False, "is not surely better than guessing"),
    ],
)
def test_only_a_better_model_is_promoted(
    champion: np.ndarray | None, challenger: np.ndarray, promoted: bool, reason: str
) -> None:
    """A challenger must be better than guessing, and surely better than the champion."""
    decision = decide(
        SCORING["binary"],
        guess_losses=GUESS,
        champion_losses=champion,
        challenger_losses=challenger,
    )
    assert decision.promoted is promoted
    assert reason in decision.reason


def test_a_tie_keeps_the_champion() -> None:
    """With equal losses, the champion stays."""
    same = losses(0.4)
    decision = decide(
        SCORING["binary"], guess_losses=GUESS, champion_losses=same, challenger_losses=same
    )
    assert not decision.promoted
    assert decision.gain.estimate == 0


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        ({"seed": 5}, r"data\.seed was 0 and is 5"),
        ({"test_fraction": 0.3}, r"data\.test_fraction was 0\.2 and is 0\.3"),
        ({"columns": ("a", "b", "c")}, "column 'c' is new in the split"),
        ({"columns": ("a",)}, "column 'b' is no longer in the split"),
    ],
)
def test_another_split_is_refused(change: dict[str, object], fact: str) -> None:
    """Whatever moves rows between the parts is named, with the way out."""
    check_split(RULE, RULE)
    with pytest.raises(InputError, match=fact):
        check_split(RULE, RULE.model_copy(update=change))


def test_a_champion_without_its_columns_is_compared_with_a_warning() -> None:
    """A version registered before the columns were recorded can still be replaced."""
    before = RULE.model_copy(update={"columns": None})
    (warning,) = check_split(before, RULE)
    assert "does not say which columns" in warning
    assert check_split(RULE, RULE) == ()
    with pytest.raises(InputError, match=r"data\.seed"):
        check_split(before, RULE.model_copy(update={"seed": 1}))


def test_a_champion_that_reads_a_copy_of_the_answer_is_not_compared() -> None:
    """It stays, whatever the losses, and the reason names the column and the ways out."""
    assert knows_the_answer([]) is None
    decision = knows_the_answer(["churn_flag"])
    assert not decision.promoted
    assert "the champion reads 'churn_flag'" in decision.reason
    assert "data.keep" in decision.reason
