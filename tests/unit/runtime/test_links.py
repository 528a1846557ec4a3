"""From logits to answers, in numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipstream.runtime.links import apply

LOGITS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(LOGITS)
def test_a_number_is_found_from_its_logarithm(logit: float) -> None:
    """As exp(x) - 1 to a few rounding errors of 1 + y; above -1, and below what float32 holds."""
    answer = apply("expm1", np.array([[logit]], np.float32))[0, 0]
    expected = np.expm1(min(logit, 88.0))
    assert abs(answer - expected) <= 4 * np.finfo(float).eps * (1 + abs(expected))
    assert -1 <= answer < np.finfo(np.float32).max


@given(st.floats(-0.999, 1e30))
def test_the_logarithm_and_back_is_the_number(number: float) -> None:
    """Every target that may be trained, to the precision of a float32 logit."""
    logit = np.log1p(np.array([[number]])).astype(np.float32)
    answer = apply("expm1", logit)[0, 0]
    assert answer == pytest.approx(number, rel=1e-5, abs=1e-6)
