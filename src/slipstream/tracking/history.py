"""What happened to a version of a model: when, by whom, and why, as one tag of the version.

The tag is JSON, the latest event last. An event that is repeated, because its writer was
killed before the rest was done, replaces its earlier copy: the last date counts.
"""

import getpass
import os
from datetime import UTC, datetime

from pydantic import TypeAdapter, ValidationError

from slipstream.artifacts.values import Value

__all__ = ["Event", "add", "login", "now", "read", "write"]

MOST_CHARACTERS = 4_500  # MLflow's databases limit a tag's value to 5,000


class Event(Value):
    """One thing that happened: `what` in words, the other version it concerns, if any."""

    when: str
    what: str
    by: str
    why: str
    other: str = ""

    @property
    def date(self) -> str:
        """When, to the second, as a person writes it."""
        return self.when.replace("T", " ").replace("+00:00", " UTC")

    @property
    def sentence(self) -> str:
        """What happened and why, without the date."""
        return f"{self.what} by {self.by}{f': {self.why}' if self.why else ''}"


_EVENTS = TypeAdapter(tuple[Event, ...])


def now(what: str, why: str, other: str = "") -> Event:
    """An event that happens now, by the user who runs this program."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    return Event(when=when, what=what, by=login(), why=why, other=other)


def read(tag: str) -> tuple[Event, ...]:
    """The events of a tag; none if it is absent or holds anything else."""
    try:
        return _EVENTS.validate_json(tag)
    except ValidationError:
        return ()


def add(events: tuple[Event, ...], event: Event) -> tuple[Event, ...]:
    """Append an event; it replaces the copy that an unfinished attempt left."""
    same = bool(events) and events[-1].model_copy(update={"when": event.when}) == event
    return (*(events[:-1] if same else events), event)


def write(events: tuple[Event, ...]) -> str:
    """Events as a tag's value; the oldest are dropped if it would be too long."""
    text = "[]"
    for first in range(len(events)):
        text = _EVENTS.dump_json(events[first:]).decode()
        if len(text) <= MOST_CHARACTERS:
            break
    return text


def login() -> str:
    """The user who runs this program: the login at the MLflow server, else the system's."""
    try:
        return os.environ.get("MLFLOW_TRACKING_USERNAME") or getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return str(os.getuid())
