"""A user's mistake in Prefect's logs: the message, without the traceback of our code."""

import logging

from slipstream.runtime.errors import SlipstreamError

__all__ = ["log_mistakes_briefly", "one_message"]


def log_mistakes_briefly() -> None:
    """Make a user's mistake one message in the logs of runs; called again, change nothing."""
    for name in ("prefect.task_runs", "prefect.flow_runs"):
        logging.getLogger(name).addFilter(one_message)


def one_message(record: logging.LogRecord) -> bool:
    """A log filter: a user's mistake is one message, without the traceback of our code."""
    if "Failed to serialize object of type 'InputError'" in record.getMessage():
        return False  # Prefect would keep the exception as a result; nobody reads it
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, SlipstreamError):
        record.msg, record.args = str(error), ()
        record.exc_info = record.exc_text = None
    return True
