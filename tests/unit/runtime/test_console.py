"""The console script where it needs only the predictor."""

import json
import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from slipstream.runtime import Predictor
from slipstream.runtime.bundle import dump
from slipstream.runtime.types import Task
from tests.unit.runtime.people import people

ROW = {"age": 40, "city": "Oslo", "member": True}
FACTS = {
    "binary": ("P(label = 'stays'), else 'churns'", "4-16-8-1"),
    "multiclass": ("P(label = …) of 'bronze', 'silver', 'gold'", "4-16-8-3"),
    "regression": ("label", "4-16-8-1"),
    "quantiles": ("q10, q50, q97.5 of label", "4-16-8-3"),
}


PROGRAM = Path(sys.executable).parent / "slipstream"


def console(*arguments: str | Path) -> str:
    return subprocess.check_output([PROGRAM, *arguments], text=True)


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "people.safetensors"
    path.write_bytes(dump(people()))
    return path


@pytest.mark.parametrize("task", get_args(Task))
def test_a_row_is_answered_and_the_bundle_described(tmp_path: Path, task: Task) -> None:
    """Names, values and the predicted class are the library's, whatever the task."""
    bundle = people(task=task)
    file = tmp_path / "people.safetensors"
    file.write_bytes(dump(bundle))
    model = Predictor(bundle)
    found = model.predict_one(ROW)
    expected = {
        "binary": lambda: {"probability": found, "label": model.classes[found >= 0.5]},
        "multiclass": lambda: {
            "probability_bronze": found[0],
            "probability_silver": found[1],
            "probability_gold": found[2],
            "label": max(zip(found, model.classes, strict=True))[1],
        },
        "regression": lambda: {"prediction": found},
        "quantiles": lambda: dict(zip(("q10", "q50", "q97.5"), found, strict=True)),
    }[task]()
    assert json.loads(console("predict", file, json.dumps(ROW))) == expected
    described = console("inspect", file).splitlines()
    answers, network = FACTS[task]
    assert f"  answers        {answers}" in described
    assert f"  network        {network}" in described


def test_an_absent_key_is_reported(file: Path) -> None:
    """It counts as missing, as a misspelt one does: the row is answered, and one line says so."""
    done = run("predict", file, json.dumps({**ROW, "Income": 5e4}))
    assert json.loads(done.stdout) == json.loads(console("predict", file, json.dumps(ROW)))
    assert done.stderr == "slipstream: columns that are not there count as missing: 'income'\n"
    assert done.returncode == 0
    assert run("predict", file, json.dumps({**ROW, "income": None})).stderr == ""


def test_a_repeated_key_is_refused(file: Path) -> None:
    """A repeated key is an error, because JSON would silently keep the last one."""
    refused = run("predict", file, '{"age": 40, "age": 20, "city": "Oslo", "member": true}')
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "'age' appears more than once" in refused.stderr


def test_control_characters_are_escaped(tmp_path: Path) -> None:
    """Names cannot control the terminal, and what the output cannot encode is escaped as well."""
    made = people()
    city = replace(made.columns[1], name="\x1b[2Jcit\udc80y\n", allows_missing=False)
    columns = (made.columns[0], city, *made.columns[2:])
    file = tmp_path / "people.safetensors"
    file.write_bytes(dump(replace(made, columns=columns, classes=("n\u00e9", "\x1b[31m"))))
    inspected = run("inspect", file, PYTHONIOENCODING="ascii")
    assert inspected.returncode == 0, inspected.stderr
    assert "\\x1b[2Jcit\\udc80y\\n  categorical" in inspected.stdout
    assert r"P(label = '\x1b[31m'), else 'n\xe9'" in inspected.stdout
    refused = run("predict", file, json.dumps(ROW))
    assert refused.returncode == 2
    assert refused.stderr.startswith(r"slipstream: column '\x1b[2Jcit\udc80y\n' must have a value")
    assert "\x1b" not in inspected.stdout + refused.stderr


@pytest.mark.parametrize(("where", "reason"), [(">/dev/full", "No space"), (">&-", "is closed")])
def test_lost_output_is_reported(file: Path, where: str, reason: str) -> None:
    """A full disk or a closed output ends with code 2 and one line, however late it is noticed."""
    line = shlex.join([str(PROGRAM), "inspect", str(file)])
    done = subprocess.run(
        f"{line} {where}", shell=True, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert reason in done.stderr
    assert done.stderr.startswith("slipstream: ")
    assert done.stderr.count("\n") == 1


def test_a_reader_that_stops_early_is_not_an_error(file: Path) -> None:
    """As with `head`, there is no message and no failure."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [PROGRAM, "inspect", file]
    done = subprocess.run(command, stdout=write_end, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write_end)
    assert (done.returncode, done.stderr) == (0, "")
