import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipstream.quantization.equalisation import equalised
from slipstream.quantization.integers import quantize_layers
from slipstream.quantization.rounding import nearest_plane
from slipstream.quantization.variants import int8_bundle
from slipstream.runtime import Bundle, Predictor
from slipstream.runtime.bundle import dump, parse
from slipstream.runtime.columns import Column
from slipstream.runtime.kernels import Layer
from slipstream.runtime.numpy_model import NumpyModel
from slipstream.runtime.rows import RowReader
from tests.unit.networks import float32_bundle, int8_logit, layers, logits, models, rows_of


def error(weight: np.ndarray, whole: np.ndarray, scale: np.ndarray, gram: np.ndarray) -> float:
    """The squared error of sums, of inputs with a covariance."""
    off = weight - whole * scale
    return float(np.trace(off.T @ gram @ off))


@given(st.integers(0, 2**31), st.integers(3, 12))
def test_rounding_by_the_sums_beats_the_nearest_step(seed: int, inputs: int) -> None:
    """Where inputs go together, errors that cancel cost less than errors that are each least."""
    random = np.random.default_rng(seed)
    common = random.normal(size=(200, 1))
    seen = common + 0.1 * random.normal(size=(200, inputs))
    covariance = np.cov(seen.T) + 1e-4 * np.eye(inputs)
    weight = random.uniform(-3, 3, (inputs, 64))
    scale = np.full(64, 0.5)
    whole = nearest_plane(weight, covariance, scale)
    assert np.array_equal(whole, np.rint(whole))
    plain = np.rint(weight / scale)
    assert error(weight, whole, scale, covariance) < error(weight, plain, scale, covariance)


def test_independent_inputs_are_rounded_to_the_nearest_step() -> None:
    """Nothing makes up for an error where inputs have nothing in common."""
    weight = np.random.default_rng(0).normal(0, 40, (30, 4))
    whole = nearest_plane(weight, np.diag(np.arange(1.0, 31)), np.ones(4))
    assert np.array_equal(whole, np.rint(weight).clip(-127, 127))


def brute_force(weight: np.ndarray, covariance: np.ndarray) -> float:
    """The least error of all whole weights near one output's."""
    ways = itertools.product(*[[np.floor(each), np.ceil(each)] for each in weight[:, 0]])
    ones = np.ones(1)
    return min(error(weight, np.array(way)[:, None], ones, covariance) for way in ways)


def test_rounding_is_close_to_the_best_there_is() -> None:
    """On average the error is at most 1.5 times that of the best of all roundings up or down."""
    random = np.random.default_rng(1)
    found, best = 0.0, 0.0
    for _ in range(20):
        seen = random.normal(size=(50, 1)) + 0.5 * random.normal(size=(50, 6))
        covariance, weight = np.cov(seen.T), random.uniform(-5, 5, (6, 1))
        whole = nearest_plane(weight, covariance, np.ones(1))
        found += error(weight, whole, np.ones(1), covariance)
        best += brute_force(weight, covariance)
    assert found <= 1.5 * best


def first_sums(bundle: Bundle, rows: list) -> np.ndarray:
    """The first layer's sums (N, H) before its ReLU, in float32's unit."""
    layer = bundle.layers[0]
    low, high, t = NumpyModel(bundle).positions(RowReader(bundle).encode(rows))
    if layer.multiplier is None:
        table, bias = layer.weight.astype(float), layer.bias.astype(float)
    else:
        unit = layer.multiplier.astype(float) * bundle.activation_scales[0]
        table, bias = layer.weight * unit * 2**14, layer.bias * unit
    return ((1 - t)[..., None] * table[low] + t[..., None] * table[high]).sum(axis=1) + bias


def first_errors(data: st.DataObject) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How far int8's first sums are off (N, H), a step of its bias (H,), and the weights' size."""
    fitted, made = data.draw(models())
    rows = data.draw(rows_of(fitted))
    float32 = float32_bundle(fitted, made)
    int8 = int8_bundle(float32, rows)
    assert int8.layers[0].multiplier is not None
    unit = int8.layers[0].multiplier.astype(float) * int8.activation_scales[0]
    off = first_sums(int8, rows) - first_sums(float32, rows)
    return off, unit, np.abs(float32.layers[0].weight).max(axis=0)


@given(st.data())
def test_the_bias_takes_the_mean_error(data: st.DataObject) -> None:
    """No channel of the first layer is off in the mean by more than half a step of its bias."""
    off, unit, size = first_errors(data)
    assert (np.abs(off.mean(axis=0)) <= 0.51 * unit + 1e-6 * size).all()


@given(st.data())
def test_correcting_the_bias_never_raises_the_calibration_error(data: st.DataObject) -> None:
    """With the mean error in the bias, the squared error of the rows' sums is not larger."""
    off, unit, size = first_errors(data)
    shift = data.draw(st.integers(1, 10**6)) * unit  # any other bias
    for other in (off + shift, off - shift):
        least, more = np.square(off).mean(axis=0), np.square(other).mean(axis=0)
        assert (least <= more + 1e-6 * size * (shift + size)).all()


@given(st.data())
def test_equalised_channels_change_no_answer(data: st.DataObject) -> None:
    """The float32 model answers with the same bits; its channels differ by less than a factor 2."""
    fitted, made = data.draw(models())
    rows = data.draw(rows_of(fitted))
    float32 = float32_bundle(fitted, made)
    changed = equalised(float32, rows)
    assert logits(Predictor(changed), rows).tobytes() == logits(Predictor(float32), rows).tobytes()
    *hidden, _ = NumpyModel(changed).layers(RowReader(changed).encode(rows))
    *plain, _ = NumpyModel(float32).layers(RowReader(float32).encode(rows))
    for activations, before in zip(hidden, plain, strict=True):
        largest, started = activations.max(axis=0), before.max(axis=0)
        near = (started > 0) & (started * 16 > started.max())
        assert (largest[near] > largest.max() / 2).all()


def test_a_table_far_from_zero_is_as_fine_as_one_around_it() -> None:
    """What all weights of a column have in common goes into the bias, and costs no resolution."""
    column = Column(name="x", kind="numeric", allows_missing=True, edges=np.array([0.0, 1.0, 2.0]))
    near = layers([column], [8], seed=1, scale=1.0)
    far = [replace(near[0], weight=near[0].weight + np.float32(50)), near[1]]
    rows = [[each] for each in np.linspace(0, 2, 60)]
    for made in (near, far):
        float32 = float32_bundle([column], made)
        off = first_sums(int8_bundle(float32, rows), rows) - first_sums(float32, rows)
        assert np.abs(off).max() < 0.02


def test_a_layer_without_activity_is_quantised() -> None:
    """Units that are never active have no covariance, and the answer is the bias."""
    column = Column(name="x", kind="numeric", allows_missing=True, edges=np.array([0.0, 1.0]))
    first, last = layers([column], [4], seed=1, scale=0.1)
    dead = [Layer(weight=first.weight, bias=np.full(4, -5, np.float32)), last]
    rows = [[0.1], [0.5], [0.9]]
    bundle = parse(dump(int8_bundle(float32_bundle([column], dead), rows)))
    np.testing.assert_allclose(logits(Predictor(bundle), rows), last.bias[0], atol=5e-4)


@pytest.mark.parametrize("hidden", [[96], [64, 64], [17, 96, 5]])
def test_usual_shapes_are_exact(hidden: list[int]) -> None:
    """Compiled or not, a row has the same bits as Python's own integers give."""
    numbers = Column(name="x", kind="numeric", allows_missing=True, edges=np.linspace(0, 1, 30))
    texts = Column(name="y", kind="categorical", allows_missing=True, categories=("a", "b"))
    random = np.random.default_rng(3)
    rows = [[each, "ab"[index % 2]] for index, each in enumerate(random.random(50))]
    float32 = float32_bundle([numbers, texts], layers([numbers, texts], hidden, 3, 0.3))
    bundle = int8_bundle(equalised(float32, rows), rows)
    expected = [int8_logit(bundle, row) for row in rows]
    assert logits(Predictor(bundle), rows).tolist() == expected
    assert NumpyModel(bundle).logits(RowReader(bundle).encode(rows)).ravel().tolist() == expected


def test_a_longer_table_than_can_be_solved_is_rounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the most used inputs, weights go to the nearest step; the answers stay close."""
    monkeypatch.setattr("slipstream.quantization.integers.MOST_INPUTS", 5)
    column = Column(name="x", kind="numeric", allows_missing=True, edges=np.linspace(0, 1, 40))
    float32 = float32_bundle([column], layers([column], [24], seed=2, scale=0.3))
    rows = [[each] for each in np.linspace(0, 1, 200)]
    made = quantize_layers(float32, rows)
    int8 = replace(float32, precision="int8", **vars(made))
    off = logits(Predictor(int8), rows) - logits(Predictor(float32), rows)
    assert np.abs(off).max() < 0.05
