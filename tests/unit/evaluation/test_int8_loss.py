import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from slipstream.artifacts.references import Bundles
from slipstream.config.quantization import QuantizationConfig
from slipstream.data.snapshot import Snapshot
from slipstream.evaluation.int8_loss import keep_within, score_loss
from slipstream.quantization.variants import keep_bundle
from slipstream.runtime.bundle import parse
from tests.conftest import Trained


def damaged(trained: Trained) -> Bundles:
    """The bundles, with an int8 one that answers much worse."""
    int8 = parse(trained.store.get(trained.bundles.int8.file))
    first, *later = int8.layers
    random = np.random.default_rng(0)
    noise = random.integers(-60, 61, first.weight.shape)
    off = replace(first, weight=(first.weight + noise).clip(-127, 127).astype(np.int8))
    worse = keep_bundle(replace(int8, layers=(off, *later)), trained.store)
    return trained.bundles.model_copy(update={"int8": worse})


def lost(bundles: Bundles, trained: Trained) -> float:
    float32, int8 = (
        parse(trained.store.get(each.file)) for each in (bundles.float32, bundles.int8)
    )
    return score_loss(float32, int8, Snapshot(trained.dataset, trained.store))


def test_int8_within_the_tolerance_stays_as_it_is(demo: Trained) -> None:
    """Nothing is tuned, and nothing is said."""
    kept = keep_within(demo.bundles, demo.dataset, QuantizationConfig(), demo.store)
    assert kept == demo.bundles


def test_int8_that_loses_too_much_is_fine_tuned(demo: Trained) -> None:
    """It then loses less on the validation rows; float32 stays; a warning has both figures."""
    bundles = damaged(demo)
    before = lost(bundles, demo)
    assert before > 0.01
    kept = keep_within(bundles, demo.dataset, QuantizationConfig(), demo.store)
    after = lost(kept, demo)
    assert after < before
    assert kept.float32 == bundles.float32
    warning = kept.warnings[-1]
    assert f"int8 loses {before:.4f} score on the validation rows" in warning
    assert f"max_score_loss is 0.01; fine-tuning its integers leaves {after:.4f}" in warning


def test_tuning_that_does_not_help_is_not_kept(
    demo: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where integers lose more after it, the ones before stay, and the warning says so."""
    bundles = damaged(demo)
    worse = parse(demo.store.get(bundles.int8.file))
    tuned = "slipstream.training.fine_tuning.fine_tuned"
    monkeypatch.setattr(tuned, lambda int8, float32, rows: worse)
    kept = keep_within(demo.bundles, demo.dataset, QuantizationConfig(max_score_loss=0), demo.store)
    if lost(demo.bundles, demo) > 0:
        assert kept.int8 == demo.bundles.int8
        assert "fine-tuning its integers is not kept, as it would lose" in kept.warnings[-1]
    else:
        assert kept == demo.bundles


def test_pytorch_is_imported_only_where_it_is_needed() -> None:
    """A run whose int8 is good enough does not pay for the import."""
    code = "import sys, slipstream.evaluation.int8_loss as _; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_integers_under_a_constraint_are_left_alone(demo: Trained) -> None:
    """Fine-tuning keeps no order of weights, so the loss is said, and nothing else changes."""
    bundles = damaged(demo)
    kept = keep_within(bundles, demo.dataset, QuantizationConfig(), demo.store, is_bound=True)
    assert kept.int8 == bundles.int8
    assert "integers are not fine-tuned under features.monotone" in kept.warnings[-1]
