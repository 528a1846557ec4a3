import pytest

from slipstream.evaluation import baseline
from slipstream.runtime import load_file
from tests.conftest import Trained


def test_the_baseline_reads_all_columns_and_then_the_mask(demo: Trained) -> None:
    """The same wide network on ten columns, and on the five that the mask keeps."""
    wide = demo.baseline
    assert wide.shape == "network 10-256-256-1"
    every, kept = (
        load_file(demo.store.path(each.file)) for each in (wide.all_columns, wide.kept_columns)
    )
    assert len(every.features) == 10
    assert kept.features == demo.mask.features
    assert every.precision == kept.precision == "float32"


def test_the_baselines_time_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small table gets all epochs, a large one the fewest."""
    settings = baseline._settings
    assert settings(6000).epochs == baseline.TRAINING.epochs
    assert settings(1 << 24).epochs == baseline.LEAST_EPOCHS
