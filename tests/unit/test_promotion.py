import numpy as np
import pytest

from slipstream.promotion import decide

RANDOM = np.random.default_rng(0)
GUESS = np.full(500, 0.69)


def losses(mean: float) -> np.ndarray:
    return np.abs(RANDOM.normal(mean, 0.1, 500))


@pytest.mark.parametrize(
    ("champion", "challenger", "promoted", "reason"),
    [
        (None, losses(0.4), True, "there was no champion"),
        (losses(0.5), losses(0.4), True, "is lower than the champion's"),
        (losses(0.4), losses(0.5), False, "not surely lower"),
        (losses(0.4), losses(0.399), False, "not surely lower"),
        (None, GUESS, False, "no better than guessing"),
        (losses(0.9), losses(0.75), False, "no better than guessing"),
    ],
)
def test_only_a_better_model_is_promoted(
    champion: np.ndarray | None, challenger: np.ndarray, promoted: bool, reason: str
) -> None:
    """A challenger must have learned something, and beat the champion beyond doubt."""
    decision = decide(guess_losses=GUESS, champion_losses=champion, challenger_losses=challenger)
    assert decision.promoted is promoted
    assert reason in decision.reason


def test_a_tie_keeps_the_champion() -> None:
    """The same losses are no reason to change."""
    same = losses(0.4)
    decision = decide(guess_losses=GUESS, champion_losses=same, challenger_losses=same)
    assert not decision.promoted
    assert decision.gain.estimate == 0
