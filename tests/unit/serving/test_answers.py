import csv
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from slipstream.runtime import Predictor
from slipstream.runtime.bundle import dump
from slipstream.runtime.types import Task
from slipstream.serving.answers import columns, names, texts, values
from tests.unit.runtime.people import people

TABLE = pd.DataFrame(
    {
        "other": ["x", "y", "z"],
        "age": [40.0, 20.0, 88.0],
        "city": ["Oslo", None, "Bonn"],
        "income": [None, 5e4, 1e3],
        "member": [True, False, True],
    }
)


@pytest.mark.parametrize(
    ("task", "suffix"),
    [
        *(("binary", "csv"), ("multiclass", "csv.gz"), ("regression", "parquet")),
        ("quantiles", "parquet"),
    ],
)
def test_tables_are_answered_row_by_row(tmp_path: Path, task: Task, suffix: str) -> None:
    """The command prints a header and a line a row: what the library answers, as text."""
    file, rows = tmp_path / "people.safetensors", tmp_path / f"rows.{suffix}"
    file.write_bytes(dump(people(task=task)))
    if suffix == "parquet":
        TABLE.to_parquet(rows)
    else:
        TABLE.to_csv(rows, index=False)
    program = Path(sys.executable).parent / "slipstream"
    printed = subprocess.check_output([program, "predict", file, rows], text=True)
    header, *lines = csv.reader(printed.splitlines())
    model = Predictor(people(task=task))
    assert header == names(model)
    answers = model.predict(TABLE.assign(member=TABLE.member.astype(float))).tolist()
    assert lines == [texts(model, answer) for answer in answers]


def test_absent_columns_are_reported(tmp_path: Path) -> None:
    """They count as missing: the table is answered, and one line names them."""
    file, rows = tmp_path / "people.safetensors", tmp_path / "rows.csv"
    file.write_bytes(dump(people()))
    TABLE.drop(columns=["city", "income"]).to_csv(rows, index=False)
    program = Path(sys.executable).parent / "slipstream"
    command = [program, "predict", file, rows]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (
        done.stderr == "slipstream: columns that are not there count as missing: 'city', 'income'\n"
    )
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1 + len(TABLE))


def test_control_characters_in_labels_are_escaped(tmp_path: Path) -> None:
    """Control characters in a label are escaped, and so is what the output cannot encode."""
    file, rows = tmp_path / "people.safetensors", tmp_path / "rows.csv"
    file.write_bytes(dump(replace(people(), classes=("\x1b[31m\udc80", "\x1b[32m\u00e9"))))
    TABLE.to_csv(rows, index=False)
    program = Path(sys.executable).parent / "slipstream"
    printed = subprocess.check_output(
        [program, "predict", file, rows], text=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    labels = {line.partition(",")[2] for line in printed.splitlines()[1:]}
    assert labels
    assert labels <= {r"\x1b[31m\udc80", r"\x1b[32m\xe9"}


def test_every_task_has_its_names_and_values() -> None:
    """P of the second class or of each, and the likeliest; a number; or a number for each level."""
    binary, multiclass, regression, quantiles = (
        Predictor(people(task=task)) for task in get_args(Task)
    )
    assert names(binary) == ["probability", "label"]
    assert values(binary, 0.5) == [0.5, "stays"]
    assert values(binary, 0.49) == [0.49, "churns"]
    assert names(multiclass) == [
        *("probability_bronze", "probability_silver", "probability_gold"),
        "label",
    ]
    assert values(multiclass, [0.2, 0.4, 0.4]) == [0.2, 0.4, 0.4, "silver"]
    assert names(regression) == ["prediction"]
    assert values(regression, -3.5) == [-3.5]
    assert names(quantiles) == ["q10", "q50", "q97.5"]
    assert values(quantiles, [-3.5, 0.0, 2.0]) == [-3.5, 0.0, 2.0]
    assert columns(quantiles, np.array([[-3.5, 0, 2], [1, 1, 1e9]])) == [
        *(["-3.5", "1"], ["0", "1"], ["2", "1e+09"])
    ]


def test_the_label_follows_from_the_models_threshold() -> None:
    """Of two labels, the second from the bundle's threshold on: one row, many rows, both alike."""
    model = Predictor(replace(people(), threshold=0.25))
    assert values(model, 0.25) == [0.25, "stays"]
    assert values(model, 0.2499) == [0.2499, "churns"]
    shares = np.array([0.2, 0.25, 0.4, 0.9])
    assert columns(model, shares)[1] == ["churns", "stays", "stays", "stays"]
    assert columns(Predictor(people()), shares)[1] == ["churns", "churns", "churns", "stays"]


def test_texts_keep_what_the_numbers_mean() -> None:
    """Probabilities have six places; numbers, small and large ones, all that float32 holds."""
    assert texts(Predictor(people()), 0.25) == ["0.250000", "churns"]
    regression = Predictor(people(task="regression"))
    assert texts(regression, 1.5e-12) == ["1.5e-12"]
    assert texts(regression, 16777217.0) == ["16777217"]
