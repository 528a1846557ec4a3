import io
import os

import pytest
from rich.console import Console

from slipstream.results import LayerTrace, RowTrace
from slipstream.terminal.report import _Console, _row_trace


def test_a_row_commands_no_terminal() -> None:
    """Control characters of names, cells and labels are escaped, and long ones cut."""
    row = {"\x1b[2Jname": "a\x07", "other": "long" * 10**5}
    answers = {"float32": 0.5, "int8": 0.5}
    trace = RowTrace(row=row, label="\x1b[31m", layers={"int8": ()}, answers=answers)
    console = Console(file=io.StringIO(), width=400)
    console.print(_row_trace(trace, "int8"))
    printed = console.file.getvalue()
    assert r"\x1b[2Jname=a\x07, other=long" in printed
    assert r"\x1b[31m" in printed
    assert "\x1b" not in printed
    assert len(printed) < 5_000


def test_only_the_winner_answers() -> None:
    """What did not win, or does not fit, shows no prediction: in the terminal and the report."""
    layers = {
        precision: (LayerTrace(name="output layer (sigmoid)", values=(answer,)),)
        for precision, answer in (("float32", 0.25), ("int8", 0.75))
    }
    answers = {"float32": 0.25, "int8": 0.75}
    trace = RowTrace(row={"age": 40.0}, label="yes", layers=layers, answers=answers)
    console = Console(file=io.StringIO(), width=100)
    console.print(_row_trace(trace, "float32"))
    printed = console.file.getvalue()
    assert "one test row, float32" in printed
    assert "0.2500" in printed
    assert "0.7500" not in printed
    written = trace.to_json("float32")
    assert (written["precision"], written["answer"]) == ("float32", 0.25)
    assert "0.75" not in str(written)
    assert trace.to_json(None) is None
    assert "0." not in trace.shape


def test_a_reader_that_has_gone_is_left_to_the_command() -> None:
    """The report does not end the program: `slipstream optimize | head` is no defect."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    with pytest.raises(BrokenPipeError), os.fdopen(write_end, "w", buffering=1) as pipe:
        _Console(file=pipe).print("gone")
