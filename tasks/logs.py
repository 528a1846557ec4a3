"""What Prefect's logs say of a run: a user's mistake in one message, a stage in our words."""

import logging

from slipstream.runtime.errors import SlipstreamError

__all__ = ["log_briefly", "one_message"]

# What the engine says at the end of a task; the stage trace says the same with figures.
ENGINE_LINES = ("Finished in state Completed(", "Finished in state Cached(")


def log_briefly() -> None:
    """Put our filter before the logs of runs; called again, change nothing."""
    for name in ("prefect.task_runs", "prefect.flow_runs"):
        logging.getLogger(name).addFilter(one_message)


def one_message(record: logging.LogRecord) -> bool:
    """A log filter: a user's mistake is one message, without the traceback of our code."""
    message = record.getMessage()
    if record.name == "prefect.task_runs" and message.startswith(ENGINE_LINES):
        return False
    if "Failed to serialize object of type 'InputError'" in message:
        return False  # Prefect would keep the exception as a result; nobody reads it
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, SlipstreamError):
        record.msg, record.args = str(error), ()
        record.exc_info = record.exc_text = None
    return True
