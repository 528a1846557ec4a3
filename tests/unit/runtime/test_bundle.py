import copy
import hashlib
import json
import math
import os
import struct
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipstream.runtime import BundleError, Predictor, load_file
from slipstream.runtime.bundle import _column_header, _digest, dump, parse
from slipstream.runtime.formats import NumberFormat
from slipstream.runtime.kernels import Layer
from slipstream.runtime.types import Precision, Task
from slipstream.runtime.values import MISSING_MARKERS
from tests.unit.runtime.people import people


@pytest.fixture(scope="module")
def data() -> bytes:
    return dump(people())


@pytest.mark.parametrize("task", get_args(Task))
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_a_bundle_survives_being_written(precision: Precision, task: Task) -> None:
    """What is written is what is read: tensors to the bit, columns and details to the letter."""
    written = people(precision, task)
    data = dump(written)
    bundle = parse(data)
    assert dump(bundle) == data
    assert (bundle.precision, bundle.task) == (precision, task)
    assert (bundle.classes, bundle.details) == (written.classes, written.details)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """An absent or unreadable file is a BundleError that names it."""
    with pytest.raises(BundleError, match=r"absent\.safetensors"):
        load_file(tmp_path / "absent.safetensors")
    with pytest.raises(BundleError, match="must be a readable file"):
        load_file(tmp_path)


def test_a_file_that_is_too_long_is_not_read(data: bytes, tmp_path: Path) -> None:
    """A sparse file of a terabyte is rejected by its header, whatever memory there is."""
    for name, start in (("zeros", b""), ("longer", data)):
        path = tmp_path / name
        path.write_bytes(start)
        os.truncate(path, 1 << 40)
        with pytest.raises(BundleError, match=f"{name}: not a usable bundle"):
            load_file(path)


def test_a_file_larger_than_memory_is_reported(
    data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is as long as its header says, but larger than memory, is a BundleError."""

    def fail(path: Path) -> bytes:
        raise MemoryError

    (tmp_path / "huge").write_bytes(data)
    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(BundleError, match="huge: it does not fit into memory"):
        load_file(tmp_path / "huge")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe is refused at once, because nothing may ever write to it."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BundleError, match="not a regular file"):
        load_file(tmp_path / "pipe")


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
    assert dump(survived) == data  # such as whitespace around the header


def test_a_bundle_of_the_first_format_is_read(data: bytes) -> None:
    """A file of format version 1 is read as it was: it names every text that means missing."""
    first = {"format_version": 1, "missing_markers": ["", "?", "NA"]}
    bundle = parse(forged(data, first))
    assert dump(bundle) == data
    none = parse(forged(data, first | {"missing_markers": []}))
    assert none.missing_markers == ()


def test_the_standard_markers_are_part_of_the_format() -> None:
    """Files do not name them: another list would change what written files mean."""
    digest = hashlib.sha256("\n".join(MISSING_MARKERS).encode()).hexdigest()
    assert digest.startswith("604a703bf7d43d07")


@pytest.mark.parametrize("markers", [MISSING_MARKERS, (*MISSING_MARKERS, "!"), ("?", "gone"), ()])
def test_only_unusual_markers_are_in_the_file(markers: tuple[str, ...]) -> None:
    """Whatever means missing is read as it was written; the standard list takes no bytes."""
    data = dump(replace(people(), missing_markers=markers))
    assert parse(data).missing_markers == markers
    assert (b"missing_" in data) == (markers != MISSING_MARKERS)


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
        {"format_version": 3},
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
        {"format_version": 1},
        {"format_version": 1, "missing_markers": [1]},
        {"missing_added": [1]},
        {"missing_removed": "?"},
        {"missing_removed": ["pas dit"]},
        {"details": []},
    ],
)
def test_forged_metadata_is_refused(data: bytes, change: dict) -> None:
    """Metadata that does not fit the tensors is refused even when its digest is right."""
    with pytest.raises(BundleError):
        parse(forged(data, change))


@pytest.mark.parametrize(
    "change",
    [
        {"format_version": "long" * 10**6},
        {"precision": "long" * 10**6},
        {"classes": ["long" * 10**6] * 2},
        {"activation_scales": ["long" * 10**6]},
        {"columns": [{"kind": "numeric", "name": "long" * 10**6, "edges": 1, "categories": []}]},
    ],
)
def test_messages_about_forged_metadata_are_short(data: bytes, change: dict) -> None:
    """However long the wrong value is, the message stays short."""
    with pytest.raises(BundleError) as error:
        parse(forged(data, change))
    assert len(str(error.value)) < 500


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
def test_unsafe_tensors_are_refused(tensor: str, value: np.ndarray) -> None:
    """Numbers that could overflow the integer sums, or are not numbers, never get into a file."""
    bundle = people()
    first = bundle.layers[0]
    changed = {"weight": first.weight, "bias": first.bias, "multiplier": first.multiplier}
    changed[tensor] = value
    with pytest.raises(BundleError):
        dump(replace_first_layer(bundle, Layer(**changed)))


def test_weights_that_could_overflow_are_refused() -> None:
    """Finite float32 weights whose sums need not be finite never get into a file."""
    bundle = people("float32")
    first = bundle.layers[0]
    huge = Layer(weight=np.full_like(first.weight, 3e38), bias=first.bias)
    with pytest.raises(BundleError, match="must stay finite"):
        dump(replace_first_layer(bundle, huge))


def test_an_int8_answer_that_could_overflow_is_refused() -> None:
    """A finite multiplier with which the largest sum is not finite never gets into a file."""
    bundle = people()
    last = bundle.layers[-1]
    assert last.multiplier is not None
    huge = replace(last, multiplier=np.full_like(last.multiplier, 1e30))
    with pytest.raises(BundleError, match="must stay finite"):
        dump(replace(bundle, layers=(*bundle.layers[:-1], huge)))


def replace_first_layer(bundle, layer):
    return replace(bundle, layers=(layer, *bundle.layers[1:]))


def test_threads_share_a_model() -> None:
    """Eight threads that share one model get the answers that one thread gets."""
    from concurrent.futures import ThreadPoolExecutor

    model = Predictor(people())
    rows = [{"age": float(age), "city": "Oslo", "member": 1.0} for age in range(18, 90)]
    expected = [model.predict_one(row) for row in rows]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: [model.predict_one(row) for row in rows], range(16)))
    assert all(answer == expected for answer in answers)


def formatted(**changes: object) -> list[dict]:
    """The columns' metadata, the third with a number format that is changed."""
    form = {"decimal": ".", "thousands": ",", "currency": "$", "percent": False} | changes
    columns = [_column_header(column) for column in people().columns]
    return [{**each, "format": form} if each["name"] == "income" else each for each in columns]


@pytest.mark.parametrize("scaled", [False, True])
def test_a_number_format_survives_being_written(data: bytes, scaled: bool) -> None:
    """A format, and a column's own texts for missing; a bundle without them has no such keys."""
    made = people()
    form = NumberFormat(decimal=",", thousands=" ", currency="kr", percent=True, scaled=scaled)
    income = replace(made.columns[2], format=form, missing=("pas dit",))
    columns = (*made.columns[:2], income, made.columns[3])
    read = parse(dump(replace(made, columns=columns))).columns[2]
    assert (read.format, read.missing) == (form, ("pas dit",))
    assert ("scaled" in form.to_json()) == scaled
    assert b"percent" not in data
    assert parse(forged(data, {"columns": formatted()})).columns[2].format is not None


@pytest.mark.parametrize(
    "columns",
    [
        formatted(decimal=";"),
        formatted(decimal=","),
        formatted(thousands="x"),
        formatted(thousands=[]),
        formatted(currency="1"),
        formatted(currency=" "),
        formatted(currency="x" * 9),
        formatted(currency=None),
        formatted(percent=1),
        formatted(scaled=1),
        formatted(other=1),
        [{**each, "format": {}} for each in formatted()],
        [{**each, "format": 5} for each in formatted()],
        [{**each, "missing": [1]} for each in formatted()],
        [{**each, "missing": "NA"} for each in formatted()],
        [{**each, "format": formatted()[2]["format"]} for each in formatted()],
    ],
)
def test_forged_formats_are_refused(data: bytes, columns: list[dict]) -> None:
    """A format has known signs that differ, and belongs to a numeric column."""
    with pytest.raises(BundleError):
        parse(forged(data, {"columns": columns}))


def test_a_threshold_survives_being_written(data: bytes) -> None:
    """It is read as it was written, and copied with the model; 0.5 is the default, and no key."""
    written = dump(replace(people(), threshold=0.3))
    assert parse(written).threshold == 0.3
    assert Predictor(parse(written)).threshold == 0.3
    assert copy.copy(Predictor(parse(written))).threshold == 0.3
    assert parse(data).threshold == 0.5
    assert b"threshold" not in data
    assert Predictor(people(task="regression")).threshold is None
    assert Predictor(people(task="multiclass")).threshold is None


@pytest.mark.parametrize(
    "threshold", [0, 1, 0.0, -0.1, 1.0000001, math.nan, math.inf, "0.5", None, True, [0.5], {}]
)
def test_forged_thresholds_are_refused(data: bytes, threshold: object) -> None:
    """A threshold is a number above 0 and up to 1."""
    assert parse(forged(data, {"threshold": 1.0})).threshold == 1
    with pytest.raises(BundleError, match="threshold"):
        parse(forged(data, {"threshold": threshold}))


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_only_two_labels_have_a_threshold(task: Task) -> None:
    """Any other model with one, even 0.5, is refused; it cannot be written either."""
    with pytest.raises(BundleError, match="only a binary model"):
        parse(forged(dump(people(task=task)), {"threshold": 0.5}))
    with pytest.raises(BundleError, match="only a binary model"):
        dump(replace(people(task=task), threshold=0.3))


def test_levels_survive_being_written(data: bytes) -> None:
    """They are read as they were written, and copied with the model; other models have no key."""
    written = dump(people(task="quantiles"))
    assert parse(written).quantiles == (0.1, 0.5, 0.975)
    model = Predictor(parse(written))
    assert model.quantiles == copy.copy(model).quantiles == [0.1, 0.5, 0.975]
    assert "q10, q50, q97.5 of 'label'" in repr(model)
    for task in ("binary", "multiclass", "regression"):
        other = dump(people(task=task))
        assert b"quantiles" not in other
        assert Predictor(parse(other)).quantiles == []


@pytest.mark.parametrize(
    "levels",
    [
        *([], [0.1, 0.5], [0.1, 0.5, 0.9, 0.95], [0.5, 0.1, 0.9], [0.1, 0.5, 0.5]),
        *([0.0, 0.5, 0.9], [0.1, 0.5, 1.0], [-0.1, 0.5, 0.9], [0.1, 0.5, 1.5], [0, 0.5, 1]),
        *([0.1, math.nan, 0.9], [0.1, 0.5, math.inf], [0.1, 0.1 + 1e-15, 0.9]),
        *(["0.1", "0.5", "0.9"], [0.1, 0.5, None], [True, 0.5, 0.9], [[0.1], 0.5, 0.9]),
        *("0.1", 0.5, None, {}, {"0.1": 1}, True, [0.1] * 3, [n / 999 for n in range(1, 999)]),
    ],
)
def test_forged_levels_are_refused(levels: object) -> None:
    """Levels ascend between 0 and 1, each once, and there is an output for each."""
    written = dump(people(task="quantiles"))
    assert parse(forged(written, {"quantiles": [0.2, 0.3, 0.4]})).quantiles == (0.2, 0.3, 0.4)
    with pytest.raises(BundleError, match="quantiles|outputs"):
        parse(forged(written, {"quantiles": levels}))


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_only_a_regression_of_quantiles_has_levels(task: Task) -> None:
    """Any other model with some, even none in a list, is refused; nor can it be written."""
    for levels in ([0.1, 0.5, 0.9], []):
        with pytest.raises(BundleError, match="and no other model, must have levels"):
            parse(forged(dump(people(task=task)), {"quantiles": levels}))
    with pytest.raises(BundleError, match="and no other model, must have levels"):
        dump(replace(people(task=task), quantiles=(0.5,)))
    with pytest.raises(BundleError, match="and no other model, must have levels"):
        dump(replace(people(task="quantiles"), quantiles=()))
    with pytest.raises(BundleError, match="must have no classes"):
        dump(replace(people(task="quantiles"), classes=("a", "b", "c")))


def test_a_logarithmic_scale_survives_being_written() -> None:
    """It is read as it was written, and copied with the model; any other file has no such key."""
    plain = people(task="regression")
    written = dump(replace(plain, target_scale="log1p"))
    assert parse(written).target_scale == "log1p"
    assert (parse(written).link, parse(dump(plain)).link) == ("expm1", "identity")
    assert copy.copy(Predictor(parse(written))).bundle.target_scale == "log1p"
    assert b"target_scale" not in dump(plain)


@pytest.mark.parametrize("scale", ["identity", "log", "", None, 1, True, ["log1p"], {}])
def test_forged_scales_are_refused(scale: object) -> None:
    """The one scale that a file names is log1p."""
    with pytest.raises(BundleError, match="the target's scale must be one of log1p"):
        parse(forged(dump(people(task="regression")), {"target_scale": scale}))


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_labels_have_no_scale(task: Task) -> None:
    """Only a number has one: with labels it is refused, and cannot be written."""
    with pytest.raises(BundleError, match="only a regression may have a target scale"):
        parse(forged(dump(people(task=task)), {"target_scale": "log1p"}))
    with pytest.raises(BundleError, match="only a regression may have a target scale"):
        dump(replace(people(task=task), target_scale="log1p"))
