"""What Prefect's logs say of a run: a user's mistake in one message, a stage in our words."""

import logging

from slipstream.reporting.report import BudgetNotMetError
from slipstream.runtime.errors import SlipstreamError

__all__ = ["one_message", "prepare_logs"]

# Lines of the engine's where ours say the same with figures: of the stage trace, and of an end.
ENGINE_LINES = tuple(f"Finished in state {name}(" for name in ("Completed", "Cached"))
ENGINE_ENDS = ("Finished in state BudgetNotMet(",)


def prepare_logs() -> None:
    """Let our lines into the logs of runs, and our filter before them; again, change nothing."""
    ours = logging.getLogger("slipstream")
    if ours.level == logging.NOTSET:
        ours.setLevel(logging.INFO)
    for name in ("prefect.task_runs", "prefect.flow_runs"):
        logging.getLogger(name).addFilter(one_message)


def one_message(record: logging.LogRecord) -> bool:
    """A log filter: a user's mistake is one message, without the traceback of our code."""
    message = record.getMessage()
    if message.startswith(ENGINE_LINES if record.name == "prefect.task_runs" else ENGINE_ENDS):
        return False
    if "Failed to serialize object of type 'InputError'" in message:
        return False  # Prefect would keep the exception as a result; nobody reads it
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, BudgetNotMetError):
        return False  # who started the flow gets it raised; the state says what happened
    if isinstance(error, SlipstreamError):
        record.msg, record.args = str(error), ()
        record.exc_info = record.exc_text = None
    return True
