import io
import logging
import os
import sys

import pytest
from rich.console import Console

from slipstream.artifacts.references import Epoch, NetworkRef
from slipstream.artifacts.traces import LayerTrace, RowTrace
from slipstream.reporting.terminal.progress import show_stages
from slipstream.reporting.terminal.screen import (
    CHART_WIDTH,
    Screen,
    _epochs,
    _loss_chart,
    _row_trace,
)


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
        Screen(file=pipe).print("gone")


@pytest.mark.parametrize(
    ("warnings", "is_terminal", "shown"),
    [
        (True, True, ["slipstream: ingest: 9 rows, 0.1 s", "slipstream: column 'a' is left out"]),
        (True, False, ["slipstream: column 'a' is left out"]),
        (False, True, ["slipstream: ingest: 9 rows, 0.1 s"]),
        (False, False, []),
    ],
)
def test_stages_and_warnings_are_shown_as_they_come(
    monkeypatch: pytest.MonkeyPatch, warnings: bool, is_terminal: bool, shown: list[str]
) -> None:
    """Stages on a terminal only; each warning once, and not where a report will have it."""
    stderr = io.StringIO()
    monkeypatch.setattr(stderr, "isatty", lambda: is_terminal)
    monkeypatch.setattr(sys, "stderr", stderr)
    show_stages(warnings=warnings)
    show_stages(warnings=warnings)  # a second command in the same process
    ours, stages = logging.getLogger("slipstream"), logging.getLogger("slipstream.stages")
    monkeypatch.setattr(ours, "level", logging.INFO)
    ours.info("something else")
    stages.info("ingest: 9 rows, 0.1 s")
    for _ in range(2):  # a retraining ingests, and the run within it again
        stages.warning("column 'a' is left out")
    stages.error("what the command itself says at its end")
    assert stderr.getvalue().splitlines() == shown


@pytest.mark.parametrize("epochs", [1, 2, 33, 40, 41, 59, 60, 199])
def test_the_loss_chart_ends_with_the_last_epoch(epochs: int) -> None:
    """However many epochs are thinned out, the axis goes from the first to the last."""
    history = [
        Epoch(epoch=each, train={"loss": 1 / each}, validation={"loss": 0})
        for each in range(1, epochs + 1)
    ]
    console = Console(file=io.StringIO(), width=100)
    console.print(_loss_chart(history))
    *levels, axis = console.file.getvalue().rstrip().splitlines()
    assert axis.split() == (["1", "epochs"] if epochs == 1 else ["1", str(epochs), "epochs"])
    assert len(levels[-1].partition("|")[2]) == min(epochs, CHART_WIDTH)


@pytest.mark.parametrize(("scale", "said"), [("log1p", True), ("identity", False)])
def test_losses_of_logarithms_are_said_to_be_such(scale: str, said: bool) -> None:
    """The title of the table of epochs names the scale, unless it is the target's own."""
    epoch = Epoch(epoch=1, train={"loss": 0.5, "r2": 0.5}, validation={"loss": 0.6, "r2": 0.4})
    network = NetworkRef.model_construct(history=(epoch,), best_epoch=1, target_scale=scale)
    console = Console(file=io.StringIO(), width=200)
    console.print(_epochs(network))
    assert ("on log(1 + target)" in console.file.getvalue()) == said
