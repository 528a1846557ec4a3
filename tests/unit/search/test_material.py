import numpy as np
import pandas as pd
import pytest

from slipstream.data.snapshot import TARGET
from slipstream.search.material import Material


def material(rows: int) -> Material:
    """Validation rows of two labels, in turn."""
    frame = pd.DataFrame({TARGET: np.arange(rows) % 2})
    return Material("binary", (), 1, frame, frame, None, None)


def answers(right: np.ndarray) -> np.ndarray:
    """Probabilities of rows (N,) whose own label has these."""
    return np.where(np.arange(len(right)) % 2, right, 1 - right)


def test_the_loss_tells_models_apart_that_order_all_rows_right() -> None:
    """Both have an AUC of 1; the one that is hardly sure is worse, the other is not."""
    sure, unsure = (answers(np.linspace(low, low + 0.1, 200)) for low in (0.85, 0.55))
    lost = material(200).lost(sure, unsure)
    assert (lost.estimate, lost.is_worse) == (0, True)
    assert not material(200).lost(unsure, sure).is_worse


@pytest.mark.parametrize(("rows", "is_worse"), [(100, False), (6400, True)])
def test_a_rise_of_the_loss_may_be_chance(rows: int, is_worse: bool) -> None:
    """Better on 48 rows of 100 is not known to be worse; on 48 % of 6,400 it is."""
    better = np.arange(rows) % 100 < 48
    before, after = np.full(rows, 0.7), np.where(better, 0.9, 0.545)
    assert material(rows).lost(answers(before), answers(after)).is_worse == is_worse
