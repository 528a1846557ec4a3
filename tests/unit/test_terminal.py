import io
import os

import pytest
from rich.console import Console

from slipstream.results import RowTrace
from slipstream.terminal.report import _Console, _row_trace


def test_a_row_commands_no_terminal() -> None:
    """Control characters of names, cells and labels are escaped, and long ones cut."""
    row = {"\x1b[2Jname": "a\x07", "other": "long" * 10**5}
    trace = RowTrace(row=row, label="\x1b[31m", layers=(), int8=0.5, float32=0.5)
    console = Console(file=io.StringIO(), width=400)
    console.print(_row_trace(trace))
    printed = console.file.getvalue()
    assert r"\x1b[2Jname=a\x07, other=long" in printed
    assert r"\x1b[31m" in printed
    assert "\x1b" not in printed
    assert len(printed) < 5_000


def test_a_reader_that_has_gone_is_left_to_the_command() -> None:
    """The report does not end the program: `slipstream optimize | head` is no defect."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    with pytest.raises(BrokenPipeError), os.fdopen(write_end, "w", buffering=1) as pipe:
        _Console(file=pipe).print("gone")
