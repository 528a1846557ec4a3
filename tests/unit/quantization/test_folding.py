import numpy as np
import pytest

from slipstream.quantization.folding import hold_directions
from slipstream.runtime.columns import Column
from slipstream.runtime.kernels import Layer

EDGES = 40


def table(direction: int) -> tuple[Column, Layer]:
    """A column whose rows rise or fall from edge to edge, then one of a missing value."""
    random = np.random.default_rng(0)
    column = Column(
        name="x",
        kind="numeric",
        allows_missing=True,
        edges=np.arange(float(EDGES)),
        direction=direction,
    )
    steps = random.exponential(size=(EDGES, 16)) * random.choice([0, 1e-6, 1e-3, 1], (EDGES, 16))
    rows = direction * (np.cumsum(steps, axis=0) - 10)
    weight = np.concatenate([rows, [np.full(16, 1 / 3)]]).astype(np.float32)
    return column, Layer(weight=weight, bias=np.zeros(16, np.float32))


def ends(layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    """What each bin gives at its upper edge, and the row where the next one begins."""
    low, high = layer.weight[: EDGES - 1], layer.weight[1:EDGES]
    return low + np.float32(1) * (high - low), high


@pytest.mark.parametrize("direction", [1, -1])
def test_each_bin_ends_exactly_where_the_next_begins(direction: int) -> None:
    """In float32; the rows move by a last bit or two, and what is missing stays as it is."""
    column, layer = table(direction)
    assert not np.array_equal(*ends(layer))  # without it, some would not
    (held,) = hold_directions([column], [layer])
    assert np.array_equal(*ends(held))
    np.testing.assert_allclose(held.weight, layer.weight, rtol=0, atol=1e-5)
    assert np.array_equal(held.weight[-1], layer.weight[-1])


@pytest.mark.parametrize("direction", [1, -1])
def test_a_row_that_turns_back_by_a_last_bit_does_not(direction: int) -> None:
    """What rounding of sums undid is put right."""
    column, layer = table(direction)
    layer.weight[7] = layer.weight[6] * np.float32(1 - direction * np.sign(layer.weight[6]) * 1e-7)
    (held,) = hold_directions([column], [layer])
    assert (direction * np.diff(held.weight[:EDGES], axis=0) >= 0).all()


def test_other_columns_keep_their_rows() -> None:
    """Without a direction, nothing changes."""
    column, layer = table(1)
    free = Column(name="x", kind="numeric", allows_missing=True, edges=column.edges)
    (held,) = hold_directions([free], [layer])
    assert held.weight.tobytes() == layer.weight.tobytes()
