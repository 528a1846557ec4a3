"""A bundle behind MLflow's scoring server: every form of request, with the same answers."""

import io
import json
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from mlflow.models import ModelSignature
from mlflow.pyfunc import scoring_server
from mlflow.types import ColSpec, DataType, Schema
from mlflow.types.schema import AnyType

import slipstream
from slipstream.runtime import InputError, Predictor
from slipstream.runtime.bundle import dump
from slipstream.tracking.signature import example, signature
from tests.conftest import Trained
from tests.unit.runtime.people import people

# Of the mixed table's columns, training saw `city` and `income` missing, `age` and `member` never.
ROWS = [
    {"age": 42.0, "city": "Oslo", "income": 21000.5, "member": True},
    {"age": 23.0, "city": "Bonn", "income": 9000.0, "member": False},
    {"age": 77.0, "city": "Rome", "income": 40000.0, "member": True},
]


def saved(model: Predictor, file: Path, place: Path, inputs: Schema | None = None) -> str:
    declared = signature(model)
    mlflow.pyfunc.save_model(
        place,
        loader_module="slipstream.pyfunc",
        data_path=str(file),
        pip_requirements=["slipstream"],
        signature=ModelSignature(inputs or declared.inputs, declared.outputs),
        input_example=example(model),
    )
    return str(place)


@pytest.fixture(scope="module")
def file(mixed: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "mixed.int8.safetensors"
    path.write_bytes(mixed.store.get(mixed.bundles.int8.file))
    return path


@pytest.fixture(scope="module")
def bundle(file: Path) -> Predictor:
    return slipstream.load(file)


@pytest.fixture(scope="module")
def place(bundle: Predictor, file: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return saved(bundle, file, tmp_path_factory.mktemp("mlflow") / "model")


@pytest.fixture(scope="module")
def server(place: str) -> TestClient:
    return TestClient(scoring_server.init(mlflow.pyfunc.load_model(place)))


def split(rows: list[dict[str, Any]]) -> dict[str, Any]:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return {"columns": columns, "data": [[row.get(name) for name in columns] for row in rows]}


def columnwise(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row.get(name) for row in rows] for name in (rows[0] if rows else {})}


def csv(rows: list[dict[str, Any]]) -> str:
    return str(pd.DataFrame(rows).to_csv(index=False))


FORMS = {
    "dataframe_records": lambda rows: json.dumps({"dataframe_records": rows}),
    "dataframe_split": lambda rows: json.dumps({"dataframe_split": split(rows)}),
    "inputs": lambda rows: json.dumps({"inputs": rows}),
    "inputs by column": lambda rows: json.dumps({"inputs": columnwise(rows)}),
    "instances": lambda rows: json.dumps({"instances": rows}),
    "text/csv": csv,
}
form = pytest.mark.parametrize("form", FORMS)


def ask(server: TestClient, form: str, rows: list[dict[str, Any]]) -> tuple[int, Any]:
    """The status, and the answers or the message."""
    kind = form if "/" in form else "application/json"
    body = FORMS[form](rows)
    answer = server.post("/invocations", content=body, headers={"content-type": kind})
    given = answer.json()
    return answer.status_code, given["predictions" if answer.is_success else "message"]


def changed(**cells: object) -> list[dict[str, Any]]:
    return [{**row, **cells} for row in ROWS]


def without(*names: str) -> list[dict[str, Any]]:
    return [{name: cell for name, cell in row.items() if name not in names} for row in ROWS]


@form
@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (ROWS, ROWS),
        (ROWS[:1], ROWS[:1]),
        (changed(other="x"), ROWS),  # a column that the model does not read
        ([dict(reversed(row.items())) for row in ROWS], ROWS),
        (without("city"), changed(city=None)),
        ([{**row, "age": int(row["age"])} for row in ROWS], ROWS),
        ([{**row, "age": str(row["age"])} for row in ROWS], ROWS),
        ([{**row, "member": str(row["member"]).lower()} for row in ROWS], ROWS),
        ([{**row, "member": int(row["member"])} for row in ROWS], ROWS),
        ([ROWS[0], {**ROWS[1], "income": None, "city": None}, ROWS[2]],) * 2,
        (changed(income="?", city=" Oslo "), changed(income=None, city="Oslo")),
        (changed(city=5), changed(city="a city that training did not see")),
    ],
    ids=[
        *("all", "one row", "extra", "reordered", "optional missing", "ints", "number as text"),
        *("boolean as text", "boolean as number", "nulls", "markers", "number as category"),
    ],
)
def test_what_clients_send_is_answered_as_the_bundle_answers(
    server: TestClient, bundle: Predictor, form: str, sent: list[Any], meant: list[Any]
) -> None:
    """As many answers as rows, and the bundle's own, in whatever form and type cells come."""
    answered = ask(server, form, sent)
    assert answered == (200, bundle.predict(pd.DataFrame(meant)).tolist())


@form
@pytest.mark.parametrize(
    ("sent", "named"),
    [
        (without("age"), "'age' is missing"),
        (without("age", "member"), "'age', 'member' are missing"),
        ([{"nothing": 1}, {"nothing": 2}, {"nothing": 3}], "'age', 'member' are missing"),
        (changed(age="fifty"), "column 'age' must"),
        (changed(member="perhaps"), "column 'member' must be"),
        (changed(age=None), "column 'age' must have a value"),
    ],
    ids=["required", "two required", "none", "text for a number", "not a boolean", "no value"],
)
def test_what_cannot_be_answered_is_refused_by_name(
    server: TestClient, form: str, sent: list[Any], named: str
) -> None:
    """HTTP 400 says which columns are at fault, and never answers fewer rows than were sent."""
    status, given = ask(server, form, sent)
    assert status == 400
    assert named in given
    assert "however" in given


@pytest.mark.parametrize(
    "body",
    [
        '{"dataframe_records": []}',
        '{"dataframe_split": {"columns": [], "data": []}}',
        '{"inputs": []}',
        '{"instances": []}',
        '{"inputs": [[42, 1, 21000.5, 1]]}',
        '{"instances": [[42, 1, 21000.5, 1]]}',
    ],
)
def test_rows_without_names_are_refused(server: TestClient, body: str) -> None:
    """Where no column has a name, the columns that must be there are named."""
    answer = server.post("/invocations", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert "must have the columns 'age', 'member'" in answer.json()["message"]


def test_a_table_without_rows_has_no_answers(server: TestClient) -> None:
    """A header alone is a table of no rows."""
    header = csv(ROWS).splitlines()[0]
    answer = server.post("/invocations", content=header, headers={"content-type": "text/csv"})
    assert (answer.status_code, answer.json()) == (200, {"predictions": []})


def test_the_signature_has_types_and_what_may_be_missing(place: str) -> None:
    """Types are the columns' own, and those are optional that training saw missing."""
    model = mlflow.pyfunc.load_model(place)
    expected = Schema(
        [
            ColSpec(DataType.double, "age", required=True),
            ColSpec(DataType.string, "city", required=False),
            ColSpec(DataType.double, "income", required=False),
            ColSpec(DataType.boolean, "member", required=True),
        ]
    )
    by_name = {each.name: each for each in expected.inputs}
    assert {each.name: each for each in model.metadata.signature.inputs.inputs} == by_name
    assert {each.name: each for each in model.metadata.get_input_schema().inputs} == by_name


def test_frames_are_answered_whatever_their_types(place: str, bundle: Predictor) -> None:
    """Whole numbers, texts, categories and missing values of pandas' own, in Python."""
    model = mlflow.pyfunc.load_model(place)
    frame = pd.DataFrame(ROWS)
    expected = bundle.predict(frame)
    for changes in (
        {"age": frame["age"].astype("int64")},
        {"age": frame["age"].astype("Int64")},
        {"age": frame["age"].astype(str)},
        {"city": frame["city"].astype("category")},
        {"member": frame["member"].astype(object)},
        {"income": frame["income"].astype("float32")},
    ):
        np.testing.assert_array_equal(model.predict(frame.assign(**changes)), expected)
    with pytest.raises(InputError, match="'member' is missing"):
        model.predict(frame.drop(columns="member"))
    with pytest.raises(InputError, match="'age'"):
        model.predict(frame.assign(age=pd.Series([1, None, 3], dtype="Int64")))


def test_a_model_that_was_logged_before_is_refused_in_the_same_way(
    bundle: Predictor, file: Path, tmp_path: Path
) -> None:
    """Any type and nothing required, as earlier versions logged it: it loads, and is as strict."""
    anything = Schema([ColSpec(AnyType(), name, required=False) for name in bundle.features])
    place = saved(bundle, file, tmp_path / "before", anything)
    server = TestClient(scoring_server.init(mlflow.pyfunc.load_model(place)))
    answers = bundle.predict(pd.DataFrame(ROWS)).tolist()
    for form in FORMS:
        assert ask(server, form, ROWS) == (200, answers)
        assert ask(server, form, [{"nothing": 1}])[0] == 400


def test_other_models_keep_their_casts(place: str, tmp_path: Path) -> None:
    """What is changed for bundles does not affect other models that MLflow loads."""
    mlflow.pyfunc.load_model(place)
    module = tmp_path / "other.py"
    module.write_text(
        "import mlflow\n"
        "class Other(mlflow.pyfunc.PythonModel):\n"
        "    def predict(self, model_input): return model_input\n"
        "mlflow.models.set_model(Other())\n"
    )
    inputs = Schema([ColSpec(DataType.double, "age")])
    mlflow.pyfunc.save_model(
        tmp_path / "other",
        python_model=str(module),
        pip_requirements=[],
        signature=ModelSignature(inputs),
    )
    other = mlflow.pyfunc.load_model(str(tmp_path / "other"))
    with pytest.raises(mlflow.exceptions.MlflowException, match="int64"):
        other.predict(pd.DataFrame({"age": [40]}))


def test_parquet_is_answered_too(server: TestClient, bundle: Predictor) -> None:
    """Parquet, MLflow's fourth content type, is read like any other table."""
    body = io.BytesIO()
    pd.DataFrame(ROWS).to_parquet(body)
    kind = "application/vnd.apache.parquet"
    answer = server.post("/invocations", content=body.getvalue(), headers={"content-type": kind})
    assert answer.json() == {"predictions": bundle.predict(pd.DataFrame(ROWS)).tolist()}


def test_quantiles_are_named_columns(tmp_path: Path) -> None:
    """In the signature and in the answers, which are the bundle's to the bit."""
    file = tmp_path / "people.safetensors"
    file.write_bytes(dump(people(task="quantiles")))
    bundle = slipstream.load(file)
    model = mlflow.pyfunc.load_model(saved(bundle, file, tmp_path / "model"))
    columns = ["q10", "q50", "q97.5"]
    assert model.metadata.signature.outputs.input_names() == columns
    found = model.predict(pd.DataFrame(ROWS))
    assert list(found.columns) == columns
    assert found.to_numpy().tobytes() == bundle.predict(ROWS).tobytes()
