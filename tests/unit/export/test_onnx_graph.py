import json
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipstream.cli.main import main
from slipstream.export.onnx_graph import OUTPUT, to_onnx
from slipstream.runtime import Bundle, InputError, Predictor
from slipstream.runtime.bundle import read
from slipstream.runtime.columns import Column
from slipstream.runtime.kernels import Layer
from slipstream.runtime.types import Precision
from tests.conftest import Trained
from tests.unit.networks import CATEGORIES, float32_bundle, layers, logits, models, rows_of
from tests.unit.quantization.test_variants import int8_bundle
from tests.unit.runtime.agreement import Shape, bundle_of, quantiles_of, raw_rows
from tests.unit.runtime.test_imports import HEAVY

PRECISIONS = ("float32", "int8")


def feed(bundle: Bundle, rows: Sequence[Sequence[Any]]) -> dict[str, np.ndarray]:
    """Raw rows in the form that the guide describes for runtimes."""
    table = np.array(rows, object).reshape(len(rows), len(bundle.columns))
    fed = {}
    for column, values in zip(bundle.columns, table.T, strict=True):
        if column.edges is None:
            texts = ["" if value is None else value.strip() for value in values]
            fed[column.name] = np.array(texts, object).reshape(-1, 1)
        else:
            fed[column.name] = values.astype(np.float64).reshape(-1, 1)
    return fed


def session(data: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def answers(bundle: Bundle, rows: Sequence[Sequence[Any]]) -> np.ndarray:
    """What ONNX Runtime answers: probabilities (N, 1)."""
    (found,) = session(to_onnx(bundle)).run([OUTPUT], feed(bundle, rows))
    return found


def onnx_logits(bundle: Bundle, rows: Sequence[Sequence[Any]]) -> np.ndarray:
    """What the graph has before its link function: (N,)."""
    model = onnx.load_from_string(to_onnx(bundle))
    (link,) = (node for node in model.graph.node if node.op_type == "Sigmoid")
    model.graph.output.append(
        onnx.helper.make_tensor_value_info(link.input[0], onnx.TensorProto.FLOAT, None)
    )
    (found,) = session(model.SerializeToString()).run([link.input[0]], feed(bundle, rows))
    return found[:, 0]


def numeric(name: str, edges: Sequence[float], *, allows_missing: bool = True) -> Column:
    return Column(
        name=name, kind="numeric", allows_missing=allows_missing, edges=np.array(edges, float)
    )


def categorical(name: str, *known: str, **options: Any) -> Column:
    return Column(
        name=name, kind="categorical", categories=known, **{"allows_missing": True, **options}
    )


def edge_rows(columns: Sequence[Column]) -> list[list[Any]]:
    """Rows in which the first column's value is exactly an edge, just below, and just above it."""
    around = [
        value
        for edge in columns[0].edges
        for value in (edge, np.nextafter(edge, -math.inf), np.nextafter(edge, math.inf))
    ]
    return [[value] + [0.0] * (len(columns) - 1) for value in around]


@given(st.data())
def test_float32_agrees_with_the_predictor(data: st.DataObject) -> None:
    """Any float32 model and any row, odd ones included: within 1e-5."""
    fitted, made = data.draw(models())
    rows = data.draw(rows_of(fitted))
    bundle = float32_bundle(fitted, made)
    expected = Predictor(bundle).predict(rows)
    np.testing.assert_allclose(answers(bundle, rows)[:, 0], expected, rtol=0, atol=1e-5)


@given(st.data())
def test_int8_agrees_with_the_predictor(data: st.DataObject) -> None:
    """Any int8 model and any row: the integers are the same, and only the link function rounds."""
    fitted, made = data.draw(models())
    rows = data.draw(rows_of(fitted))
    bundle = int8_bundle(float32_bundle(fitted, made), rows)
    model = Predictor(bundle)
    assert onnx_logits(bundle, rows).tolist() == logits(model, rows).tolist()
    np.testing.assert_allclose(answers(bundle, rows)[:, 0], model.predict(rows), rtol=0, atol=1e-6)


@pytest.mark.parametrize("columns", [[numeric("x", [-1, 0.1, 0.3, 7, 1e9])], "many"])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_values_on_and_next_to_edges(precision: str, columns: Any) -> None:
    """Bins are found in float64; eight columns need sums wider than float32."""
    if columns == "many":
        columns = [numeric(f"x{index}", [-1, 1 / 3, 5]) for index in range(8)]
    rows = edge_rows(columns)
    float32 = float32_bundle(columns, layers(columns, [32, 32], 4, 0.2))
    bundle = float32 if precision == "float32" else int8_bundle(float32, rows)
    expected = Predictor(bundle).predict(rows)
    np.testing.assert_allclose(answers(bundle, rows)[:, 0], expected, rtol=0, atol=1e-6)


def test_wide_int8_layers_stay_exact() -> None:
    """Layers whose sums float32 cannot hold are summed in float64."""
    columns = [numeric(f"x{index}", [0, 0.5, 1]) for index in range(12)]
    float32 = float32_bundle(columns, layers(columns, [900, 700], 3, 1.0))
    rows = np.random.default_rng(0).uniform(-0.5, 1.5, (50, 12)).tolist()
    bundle = int8_bundle(float32, rows)
    assert onnx_logits(bundle, rows).tolist() == logits(Predictor(bundle), rows).tolist()


@pytest.mark.parametrize("edges", [[-1.7e308, 0.0, 1.7e308], [0.0, 5e-324, 1e-310]])
def test_edges_at_the_ends_of_float64(edges: list[float]) -> None:
    """Neither overflow nor denormal numbers lead to another bin."""
    columns = [numeric("x", edges)]
    bundle = float32_bundle(columns, layers(columns, [8], 1, 1.0))
    odd = [*edges, 5e-324, -5e-324, 1e-310, math.inf, -math.inf, math.nan, 0.0, -0.0, 1.0]
    rows = [[value] for value in odd]
    expected = Predictor(bundle).predict(rows)
    np.testing.assert_allclose(answers(bundle, rows)[:, 0], expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("count", [0, 1, 2, 1000])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_any_number_of_rows(count: int, precision: str) -> None:
    """The batch size is free."""
    columns = [numeric("x", [0, 1, 2]), categorical("c", *CATEGORIES)]
    random = np.random.default_rng(1)
    rows = [[random.normal(1, 2), random.choice([*CATEGORIES, "z"])] for _ in range(1000)]
    float32 = float32_bundle(columns, layers(columns, [16], 2, 0.5))
    bundle = float32 if precision == "float32" else int8_bundle(float32, rows)
    found = answers(bundle, rows[:count])
    assert (found.shape, found.dtype) == ((count, 1), np.float32)
    expected = [Predictor(bundle).predict_one(row) for row in rows[:count]]
    np.testing.assert_allclose(found[:, 0], expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("trained", ["demo", "mixed"])
def test_trained_models_agree(request: pytest.FixtureRequest, trained: str, precision: str) -> None:
    """Models that were really trained: raw values in, the predictor's probability out."""
    one: Trained = request.getfixturevalue(trained)
    bundle = read(one.store.path(getattr(one.bundles, precision).file))
    random = np.random.default_rng(2)
    choices = {
        column.name: (
            [*column.categories, "never seen", *([None] if column.allows_missing else [])]
            if column.edges is None
            else [
                *random.uniform(column.edges[0] - 1, column.edges[-1] + 1, 50),
                *([math.nan] if column.allows_missing else []),
            ]
        )
        for column in bundle.columns
    }
    rows = [
        [
            choices[column.name][random.integers(len(choices[column.name]))]
            for column in bundle.columns
        ]
        for _ in range(1000)
    ]
    expected = Predictor(bundle).predict(rows)
    np.testing.assert_allclose(answers(bundle, rows)[:, 0], expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_categories_are_looked_up_as_text(precision: str) -> None:
    """Dots, blanks inside, accents; markers are missing unless they are categories."""
    markers = ("", "?", "NA", "unknown")
    columns = [
        categorical("job", "admin.", "blue-collar", "self employed", "été"),
        categorical("contact", "unknown", "cellular"),
        categorical("empty"),
    ]
    texts = ["admin.", "self employed", "été", "Admin.", "unknown", "?", "", "cellular", None]
    rows = [[a, b, c] for a in texts for b in texts for c in ("x", None)]
    made = float32_bundle(columns, layers(columns, [8, 4], 6, 0.5))
    float32 = replace(made, missing_markers=markers)
    bundle = float32 if precision == "float32" else int8_bundle(float32, rows)
    expected = Predictor(bundle).predict(rows)
    np.testing.assert_allclose(answers(bundle, rows)[:, 0], expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_what_the_predictor_refuses_is_nan(precision: str) -> None:
    """A missing value where training saw none shows in that row's answer, and in no other."""
    columns = [
        numeric("x", [0, 1], allows_missing=False),
        numeric("y", [0, 1]),
        categorical("c", "a", allows_missing=False),
        categorical("d", "a"),
    ]
    rows = [[0.5, 0.5, "a", "a"], [0.5, math.nan, "z", None]]
    refused = [[math.nan, 0.5, "a", "a"], [0.5, 0.5, None, "a"]]
    float32 = float32_bundle(columns, layers(columns, [8], 6, 0.5))
    bundle = float32 if precision == "float32" else int8_bundle(float32, rows)
    found = answers(bundle, rows + refused)[:, 0]
    np.testing.assert_allclose(found[:2], Predictor(bundle).predict(rows), rtol=0, atol=1e-6)
    assert np.isnan(found[2:]).all()


def test_the_file_says_what_it_is(demo: Trained) -> None:
    """One valid file: old opset, typed inputs by column name, classes, no data elsewhere."""
    bundle = read(demo.store.path(demo.bundles.int8.file))
    model = onnx.load_from_string(to_onnx(bundle))
    onnx.checker.check_model(model, full_check=True)
    assert {each.domain: each.version for each in model.opset_import} == {"": 13, "ai.onnx.ml": 2}
    assert not any(tensor.external_data for tensor in model.graph.initializer)
    facts = {prop.key: prop.value for prop in model.metadata_props}
    assert facts["precision"] == "int8"
    assert json.loads(facts["classes"]) == list(bundle.classes)
    running = session(to_onnx(bundle))
    assert [each.name for each in running.get_inputs()] == [each.name for each in bundle.columns]
    assert {each.type for each in running.get_inputs()} == {"tensor(double)"}


def test_int8_weights_stay_small(demo: Trained) -> None:
    """Every s8 weight is stored in one byte."""
    bundle = read(demo.store.path(demo.bundles.int8.file))
    stored = onnx.load_from_string(to_onnx(bundle)).graph.initializer
    sizes = [math.prod(each.dims) for each in stored if each.data_type == onnx.TensorProto.INT8]
    assert sum(sizes) == bundle.weights_bytes


@pytest.mark.parametrize("name", ["", "prediction", "/0", "/Concat_0", "\ud800"])
def test_names_that_no_input_can_have_are_refused(name: str) -> None:
    """A column that would clash with the graph's own names ends in a message."""
    columns = [numeric(name, [0, 1])]
    made: list[Layer] = layers(columns, [2], 1, 0.5)
    with pytest.raises(InputError, match="however"):
        to_onnx(float32_bundle(columns, made))


def test_the_command_needs_onnx_and_no_training_library(demo: Trained, tmp_path: Path) -> None:
    """With all that training needs hidden it works; with onnx hidden it names the extra."""
    bundle, output = str(demo.store.path(demo.bundles.int8.file)), tmp_path / "model.onnx"
    code = (
        "import sys\n"
        "hidden, *arguments = sys.argv[1:]\n"
        "for name in hidden.split(','): sys.modules[name] = None\n"
        "from slipstream.cli.main import main\n"
        "sys.exit(main(['export', *arguments, '--format', 'onnx']))"
    )

    def run(hidden: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, hidden, bundle, "--output", str(output)]
        return subprocess.run(command, check=False, capture_output=True, text=True)

    refused = run("onnx")
    assert refused.returncode == 2
    assert "onnx is not installed; run pip install 'slipstream[export]'" in refused.stderr
    assert not output.exists()
    assert run(",".join(HEAVY)).returncode == 0
    assert session(output.read_bytes())


@pytest.mark.parametrize(
    ("name", "reason"),
    [("bundle", "the bundle itself"), ("link", "the bundle itself"), ("pipe", "not a regular")],
)
def test_the_command_replaces_neither_its_bundle_nor_a_pipe(
    name: str, reason: str, demo: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A target that would be lost is refused, through a symlink too, and stays as it was."""
    data = demo.store.get(demo.bundles.int8.file)
    bundle, pipe, link = (tmp_path / each for each in ("bundle", "pipe", "link"))
    bundle.write_bytes(data)
    os.mkfifo(pipe)
    link.symlink_to(bundle)
    output = str(tmp_path / name)
    assert main(["export", str(bundle), "--format", "onnx", "--output", output]) == 2
    assert reason in capsys.readouterr().err
    assert bundle.read_bytes() == data
    assert pipe.is_fifo()
    assert link.is_symlink()


def test_the_command_writes_to_the_target_of_a_link(demo: Trained, tmp_path: Path) -> None:
    """The link stays a link, and its target has the new file's content."""
    bundle = str(demo.store.path(demo.bundles.int8.file))
    model, link = tmp_path / "model.onnx", tmp_path / "latest.onnx"
    model.write_bytes(b"the last one")
    link.symlink_to(model)
    assert main(["export", bundle, "--format", "onnx", "--output", str(link)]) == 0
    assert link.is_symlink()
    assert model.read_bytes() == to_onnx(read(bundle))


@pytest.mark.parametrize("quantiles", [False, True])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_every_task_is_exported(
    precision: Precision, outputs: int, quantiles: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regressions, of quantiles too, and multiclass models answer what the predictor answers."""
    monkeypatch.setattr("tests.unit.runtime.agreement.SIZES", [1.0])  # usual columns
    shape = Shape(features=4, bins=6, hidden=[16, 8], outputs=outputs, rows=0, seed=3)
    bundle = bundle_of(shape, precision, categorical=0.5)
    bundle = quantiles_of(bundle) if quantiles else bundle
    usual = raw_rows(list(bundle.columns), 50, np.random.default_rng(3))
    rows = [[None if value in ("", " a ") else value for value in row] for row in usual]
    expected = Predictor(bundle).predict(rows).reshape(50, outputs)
    np.testing.assert_allclose(answers(bundle, rows), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("size", [1e-4, 1.0, 1e3])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_logarithmic_scale_is_exported(precision: Precision, size: float) -> None:
    """ONNX Runtime answers numbers, small, usual and beyond float32, as the predictor does."""
    columns = [numeric("x", [0, 1, 2]), categorical("c", *CATEGORIES)]
    *hidden, last = layers(columns, [16], 2, 0.5)
    last = replace(last, weight=last.weight * np.float32(size), bias=last.bias * np.float32(size))
    made = replace(float32_bundle(columns, [*hidden, last]), task="regression", classes=())
    float32 = replace(made, target_scale="log1p")
    rows = [[x, c] for x in np.linspace(-1, 3, 40).tolist() for c in (*CATEGORIES, "z")]
    bundle = float32 if precision == "float32" else int8_bundle(float32, rows)
    expected = Predictor(bundle).predict(rows)
    assert np.isfinite(expected).all()
    found = answers(bundle, rows)[:, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-5 * max(1, size), atol=1e-9)
