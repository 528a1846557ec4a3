import numpy as np
import pytest

from slipstream.data.snapshot import Snapshot
from slipstream.measurement.breakdown import _differences, parts, truncated
from slipstream.runtime import Predictor, load_file
from slipstream.runtime.bundle import dump, parse
from tests.conftest import Trained


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_models_cut_short_are_models(mixed: Trained, precision: str) -> None:
    """Each answers rows, could be written as a bundle, and differs from the next by one part."""
    bundle = load_file(mixed.store.path(getattr(mixed.bundles, precision).file)).bundle
    rows = Snapshot(mixed.dataset, mixed.store).rows("test")
    chain = truncated(bundle)
    widths = {
        name: (len(each.columns), *(len(layer.bias) for layer in each.layers))
        for name, each in chain.items()
    }
    assert widths == {
        "smallest": (1, 1, 1),
        "columns": (4, 1, 1),
        "first": (4, 16, 1),
        "whole": (4, 16, 8, 1),
        "two": (4, 16, 8, 2),
        "three": (4, 16, 8, 3),
    }
    for each in chain.values():
        predictor = Predictor(parse(dump(each)))
        answer = np.atleast_1d(predictor.predict_one(rows.iloc[0]))
        assert len(answer) == len(each.layers[-1].bias)
        assert ((answer >= 0) & (answer <= 1)).all()


def test_parts_add_up_to_a_prediction() -> None:
    """Each part is what a step adds in the same block, whatever else slows a block down."""
    slower = np.array([0.0, 1.0, 5.0])  # a block's calls all take so much more
    whole = {"smallest": 3.0, "columns": 4.0, "first": 6.0, "whole": 11.0, "two": 12, "three": 12.5}
    found = _differences({name: us + slower for name, us in whole.items()})
    assert {part: each.estimate for part, each in found.items()} == {
        "call": pytest.approx(3.5),
        "look-up": 1,
        "first layer": 2,
        "hidden layers": 5,
        "output": 0.5,
    }
    assert sum(each.estimate for each in found.values()) == pytest.approx(11 + 1)  # the whole's


def test_parts_are_measured(mixed: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model's own parts are the five, each with its interval."""
    monkeypatch.setattr("slipstream.measurement.breakdown.SECONDS", 0.1)
    wide = load_file(mixed.store.path(mixed.baseline.all_columns.file))
    rows = Snapshot(mixed.dataset, mixed.store).rows("test")
    measured = parts({"float32": wide}, rows)["float32"]
    assert list(measured) == ["call", "look-up", "first layer", "hidden layers", "output"]
    for each in measured.values():
        assert each.low <= each.estimate <= each.high
