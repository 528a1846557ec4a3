import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipstream.runtime import BundleError, Predictor, load_file
from slipstream.runtime.bundle import _digest, dump, parse
from slipstream.runtime.kernels import Layer
from tests.conftest import Trained


@pytest.fixture(scope="module")
def data(mixed: Trained) -> bytes:
    return mixed.store.get(mixed.bundles.int8.file)


def test_a_bundle_survives_being_written(mixed: Trained) -> None:
    """What is written is what is read: tensors to the bit, columns and details to the letter."""
    for variant in (mixed.bundles.float32, mixed.bundles.int8):
        data = mixed.store.get(variant.file)
        bundle = parse(data)
        assert dump(bundle) == data
        assert bundle.precision == variant.precision
        assert bundle.details["training_data_sha256"] == mixed.dataset.table.sha256


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


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """An absent or unreadable file is a BundleError that names it."""
    with pytest.raises(BundleError, match=r"absent\.safetensors"):
        load_file(tmp_path / "absent.safetensors")
    with pytest.raises(BundleError, match="must be a readable file"):
        load_file(tmp_path)


@settings(max_examples=300)
@given(st.data())
def test_damage_is_always_a_bundle_error(data: bytes, source: st.DataObject) -> None:
    """Changed or missing bytes are refused with BundleError, or change nothing that is read."""
    damaged = bytearray(data)
    for _ in range(source.draw(st.integers(1, 3))):
        damaged[source.draw(st.integers(0, len(data) - 1))] ^= source.draw(st.integers(1, 255))
    cut = source.draw(st.sampled_from([len(damaged), len(damaged) // 2, 7, 0]))
    try:
        survived = parse(bytes(damaged[:cut]))
    except BundleError:
        return
    assert dump(survived) == data  # blanks around the header, for one


def forged(data: bytes, change: dict) -> bytes:
    """A bundle with other metadata and a digest that fits it, as a careful attacker sends it."""
    (length,) = struct.unpack_from("<Q", data)
    envelope = json.loads(data[8 : 8 + length])
    header = json.loads(envelope["__metadata__"]["slipstream"])
    header.pop("sha256")
    header |= change
    from safetensors.numpy import load, save

    tensors = load(data)
    header["sha256"] = _digest(header, tensors)
    return save(tensors, metadata={"slipstream": json.dumps(header)})


@pytest.mark.parametrize(
    "change",
    [
        {"format_version": 2},
        {"precision": "int4"},
        {"precision": "float32"},
        {"precision": []},
        {"task": "regression"},
        {"task": "regression", "classes": ["a"]},
        {"task": "multiclass"},
        {"task": "multiclass", "classes": ["a"]},
        {"task": "ranking"},
        {"classes": ["one"]},
        {"classes": ["a", "a", "b"]},
        {"activation_scales": [1.0, -1.0]},
        {"activation_scales": [10**400, 1.0]},
        {"classes": "no"},
        {"columns": []},
        {"columns": None},
        {"columns": [{"name": "x"}]},
        {"columns": [[]]},
        {"activation_scales": [1.0]},
        {"activation_scales": ["a", "b"]},
        {"missing_markers": [1]},
        {"details": []},
    ],
)
def test_forged_metadata_is_refused(data: bytes, change: dict) -> None:
    """Metadata that does not fit the tensors is refused even when its digest is right."""
    with pytest.raises(BundleError):
        parse(forged(data, change))


@pytest.mark.parametrize(
    ("tensor", "value"),
    [
        ("bias", np.array([2**31 - 1] * 16, np.int32)),
        ("bias", np.zeros(3, np.int32)),
        ("weight", np.full((1, 16), -128, np.int8)),
        ("multiplier", np.full(16, np.nan, np.float32)),
        ("multiplier", np.zeros(16, np.float32)),
        ("multiplier", np.ones(16, np.float64)),
    ],
)
def test_unsafe_tensors_are_refused(mixed: Trained, tensor: str, value: np.ndarray) -> None:
    """Numbers that could overflow the integer sums, or are no numbers, never get into a file."""
    bundle = parse(mixed.store.get(mixed.bundles.int8.file))
    first = bundle.layers[0]
    changed = {"weight": first.weight, "bias": first.bias, "multiplier": first.multiplier}
    changed[tensor] = value
    with pytest.raises(BundleError):
        dump(replace_first_layer(bundle, Layer(**changed)))


def test_weights_that_could_overflow_are_refused(mixed: Trained) -> None:
    """Finite float32 weights whose sums need not be finite never get into a file."""
    bundle = parse(mixed.store.get(mixed.bundles.float32.file))
    first = bundle.layers[0]
    huge = Layer(weight=np.full_like(first.weight, 3e38), bias=first.bias)
    with pytest.raises(BundleError, match="must stay finite"):
        dump(replace_first_layer(bundle, huge))


def test_an_int8_answer_that_could_overflow_is_refused(mixed: Trained) -> None:
    """A finite multiplier with which the largest sum is not finite never gets into a file."""
    bundle = parse(mixed.store.get(mixed.bundles.int8.file))
    last = bundle.layers[-1]
    assert last.multiplier is not None
    huge = replace(last, multiplier=np.full_like(last.multiplier, 1e30))
    with pytest.raises(BundleError, match="must stay finite"):
        dump(replace(bundle, layers=(*bundle.layers[:-1], huge)))


def replace_first_layer(bundle, layer):
    from dataclasses import replace

    return replace(bundle, layers=(layer, *bundle.layers[1:]))


def test_threads_share_a_model(mixed: Trained) -> None:
    """Eight threads that share one model get the answers that one thread gets."""
    from concurrent.futures import ThreadPoolExecutor

    model = Predictor(parse(mixed.store.get(mixed.bundles.int8.file)))
    rows = [{"age": float(age), "city": "Oslo", "member": 1.0} for age in range(18, 90)]
    expected = [model.predict_one(row) for row in rows]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: [model.predict_one(row) for row in rows], range(16)))
    assert all(answer == expected for answer in answers)
