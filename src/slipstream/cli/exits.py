"""How a command ends: its exit code, and one message where it failed."""

import errno
import io
import os
import signal
import sys
import threading
from collections.abc import Callable

from slipstream.runtime import InputError, SlipstreamError
from slipstream.runtime.text import escape

__all__ = ["DONE", "INTERRUPTED", "MISTAKE", "NO_WINNER", "exit_code"]

# 0 done; 1 a defect; 2 the user's input is at fault; 3 no variant met the budget; 130 interrupted.
DONE, MISTAKE, NO_WINNER, INTERRUPTED = 0, 2, 3, 130
FULL = (errno.ENOSPC, errno.EDQUOT)
OWN = ("slipstream", "flows", "tasks", "bench")


def exit_code(command: Callable[[], int]) -> int:
    """Run a command, and turn what it raises into one message and an exit code."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # stops its Prefect server too
    try:
        return _run(command)
    except SlipstreamError as error:
        lines = map(escape, str(error).split("\n"))
        print("slipstream:", "\n".join(lines), file=sys.stderr)
        return MISTAKE
    except ModuleNotFoundError as error:
        library = (error.name or "slipstream").split(".")[0]
        if library in OWN:
            raise
        extra = "export" if library == "onnx" else "train"
        print(
            f"slipstream: this command needs more than the predictor, however: {error.name} is not "
            f"installed; run pip install 'slipstream[{extra}]'",
            file=sys.stderr,
        )
        return MISTAKE
    except BrokenPipeError:  # the reader of the output has stopped, as `head` does
        _drop_output()
        return DONE
    except OSError as error:
        if error.errno not in FULL:
            raise
        _drop_output()
        print(
            f"slipstream: there must be room for what is written, however: {error.strerror}; make "
            "some where the output goes, and in SLIPSTREAM_HOME",
            file=sys.stderr,
        )
        return MISTAKE
    except KeyboardInterrupt:
        print("slipstream: interrupted; run the same command again to go on", file=sys.stderr)
        return INTERRUPTED


def _run(command: Callable[[], int]) -> int:
    """Run a command, and flush its output.

    Raises:
        OSError: the output could not be written.
    """
    if sys.stdout is None:
        raise InputError(
            "the standard output must be open, however: it is closed; send it to a file, or to "
            f"{os.devnull}"
        )
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # what it cannot encode is escaped
    try:
        return command()
    finally:
        sys.stdout.flush()  # at exit, it would be too late to report an error


def _drop_output() -> None:
    """Discard buffered output so that exit does not retry the write."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
