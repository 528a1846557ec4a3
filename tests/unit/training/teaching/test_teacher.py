"""The stage as a run calls it: what is fitted, what is kept, and what a file may say."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load

from slipstream.artifacts.references import DatasetRef, PreparedRef, TeacherRef
from slipstream.artifacts.store import Store
from slipstream.config.parsing import parse_config
from slipstream.data import ingestion
from slipstream.data.snapshot import GROUP, PART, TARGET, WEIGHT, Snapshot, to_parquet
from slipstream.evaluation.larger import measure_larger
from slipstream.features import preprocessing
from slipstream.features.teacher import synthetic_rows, teacher_answers
from slipstream.runtime import InputError
from slipstream.training.teaching import blend, networks, table, teacher, trees

ROWS = 400
LEVELS = [0.1, 0.5, 0.9]
KINDS: dict[str, dict[str, Any]] = {
    "binary": {"target": "stays"},
    "multiclass": {"target": "plan"},
    "regression": {"target": "spend"},
    "quantiles": {"target": "spend", "quantiles": LEVELS},
}
OUTPUTS = {"binary": 1, "multiclass": 3, "regression": 1, "quantiles": 3}
TARGETS = ["stays", "plan", "spend"]


@dataclass(frozen=True)
class Case:
    """A prepared table, and the rows of the part that is asked for."""

    dataset: DatasetRef
    prepared: PreparedRef
    store: Store

    def is_in(self, part: str) -> NDArray[np.bool_]:
        parts = Snapshot(self.prepared, self.store).frame(columns=[PART])[PART]
        return (parts == ["train", "validation", "test"].index(part)).to_numpy()

    def teach(self, file: str | Path = "", seed: int = 0) -> TeacherRef:
        return teacher.teach(self.dataset, self.prepared, str(file), seed, self.store)


@pytest.fixture(scope="module")
def customers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Columns of every kind that explain three targets, a key, weights and groups."""
    random = np.random.default_rng(8)
    age = random.integers(18, 90, ROWS)
    city = random.choice(["Bonn", "Oslo", "Rome"], ROWS)
    level = age / 30 + 2.0 * (city == "Oslo") + random.normal(0, 0.3, ROWS)
    frame = pd.DataFrame({"id": np.arange(ROWS) + 100, "age": age, "city": city})
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 700, ROWS), unit="D")
    frame["since"] = days.strftime("%Y-%m-%d")
    frame["weight"] = random.choice([1, 2, 0], ROWS, p=[0.5, 0.4, 0.1])
    frame["household"] = random.integers(0, 60, ROWS)
    frame.loc[::9, "age"] = None
    frame["plan"] = np.select([level < 2, level < 3.5], ["basic", "plus"], "pro")
    frame["spend"], frame["stays"] = 1e4 + 500 * level, level > 2.5
    path = tmp_path_factory.mktemp("teacher") / "customers.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture
def case(customers: Path, store: Store) -> Callable[..., Case]:
    def prepare(kind: str = "binary", **data: Any) -> Case:
        target = KINDS[kind]["target"]
        others = [each for each in TARGETS if each != target]
        unused = [each for each in ("id", "weight", "household") if each not in data.values()]
        values = {"path": str(customers), "drop": [*others, *unused], **KINDS[kind], **data}
        config = parse_config({"data": values})
        dataset = ingestion.ingest(config.data, store)
        model = config.model
        prepared = preprocessing.preprocess(dataset, model.encoding, model.bins, store)
        return Case(dataset, prepared, store)

    return prepare


@pytest.fixture(autouse=True)
def _briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few trees and epochs: these tests are not about how good they are."""
    monkeypatch.setattr(trees, "ROUNDS", 40)
    brief = networks.SETTINGS.model_copy(update={"epochs": 2})
    monkeypatch.setattr(networks, "SETTINGS", brief)


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_is_answered_on_the_scale_of_an_answer(
    case: Callable[..., Case], kind: str
) -> None:
    """Probabilities, or numbers in the target's own unit, for each kind of target."""
    here = case(kind)
    taught = here.teach()
    answers = teacher_answers(taught, here.store)
    assert answers.shape == (ROWS, OUTPUTS[kind])
    assert np.isfinite(answers).all()
    if here.dataset.classes:
        assert ((answers >= 0) & (answers <= 1)).all()
    else:
        assert np.abs(answers.mean() - here.dataset.mean) < 3 * here.dataset.deviation
    if kind == "multiclass":
        np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
    if kind == "quantiles":
        assert (np.diff(answers, axis=1) >= 0).all()
    assert set(taught.losses) == set(taught.blend)
    assert taught.loss <= min(taught.losses.values()) + 1e-9
    measured = measure_larger(here.dataset, here.prepared, taught, 0.5, here.store)
    assert set(measured) == {"teacher", "lightgbm"}
    assert measured["teacher"].scores.keys() == measured["lightgbm"].scores.keys()
    assert measured["lightgbm"].latency_p50_us > 0
    assert measured["lightgbm"].is_timed_in_full
    has_trees = any(share for name, share in taught.blend.items() if name != networks.NETWORK)
    assert (measured["teacher"].latency_p50_us > 0) is has_trees
    assert measured["teacher"].is_timed_in_full is not bool(taught.blend.get(networks.NETWORK))


@pytest.mark.parametrize("kind", KINDS)
def test_synthetic_rows_are_as_the_prepared_table(case: Callable[..., Case], kind: str) -> None:
    """The same columns and types, answers that are in the range of the real rows', and weights."""
    here = case(kind, weight="weight")
    taught = here.teach()
    found = synthetic_rows(taught, here.store)
    assert found is not None
    rows, soft = found
    real = Snapshot(here.prepared, here.store).frame("train").drop(columns=TARGET)
    assert rows.dtypes.to_dict() == real.dtypes.to_dict()
    assert len(rows) == len(soft) == taught.synthetic_rows == 5 * len(real)
    assert set(rows["city"]) <= set(real["city"])
    assert set(rows[WEIGHT]) <= set(real[WEIGHT])
    answers = teacher_answers(taught, here.store)
    assert np.abs(soft.mean(axis=0) - answers.mean(axis=0)).max() < answers.std()


def test_each_training_row_is_answered_by_a_model_that_has_not_seen_it(
    case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Models that answer 1 for the rows they were fitted to answer 0 for all, out of fold."""

    @dataclass(frozen=True)
    class Memory:
        seen: set[bytes]

        def predict(self, cells: NDArray[np.float32]) -> NDArray[np.float64]:
            return np.array([[float(row.tobytes() in self.seen)] for row in cells])

    def remember(folded: table.Folded) -> list[Memory]:
        # Rows that are equal are told apart by chance.
        cells = folded.table.cells
        cells[:] = np.random.default_rng(0).random(cells.shape)
        seen = [cells[folded.folds != fold] for fold in range(5)]
        return [Memory({row.tobytes() for row in each}) for each in seen]

    monkeypatch.setattr(blend, "KINDS", dict.fromkeys(blend.KINDS, remember))
    here = case()
    answers = teacher_answers(here.teach(), here.store)
    assert (answers[here.is_in("train")] == 0).all()


@pytest.mark.parametrize("data", [{}, {"weight": "weight"}])
def test_trees_are_fitted_to_four_fifths_and_stopped_by_the_rest(
    case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch, data: dict[str, str]
) -> None:
    """No row both teaches a model and stops it; rows of weight 0 do neither."""
    here, calls = case(**data), []
    fit = trees._fit

    def spy(parameters: Any, full: Any, inside: Any, outside: Any, rounds: int) -> Any:
        calls.append((inside, outside))
        return fit(parameters, full, inside, outside, rounds)

    monkeypatch.setattr(trees, "_fit", spy)
    here.teach()
    counted = Snapshot(here.prepared, here.store).weights("train")
    expected = np.ones(here.is_in("train").sum(), bool) if counted is None else counted > 0
    assert len(calls) > 2 * 5
    for inside, outside in calls[: 2 * 5]:
        assert not (inside & outside).any()
        assert ((inside | outside) == expected).all()


@pytest.mark.parametrize("final", [False, True])
def test_rows_that_are_held_out_teach_nothing(case: Callable[..., Case], *, final: bool) -> None:
    """Other labels in the test part change nothing, in the validation part the final one only."""
    here = case()
    table = pd.read_parquet(here.store.path(here.prepared.table))
    held_out = here.is_in("test") if final else ~here.is_in("train")
    table.loc[held_out, TARGET] = 1 - table.loc[held_out, TARGET]
    other = here.store.put(to_parquet(table), ".parquet")
    changed = here.prepared.model_copy(update={"table": other})
    one, two = here.teach(), Case(here.dataset, changed, here.store).teach()
    np.testing.assert_array_equal(*(teacher_answers(each, here.store) for each in (one, two)))
    assert one.synthetic == two.synthetic
    assert one.losses == two.losses
    early = (load(here.store.get(each.answers))["early_peer"] for each in (one, two))
    np.testing.assert_array_equal(*early)
    assert (one == two) is final


def test_of_a_large_table_there_is_one_teacher(
    case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is of one shape of trees, and not fitted again to the validation part."""
    monkeypatch.setattr(trees, "MANY_CELLS", 100)
    monkeypatch.setattr(networks, "MOST_CELLS", 100)
    taught = case().teach()
    assert dict(taught.blend) == {"trees of 40 leaves": 1.0}
    assert taught.is_trees
    assert taught.final_synthetic == taught.synthetic
    assert taught.final_answers == taught.answers


def test_very_many_labels_are_answered_by_networks_alone(
    case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trees would take one a label and round: there are none, and no peer."""
    monkeypatch.setattr(trees, "MOST_OUTPUTS", 2)
    monkeypatch.setattr(networks, "MOST_CELLS", 0)
    here = case("multiclass")
    taught = here.teach()
    assert dict(taught.blend) == {networks.NETWORK: 1.0}
    measured = measure_larger(here.dataset, here.prepared, taught, 0.5, here.store)
    assert set(measured) == {"teacher"}
    assert measured["teacher"].latency_p50_us == 0


def test_rows_of_a_group_are_answered_by_models_that_have_not_seen_the_group(
    case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the table is split by group, so are the folds."""
    here, given = case(split="group", group="household"), []
    assign = teacher.assign_folds

    def spy(*arguments: Any, **named: Any) -> Any:
        given.append((named["groups"], assign(*arguments, **named)))
        return given[-1][1]

    monkeypatch.setattr(teacher, "assign_folds", spy)
    here.teach()
    train = Snapshot(here.prepared, here.store).frame("train", [GROUP])[GROUP]
    np.testing.assert_array_equal(given[0][0], train)
    for groups, folds in given:
        assert max(len(np.unique(folds[groups == group])) for group in np.unique(groups)) == 1


CODE = """
import json, os, sys
if sys.argv[2] == "one core":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from pathlib import Path
from slipstream.artifacts.references import DatasetRef, PreparedRef
from slipstream.artifacts.store import Store
from slipstream.training.teaching.teacher import teach
store, dataset, prepared = json.loads(sys.argv[1])
taught = teach(
    DatasetRef.model_validate_json(dataset), PreparedRef.model_validate_json(prepared), "", 0,
    Store(Path(store)),
)
print(taught.model_dump_json())
"""


def test_the_same_bytes_in_another_process_and_on_any_number_of_cores(
    case: Callable[..., Case],
) -> None:
    """The teacher, its models, its answers and its synthetic rows follow from the table alone."""
    here = case()
    given = json.dumps(
        [
            str(here.store.folder),
            here.dataset.model_dump_json(),
            here.prepared.model_dump_json(),
        ]
    )
    found = [
        subprocess.run(
            [sys.executable, "-c", CODE, given, cores],
            env={**os.environ, "PYTHONHASHSEED": str(place)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for place, cores in enumerate(("one core", "all cores"))
    ]
    assert found[0] == found[1]
    assert TeacherRef.model_validate_json(found[0]).synthetic_rows > 0


def given_answers(here: Case, kind: str) -> pd.DataFrame:
    """A file as a user would write it: an answer for each row, in another order."""
    keys = Snapshot(here.dataset, here.store).keys()
    assert keys is not None
    random = np.random.default_rng(1)
    answers = random.random((len(keys), OUTPUTS[kind]))
    names = {"multiclass": ["basic", "plus", "pro"], "quantiles": ["q10", "q50", "q90"]}
    if kind == "multiclass":
        answers /= answers.sum(axis=1, keepdims=True)
    frame = pd.DataFrame(answers, columns=names.get(kind, ["prediction"]))
    return frame.assign(id=keys.astype(int)).sample(frac=1, random_state=2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_answers_by_key(case: Callable[..., Case], kind: str, tmp_path: Path) -> None:
    """Each row has the answer of its key, quantiles in order; there are no synthetic rows."""
    here = case(kind, key="id")
    frame = given_answers(here, kind)
    frame.to_parquet(tmp_path / "mine.parquet")
    taught = here.teach(tmp_path / "mine.parquet")
    keys = Snapshot(here.dataset, here.store).keys()
    expected = frame.set_index("id").loc[keys.astype(int)].to_numpy()
    expected = np.sort(expected, axis=1) if kind == "quantiles" else expected
    np.testing.assert_allclose(teacher_answers(taught, here.store), expected, rtol=1e-4)
    assert synthetic_rows(taught, here.store) is None
    assert taught.source == "mine.parquet"
    assert any("without synthetic ones" in each for each in taught.warnings)
    assert "id" not in [column.name for column in here.dataset.columns]
    assert set(measure_larger(here.dataset, here.prepared, taught, 0.5, here.store)) == {
        "teacher",
        "lightgbm",
    }


def test_rows_of_the_test_part_may_lack_an_answer(
    case: Callable[..., Case], tmp_path: Path
) -> None:
    """They are counted, and the file has no test score; rows for nobody are counted too."""
    here = case(key="id")
    keys = Snapshot(here.dataset, here.store).keys().astype(int).to_numpy()
    frame = given_answers(here, "binary")
    without = frame[~frame["id"].isin(keys[here.is_in("test")][:7])]
    extra = pd.DataFrame({"id": [1, 2], "prediction": [0.5, 0.5]})
    pd.concat([without, extra]).to_parquet(tmp_path / "mine.parquet")
    taught = here.teach(tmp_path / "mine.parquet")
    assert not taught.tested
    assert "no answer for 7 rows of the test part" in taught.warnings[0]
    assert "2 rows of mine.parquet are for no row" in taught.warnings[1]
    measured = measure_larger(here.dataset, here.prepared, taught, 0.5, here.store)
    assert set(measured) == {"lightgbm"}


def without_first(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values("id").iloc[40:]


@pytest.mark.parametrize(
    ("kind", "change", "expected"),
    [
        ("binary", without_first, "must have an answer for each row"),
        ("binary", lambda each: pd.concat([each, each[:3]]), "400 values in 403 rows"),
        ("binary", lambda each: each.assign(prediction=each["prediction"] + 0.5), "from 0 to 1"),
        ("binary", lambda each: each.assign(prediction="yes"), "must be numbers"),
        ("binary", lambda each: each.assign(prediction=np.nan), "400 missing or infinite"),
        ("binary", lambda each: each.drop(columns="prediction"), "there is no 'prediction'"),
        ("binary", lambda each: each.rename(columns={"id": "row"}), "there is also 'row'"),
        ("multiclass", lambda each: each.rename(columns={"pro": "max"}), "there is no 'pro' and"),
        ("multiclass", lambda each: each.assign(pro=each["pro"] / 2), "must add up to 1"),
        ("quantiles", lambda each: each.assign(q95=1.0), "there is also 'q95'"),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused(
    case: Callable[..., Case],
    kind: str,
    change: Callable[[pd.DataFrame], pd.DataFrame],
    expected: str,
    tmp_path: Path,
) -> None:
    """The message says what is wrong with it."""
    here = case(kind, key="id")
    change(given_answers(here, kind)).to_parquet(tmp_path / "mine.parquet")
    with pytest.raises(InputError, match=expected):
        here.teach(tmp_path / "mine.parquet")


@pytest.mark.parametrize("content", [None, b"no Parquet"])
def test_a_file_that_cannot_be_read_is_refused(
    case: Callable[..., Case], content: bytes | None, tmp_path: Path
) -> None:
    """One that is not there, and one that is not Parquet."""
    file = tmp_path / "mine.parquet"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match=r"must be (a readable )?Parquet"):
        case(key="id").teach(file)
