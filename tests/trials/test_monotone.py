"""A million random pairs of rows for each constraint, kind of target and variant."""

import pytest

from tests.conftest import Trained
from tests.unit.training.test_monotone import DIRECTIONS, predictors, table, trained, violations

__all__ = ["table", "trained"]

PAIRS = 1_000_000


@pytest.mark.parametrize("name", list(DIRECTIONS))
def test_no_pair_of_a_million_contradicts_a_direction(trained: Trained, name: str) -> None:
    """In float32 and int8, through the compiled predictor where there is one."""
    for model in predictors(trained):
        assert violations(trained, model, name, PAIRS) == 0
