"""Merging the settings of a file with edits that were made elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["ABSENT", "Conflict", "merge"]


class _Absent:
    def __repr__(self) -> str:
        return "nothing"


ABSENT: Any = _Absent()  # as the value of a setting: it is not there


@dataclass(frozen=True)
class Conflict:
    """A setting that was edited, and changed in the file too: the edit was kept."""

    place: str
    kept: Any
    wanted: Any


def merge(
    applied: Any, edited: Any, wanted: Any, place: str = ""
) -> tuple[Any, tuple[Conflict, ...]]:
    """Apply what the file changed since it was last applied, except where it was edited.

    `applied` is what the file said then, `edited` what is there now, `wanted` what the file says.
    """
    if edited in (applied, wanted):
        return wanted, ()
    if wanted == applied:
        return edited, ()
    if not (isinstance(edited, Mapping) and isinstance(wanted, Mapping)):
        return edited, (Conflict(place, edited, wanted),)
    then = applied if isinstance(applied, Mapping) else {}
    merged: dict[str, Any] = {}
    conflicts: list[Conflict] = []
    for name in {**wanted, **edited}:
        value, met = merge(
            then.get(name, ABSENT),
            edited.get(name, ABSENT),
            wanted.get(name, ABSENT),
            f"{place}.{name}" if place else str(name),
        )
        conflicts.extend(met)
        if value is not ABSENT:
            merged[name] = value
    return merged, tuple(conflicts)
