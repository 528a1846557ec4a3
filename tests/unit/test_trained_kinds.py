"""A model of each kind of target, trained as a run trains it, answers alike everywhere."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from slipstream.artifacts.store import Store
from slipstream.cli.predict import Choices, predict
from slipstream.config.parsing import parse_config
from slipstream.data.snapshot import Snapshot, as_numbers
from slipstream.evaluation.row_trace import trace_row
from slipstream.evaluation.scoring import scoring_at
from slipstream.export.onnx_graph import to_onnx
from slipstream.pyfunc import BundleModel
from slipstream.runtime import Predictor, load_file
from tests.conftest import Trained, train_on

ROWS = 900


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Columns of every kind, some cells missing; three targets that they explain."""
    random = np.random.default_rng(8)
    age, income = random.integers(18, 90, ROWS), random.lognormal(10, 0.6, ROWS).round(2)
    city, member = random.choice(["Bonn", "Oslo", "Rome"], ROWS), random.random(ROWS) < 0.5
    level = age / 30 + 2.0 * (city == "Oslo") + member
    plan = np.select([level < 2, level < 3.5], ["basic", "plus"], "pro")
    frame = pd.DataFrame({"age": age, "income": income, "city": city, "member": member})
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 700, ROWS), unit="D")
    frame["since"] = days.strftime("%d.%m.%Y")
    frame.loc[::9, "city"] = None
    frame.loc[::8, "since"] = None
    frame.loc[::7, "income"] = None
    targets = {"plan": plan, "spend": 1e4 + 500 * level, "stays": level > 2.5}
    path = tmp_path_factory.mktemp("kinds") / "customers.csv"
    frame.assign(**targets).to_csv(path, index=False)
    return path


TARGETS = {
    "binary": "stays",
    "multiclass": "plan",
    "regression": "spend",
    "quantiles": "spend",
}
LEVELS = (0.1, 0.5, 0.975)


@pytest.fixture(scope="module", params=list(TARGETS))
def trained(
    request: pytest.FixtureRequest, table: Path, tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    target = TARGETS[request.param]
    data = {"path": str(table), "target": target, "drop": list({*TARGETS.values()} - {target})}
    if request.param == "quantiles":
        data["quantiles"] = LEVELS
    config = parse_config({"data": data, "model": {"hidden": [16, 8]}, "training": {"epochs": 40}})
    return train_on(config, Store(tmp_path_factory.mktemp("store")))


def predictors(trained: Trained) -> list[Predictor]:
    """The float32 model, then the int8 one."""
    variants = trained.bundles.variants
    return [load_file(trained.store.path(variants[each].file)) for each in ("float32", "int8")]


MOST_LOST = {"test_auc": 0.0005, "test_accuracy": 1.5 / ROWS}


def test_int8_answers_as_well_as_float32(trained: Trained) -> None:
    """On all rows: AUC within 0.0005, two more labels wrong at most, errors within 0.3 %."""
    snapshot = Snapshot(trained.dataset, trained.store)
    target, rows = snapshot.target().to_numpy(), snapshot.rows()
    before, after = (model.predict(rows) for model in predictors(trained))
    scoring = scoring_at(0.5, trained.dataset.task, trained.dataset.quantiles)
    float32, int8 = (scoring.quality(target, each, None) for each in (before, after))
    for name, most in MOST_LOST.items():
        assert int8.get(name, 0) == pytest.approx(float32.get(name, 0), abs=most)
    for name in ("test_rmse", "test_pinball"):
        if name in float32:
            assert int8[name] == pytest.approx(float32[name], rel=0.003)


def odd_rows() -> list[dict[str, object]]:
    """1,000 rows: usual values, extremes, unknown categories, text, dates, missing cells."""
    random = np.random.default_rng(9)
    numbers = [None, 18, 89.5, -1e300, 1e300, 5e-324, "42", " 7 ", math.pi, -0.0, 30000]
    numbers += [math.inf, -math.inf, "inf", "-Infinity", "1e400", 10**400, -(10**25), "  ", "n/a"]
    cells = {
        "age": numbers,
        "income": numbers,
        "city": [None, "Bonn", " Oslo", "Rome ", "Atlantis", "", "  ", "?"],
        "since": [
            None,
            "31.12.2024",
            " 1.2.2025 ",
            "2025-03-04",
            "",
            "1.1.1900",
            "31.12.9999",
            "-",
        ],
        "member": [True, False, None, "true", 1],
    }
    rows = [
        {name: values[random.integers(len(values))] for name, values in cells.items()}
        for _ in range(1000)
    ]
    for row in rows:
        for name in ("age", "member"):  # which the table never lacks
            row[name] = 1 if row[name] in (None, "  ", "n/a") else row[name]
    return rows


def test_every_way_to_ask_gives_the_same_bits(
    trained: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    """One row, a list of rows, a frame, MLflow's model and the command agree on 1,000 odd rows."""
    rows = odd_rows()
    for model in predictors(trained):
        kept = [{name: row[name] for name in model.features} for row in rows]
        answers = model.predict([list(row.values()) for row in kept])
        frame = pd.DataFrame(kept, dtype=object)
        one_by_one = np.array([model.predict_one(row) for row in kept])
        assert one_by_one.tobytes() == answers.tobytes()
        assert model.predict(frame).tobytes() == answers.tobytes()
        assert np.asarray(BundleModel(model).predict(frame)).tobytes() == answers.tobytes()
        predict(model, json.dumps(kept), Choices())
        lines = [list(json.loads(line).values()) for line in capsys.readouterr().out.splitlines()]
        written = [line[:-1] if model.classes else line for line in lines]
        assert np.array(written).reshape(answers.shape).tobytes() == answers.tobytes()


def test_float32_is_the_same_in_onnx(trained: Trained) -> None:
    """Within 1e-5, of a number in standard deviations of the target; odd rows included."""
    onnxruntime = pytest.importorskip("onnxruntime")
    model = predictors(trained)[0]
    usual = Snapshot(trained.dataset, trained.store).rows("test")[model.features]
    odd = usual.head(120).assign(
        age=np.resize([math.inf, -math.inf, 1e300, -1e300, -0.0], 120),
        income=np.resize([math.nan, math.inf, -1e25, 5e-324], 120),
        city=np.resize(np.array(["Atlantis", None, "Oslo"], object), 120),
    )
    rows = pd.concat([usual, odd], ignore_index=True)
    session = onnxruntime.InferenceSession(to_onnx(model.bundle))
    fed = {}
    for each in session.get_inputs():
        values = rows[each.name]
        if "string" in each.type:
            fed[each.name] = np.array(["" if v is None else v for v in values], object)[:, None]
        else:  # a date as its seconds
            kind = np.float64 if "double" in each.type else np.float32
            fed[each.name] = as_numbers(values).astype(kind)[:, None]
    found = np.asarray(session.run(None, fed)[0], np.float64).reshape(model.predict(rows).shape)
    unit = trained.dataset.deviation or 1.0
    np.testing.assert_allclose(found / unit, model.predict(rows) / unit, rtol=0, atol=1e-5)


def test_each_kind_learns_and_int8_keeps_it(trained: Trained) -> None:
    """The columns explain the targets, so either variant is better than guessing."""
    scoring = scoring_at(0.5, trained.dataset.task, trained.dataset.quantiles)
    snapshot = Snapshot(trained.dataset, trained.store)
    rows, target = snapshot.rows("test"), snapshot.target("test").to_numpy()
    guess = scoring.row_losses(target, scoring.guess(target, None), None).mean()
    losses = [
        scoring.row_losses(target, each.predict(rows), None).mean() for each in predictors(trained)
    ]
    assert max(losses) < 0.75 * guess
    assert abs(losses[0] - losses[1]) < 0.02 * guess


def test_rows_count_by_their_weight(tmp_path: Path) -> None:
    """Where rows contradict each other, the heavier ones are learned; the weight is no feature."""
    random = np.random.default_rng(3)
    x, heavy = random.normal(size=1200), random.random(1200) < 0.3
    frame = pd.DataFrame({"x": x, "noise": random.normal(size=1200)})
    frame["w"] = np.where(heavy, 10, 0.1)
    frame["y"] = np.where(heavy, x, -x).round(3)
    frame.to_csv(tmp_path / "table.csv", index=False)
    data = {"path": str(tmp_path / "table.csv"), "target": "y"}
    config = {"model": {"hidden": [8]}, "training": {"epochs": 30}}
    slopes = []
    for named in ({"weight": "w"}, {"drop": ["w"]}):
        made = train_on(
            parse_config({"data": {**data, **named}, **config}), Store(tmp_path / "store")
        )
        model = predictors(made)[0]
        assert "w" not in model.features
        low, high = model.predict([{"x": each, "noise": 0.0} for each in (-1.0, 1.0)])
        slopes.append(high - low)
    assert slopes[0] > 1
    assert slopes[1] < 0


def test_a_traced_row_ends_in_its_answer(trained: Trained) -> None:
    """The trace has the truth as a person knows it, and what `predict_one` gives."""
    trace = trace_row(trained.dataset, trained.bundles, trained.store)
    answer = np.atleast_1d(trace.answers["int8"])
    output = trace.layers["int8"][-1]
    assert dict(output)["values"] == pytest.approx(tuple(answer))
    given = {"binary": "1 probability", "multiclass": "3 probabilities", "regression": "1 number"}
    assert trace.shape.endswith({**given, "quantiles": "3 quantiles"}[trained.dataset.task])
    if trained.dataset.classes:
        assert trace.label in trained.dataset.classes
    else:
        assert 1e4 < float(trace.label) < 2e4
