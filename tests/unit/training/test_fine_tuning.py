from dataclasses import replace

import numpy as np
import torch

from slipstream.quantization.variants import int8_bundle
from slipstream.runtime import Bundle, Predictor
from slipstream.runtime.bundle import dump, parse
from slipstream.runtime.columns import Column
from slipstream.training.fine_tuning import fine_tuned
from tests.unit.networks import float32_bundle, layers, logits

COLUMNS = [
    Column(name=name, kind="numeric", allows_missing=True, edges=np.linspace(0, 1, 9))
    for name in ("x", "y", "z")
]
ROWS = np.random.default_rng(0).random((600, 3)).tolist()
UNSEEN = np.random.default_rng(1).random((600, 3)).tolist()


def pair() -> tuple[Bundle, Bundle]:
    """A float32 bundle, and an int8 one whose integers are a few steps off."""
    float32 = float32_bundle(COLUMNS, layers(COLUMNS, [16, 12], seed=4, scale=0.4))
    int8 = int8_bundle(float32, ROWS)
    random = np.random.default_rng(2)
    off = [
        replace(each, weight=(each.weight + noise).clip(-127, 127).astype(np.int8))
        for each in int8.layers
        for noise in [random.integers(-6, 7, each.weight.shape)]
    ]
    return float32, replace(int8, layers=tuple(off))


def error(int8: Bundle, float32: Bundle) -> float:
    off = logits(Predictor(int8), UNSEEN) - logits(Predictor(float32), UNSEEN)
    return float(np.sqrt(np.mean(np.square(off))))


def test_integers_learn_to_answer_as_float32() -> None:
    """On rows that it did not see, the error falls by more than half; it is still a bundle."""
    float32, int8 = pair()
    tuned = parse(dump(fine_tuned(int8, float32, ROWS)))
    assert error(tuned, float32) < error(int8, float32) / 2
    assert tuned.activation_scales == int8.activation_scales
    for before, after in zip(int8.layers, tuned.layers, strict=True):
        assert after.weight.dtype == np.int8
        assert np.array_equal(before.multiplier, after.multiplier)


def test_the_same_integers_are_learned_again() -> None:
    """Neither what torch drew before nor its number of threads changes a byte."""
    float32, int8 = pair()
    first = dump(fine_tuned(int8, float32, ROWS))
    torch.manual_seed(77)
    torch.rand(3)
    assert dump(fine_tuned(int8, float32, ROWS)) == first
