"""What Prefect's logs say about a run: a user's mistake in one message, a stage in one line."""

import logging

from slipstream.reporting.report import BudgetNotMetError
from slipstream.runtime.errors import SlipstreamError

__all__ = ["one_message", "prepare_logs"]

# Lines of Prefect's engine that the stage trace and the final message repeat with figures.
ENGINE_LINES = tuple(f"Finished in state {name}(" for name in ("Completed", "Cached"))
ENGINE_ENDS = ("Finished in state BudgetNotMet(",)


def prepare_logs() -> None:
    """Add Slipstream's lines to the logs of runs, and filter these; repeated, change nothing."""
    logger = logging.getLogger("slipstream")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
    for name in ("prefect.task_runs", "prefect.flow_runs"):
        logging.getLogger(name).addFilter(one_message)


def one_message(record: logging.LogRecord) -> bool:
    """A log filter: a user's mistake is one message, without a traceback."""
    message = record.getMessage()
    if message.startswith(ENGINE_LINES if record.name == "prefect.task_runs" else ENGINE_ENDS):
        return False
    if "Failed to serialize object of type 'InputError'" in message:
        return False  # Prefect would keep the exception as a result, which nothing reads
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, BudgetNotMetError):
        return False  # it is raised to the flow's caller; the state has its message
    if isinstance(error, SlipstreamError):
        record.msg, record.args = str(error), ()
        record.exc_info = record.exc_text = None
    return True
