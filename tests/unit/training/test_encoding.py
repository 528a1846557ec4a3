import numpy as np
import pandas as pd
import pytest

from slipstream.features.preprocessing import normalise
from slipstream.runtime.columns import Column
from slipstream.training.encoding import positions


@pytest.mark.parametrize("bins", range(1, 65))
def test_a_value_on_an_edge_stays_on_it(bins: int) -> None:
    """Normalised and read back, it is the edge's own table row, with no share of another."""
    edges = np.cumsum(np.linspace(0.1, 1, bins + 1))
    column = Column(name="x", kind="numeric", allows_missing=False, edges=edges)
    prepared = pd.DataFrame({"x": normalise(column, pd.Series(edges))})
    low, high, t = positions([column], prepared)
    assert np.isin(t, [0, 1]).all()
    assert np.where(t == 1, high, low)[:, 0].tolist() == list(range(bins + 1))
