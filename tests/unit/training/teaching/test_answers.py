import numpy as np
import pytest

from slipstream.training.teaching.answers import best_shares


def test_the_best_shares_are_found() -> None:
    """The blend that is nearest to the truth wins, in steps of a tenth."""
    low, high = np.zeros((4, 1)), np.ones((4, 1))
    shares = best_shares([low, high], lambda each: float(np.abs(each - 0.3).sum()))
    assert shares == (0.7, 0.3)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_equal_models_leave_all_to_the_first(count: int) -> None:
    """Where no blend is better, the first model alone answers, which costs least."""
    shares = best_shares([np.zeros((2, 1))] * count, lambda each: float(each.sum()))
    assert shares == (1.0, *[0.0] * (count - 1))
