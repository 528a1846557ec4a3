import csv
import io
import json
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from slipstream.cli import main
from slipstream.runtime import Predictor
from slipstream.runtime.bundle import dump
from slipstream.runtime.types import Task
from tests.unit.runtime.people import people

ROWS = "id,age,city,income,member,label\n007,40,Oslo,,true,x\n008,fifty,Rome,5,false,y\n"
GOOD = {"id": 1, "age": "40", "city": "Oslo", "member": True}


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "people.safetensors"
    path.write_bytes(dump(people()))
    return str(path)


class Answered:
    """What a command ends with."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


def predict(capsys: Any, monkeypatch: Any, *arguments: str, stdin: str = "") -> Answered:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
    code = main.main(["predict", *arguments])
    return Answered(code, *capsys.readouterr())


def test_a_bad_row_stops_before_anything_is_printed(file: str, capsys, monkeypatch) -> None:
    """The message names column and row, and how to go on; no part of the output is printed."""
    done = predict(capsys, monkeypatch, file, "-", stdin=ROWS)
    assert (done.code, done.out) == (2, "")
    assert "'age' must be a number, however: row 2 has text that is not a number" in done.err
    assert "--on-error null" in done.err


def test_a_table_goes_on_after_bad_rows_and_keeps_keys(file: str, capsys, monkeypatch) -> None:
    """The bad row's answer is empty; a key is renamed if an answer has its name."""
    arguments = (file, "-", "--on-error", "null", "--keep", "id,label")
    done = predict(capsys, monkeypatch, *arguments, stdin=ROWS)
    header, first, second = csv.reader(done.out.splitlines())
    assert done.code == 0
    assert header == ["id", "input_label", "probability", "label"]
    assert first[:2] == ["007", "x"]
    assert float(first[2]) == pytest.approx(Predictor(people()).predict_one(GOOD), abs=1e-6)
    assert second == ["008", "y", "", ""]
    assert "1 of 2 rows has no answer; the first is refused because column 'age'" in done.err
    assert "'label' is kept as 'input_label'" in done.err


def test_what_is_ignored_or_unseen_is_reported(file: str, capsys, monkeypatch) -> None:
    """What reading left out, and values that training did not see; the answers are printed."""
    rows = "# by hand, in May\nage,city,income,member,\n17,Oslo,5,1,\n40,Kyiv,5,0,\n,,,,\n"
    done = predict(capsys, monkeypatch, file, "-", stdin=rows)
    assert (done.code, len(done.out.splitlines())) == (0, 3)
    assert done.err.splitlines() == [
        "slipstream: 1 comment line above the header of the standard input is ignored",
        "slipstream: column 5 of the standard input has neither a name nor values, and is ignored",
        "slipstream: 1 empty row at the end of the standard input is ignored",
        "slipstream: column 'age': 1 of 2 values outside what training saw",
        "slipstream: column 'city': 1 of 2 values of a category that training did not see",
        "slipstream: column 'income': 2 of 2 values outside what training saw",
    ]


def test_an_encoding_can_be_named(file: str, tmp_path: Path, capsys, monkeypatch) -> None:
    """A file in another encoding than UTF-8 is read if its name is given; else the error asks."""
    rows = tmp_path / "rows.csv"
    rows.write_bytes("age,city,income,member\n40,K\xf6ln,5000,1\n".encode("cp1252"))
    assert "it looks like cp1252" in predict(capsys, monkeypatch, file, str(rows)).err
    assert predict(capsys, monkeypatch, file, str(rows), "--encoding", "cp1252").code == 0
    assert (
        "that Python knows" in predict(capsys, monkeypatch, file, str(rows), "--encoding", "x").err
    )


@pytest.mark.parametrize("task", get_args(Task))
@pytest.mark.parametrize("form", ["lines", "list", "pretty"])
def test_rows_of_json_are_answered_a_line_each(
    tmp_path: Path, task: Task, form: str, capsys, monkeypatch
) -> None:
    """JSON lines, a list and indented objects are equivalent, in a file and on the input."""
    model = Predictor(people(task=task))
    file, rows = tmp_path / "people.safetensors", [GOOD, {**GOOD, "age": "fifty"}, 5]
    file.write_bytes(dump(people(task=task)))
    written = {
        "lines": "\n".join(map(json.dumps, rows)),
        "list": json.dumps(rows),
        "pretty": "\n".join(json.dumps(row, indent=2) for row in rows),
    }[form]
    (tmp_path / "rows.jsonl").write_text(written)
    chosen = ("--keep", "id", "--on-error", "null")
    done = predict(capsys, monkeypatch, str(file), "-", *chosen, stdin=written)
    first, second, third = map(json.loads, done.out.splitlines())
    assert first["id"] == 1
    _, *shown = first.values()
    assert model.predict_one(GOOD) in (shown[0], shown[:-1], shown)
    assert set(list(second.values())[1:]) == set(third.values()) == {None}
    assert (
        "2 of 3 rows have no answer; the first is refused because row 2: column 'age'" in done.err
    )
    assert (
        predict(capsys, monkeypatch, str(file), f"{tmp_path}/rows.jsonl", *chosen).out == done.out
    )
    stopped = predict(capsys, monkeypatch, str(file), "-", stdin=written)
    assert (stopped.code, stopped.out) == (2, "")


@pytest.mark.parametrize(
    ("stdin", "arguments", "expected"),
    [
        ("", (), "must have rows, however: it is empty"),
        ("id,age\n", (), "it has a header only"),
        ("40,Oslo,5,1\n30,Rome,5,0\n", (), "must have the model's columns ('age', "),
        ("city,member\nOslo,1\n", (), "column 'age' is missing from the table; add it"),
        ("[]", (), "must have rows, however: there are none"),
        ('{"age": 1}\n{bad', (), "line 2"),
        ("PAR1 and more", (), "name the file instead"),
        (ROWS, ("--keep", "ids"), "there is no 'ids'; did you mean 'id'? the columns are 'id', "),
        (json.dumps(GOOD), ("--keep", "ids"), "there is no 'ids'; did you mean 'id'? "),
        ("a,a,age,member\n1,1,40,1\n", ("--keep", "a"), "'a' appears more than once; rename"),
    ],
)
def test_what_cannot_be_answered_is_reported(
    file: str, stdin: str, arguments: tuple[str, ...], expected: str, capsys, monkeypatch
) -> None:
    """Code 2, one message with a way out, and nothing on the output."""
    done = predict(capsys, monkeypatch, file, "-", *arguments, stdin=stdin)
    assert (done.code, done.out) == (2, "")
    assert expected in done.err
