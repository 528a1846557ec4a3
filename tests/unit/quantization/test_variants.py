import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from slipstream.quantization.variants import int8_bundle
from slipstream.runtime import Predictor
from slipstream.runtime.bundle import dump, parse
from slipstream.runtime.columns import Column
from tests.conftest import Trained
from tests.unit.networks import float32_bundle, int8_logit, layers, logits, models, rows_of


@given(st.data())
def test_int8_equals_an_independent_reference_exactly(data: st.DataObject) -> None:
    """The int8 path is integer arithmetic: bit for bit what Python's own integers give."""
    fitted, made = data.draw(models())
    rows = data.draw(rows_of(fitted))
    bundle = parse(dump(int8_bundle(float32_bundle(fitted, made), rows)))
    expected = [int8_logit(bundle, row) for row in rows]
    assert logits(Predictor(bundle), rows).tolist() == expected


@given(st.data())
def test_one_row_answers_as_in_a_batch(data: st.DataObject) -> None:
    """A dict, a sequence and a row of a table get the same answer, in both precisions."""
    fitted, made = data.draw(models())
    rows = data.draw(rows_of(fitted))
    float32 = float32_bundle(fitted, made)
    for bundle, tolerance in ((float32, 1e-5), (int8_bundle(float32, rows), 1e-15)):
        model = Predictor(bundle)
        batch = model.predict(rows)
        alone = [model.predict_one(row) for row in rows]
        named = [model.predict_one(dict(zip(model.features, row, strict=True))) for row in rows]
        assert alone == named
        np.testing.assert_allclose(alone, batch, rtol=0, atol=tolerance)


def test_wide_int8_layers_stay_exact() -> None:
    """A layer too wide for float32 sums is still exact integer arithmetic."""
    column = Column(name="x", kind="numeric", allows_missing=True, edges=np.array([0.0, 1.0]))
    float32 = float32_bundle([column], layers([column], [900, 700], seed=3, scale=1.0))
    rows = [[0.25], [0.9], [math.nan]]
    bundle = int8_bundle(float32, rows)
    assert logits(Predictor(bundle), rows).tolist() == [int8_logit(bundle, row) for row in rows]


def test_int8_weights_are_four_times_smaller(mixed: Trained, demo: Trained) -> None:
    """Every weight matrix shrinks exactly 4 x; with biases, scales and edges it is <= 0.40 x."""
    for trained in (mixed, demo):
        float32, int8 = (
            parse(trained.store.get(each.file))
            for each in (trained.bundles.float32, trained.bundles.int8)
        )
        for wide, narrow in zip(float32.layers, int8.layers, strict=True):
            assert wide.weight.nbytes == 4 * narrow.weight.nbytes
        assert float32.weights_bytes == 4 * int8.weights_bytes
    assert demo.bundles.int8.tensors_bytes <= 0.40 * demo.bundles.float32.tensors_bytes


def test_both_bundles_tell_what_they_were_trained_on(mixed: Trained) -> None:
    """A trained bundle survives being written, and names its precision and its data."""
    for variant in (mixed.bundles.float32, mixed.bundles.int8):
        data = mixed.store.get(variant.file)
        bundle = parse(data)
        assert dump(bundle) == data
        assert bundle.precision == variant.precision
        assert bundle.weights_bytes == variant.weights_bytes
        assert bundle.details["training_data_sha256"] == mixed.dataset.table.sha256
