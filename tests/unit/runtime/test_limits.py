import numpy as np
import pytest

from slipstream.runtime.limits import LARGEST_WEIGHT, sum_type


@pytest.mark.parametrize("bias", [0, 1, -1, 100])
def test_float32_is_chosen_up_to_what_it_holds_exactly(bias: int) -> None:
    """Sums below 2^24 are held in float32, where the next integer is still another number."""
    most = ((1 << 24) - 1 - abs(bias)) // LARGEST_WEIGHT
    biases = np.array([0, bias], np.int32)
    assert sum_type(most, biases) is np.float32
    assert sum_type(most + 1, biases) is np.float64
    assert np.float32(1 << 24) == np.float32((1 << 24) + 1)  # so the next bound would be wrong
