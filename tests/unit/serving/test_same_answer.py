"""One cell, one answer: in Python, CSV, Parquet, JSON and behind MLflow."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from slipstream.data.sources.csv_text import parse_csv
from slipstream.pyfunc import BundleModel
from slipstream.runtime import Predictor
from slipstream.runtime.bundle import dump, parse
from slipstream.runtime.columns import Column
from slipstream.runtime.formats import NumberFormat
from slipstream.serving.json_rows import parse_rows
from slipstream.serving.tables import typed_rows
from tests.unit.runtime.agreement import Shape, bundle_over

EDGES = np.array([-5.0, 0.1, 3.0, 2e3])
COLUMNS = (
    Column(
        name="spend",
        kind="numeric",
        allows_missing=True,
        edges=EDGES,
        format=NumberFormat(thousands=",", currency="$"),
        missing=("pas dit",),
    ),
    Column(
        name="share",
        kind="numeric",
        allows_missing=True,
        edges=EDGES,
        format=NumberFormat(percent=True),
    ),
    Column(name="grade", kind="categorical", allows_missing=True, categories=("1", "2", "3", "U")),
    Column(name="vip", kind="boolean", allows_missing=True, edges=np.array([0.0, 1.0])),
    Column(name="paid", kind="categorical", allows_missing=True, categories=("no", "yes")),
)
SHAPE = Shape(features=len(COLUMNS), bins=3, hidden=[8], outputs=1, rows=0, seed=3)
BUNDLE = replace(
    bundle_over(COLUMNS, SHAPE, "int8", np.random.default_rng(3)),
    missing_markers=("", "NA"),
    task="binary",
    classes=("no", "yes"),
)
MODEL = Predictor(parse(dump(BUNDLE)))


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("spend", ["$1,234.50", "1234.5", 1234.5, "1,234.50 $", "+1,234.5"]),
        ("spend", ["pas dit", "", "unknown", None, "-", float("nan"), "#REF!"]),
        ("spend", ["($2.50)", -2.5, "-$2.50", "2.5-"]),
        ("share", ["12%", 0.12, "0.12", "12 %"]),
        ("grade", ["2", 2, 2.0, "2.0", " 2 "]),
        ("grade", [7, "7", 7.5, "7.0", "else"]),
        ("grade", ["NA", None, "", float("nan")]),
        ("vip", ["true", "True", True, 1, 1.0, "1", "1.0", "yes", "T"]),
        ("vip", ["nil", None, "NA", "-"]),
        ("paid", ["yes", "Yes", True, 1, "y", "1", "TRUE"]),
    ],
)
def test_a_value_has_the_same_answer_everywhere(column: str, cells: list) -> None:
    """However it is written and whichever way it comes, alone or among others of its column."""
    expected = MODEL.predict_one({column: cells[0]})
    for cell in cells:
        answers = [
            MODEL.predict_one({column: cell}),
            MODEL.predict([{column: cell}] * 2)[1],
            MODEL.predict(pd.DataFrame({column: [cell]}))[0],
            BundleModel(MODEL).predict(pd.DataFrame({column: [cell]}))[0],
            MODEL.predict(typed_rows(MODEL, pa.table({column: pa.array([cell])})))[0],
            MODEL.predict_one(parse_rows(json.dumps({column: cell}), "rows")[0]),
        ]
        written = "" if cell is None or cell != cell else str(cell)
        table = parse_csv(f'{column},other\n"{written}",x\n'.encode(), "rows").table
        answers.append(MODEL.predict(typed_rows(MODEL, table))[0])
        assert answers == [expected] * len(answers), cell


def test_columns_of_one_type_are_read_as_their_values() -> None:
    """A Parquet file's integers, floats with gaps and booleans, in columns of categories."""
    for values in (pa.array([1, 2, 9]), pa.array([2.0, None, 3.0]), pa.array([True, None])):
        for column in ("grade", "paid"):
            if column == "paid" and not pa.types.is_boolean(values.type):
                continue
            expected = [MODEL.predict_one({column: each}) for each in values.to_pylist()]
            table = pa.table({column: values})
            assert MODEL.predict(typed_rows(MODEL, table)).tolist() == expected
            assert MODEL.predict(table.to_pandas()).tolist() == expected
