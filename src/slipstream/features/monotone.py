"""Which columns answers rise or fall with, as `features.monotone` asks."""

from collections.abc import Mapping, Sequence

from slipstream.artifacts.references import DatasetRef
from slipstream.runtime.columns import Column
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import did_you_mean, listing, quote

__all__ = ["check_directions", "unread_notes"]

NUMBERS = ("numeric", "boolean", "duration")


def check_directions(monotone: Mapping[str, int], dataset: DatasetRef) -> Mapping[str, int]:
    """Check that each column named exists, and can be kept monotone.

    Raises:
        InputError: it cannot.
    """
    if monotone and len(dataset.classes) > 2:
        raise InputError(
            "features.monotone must be empty where there are more than two labels, whose "
            f"probabilities cannot all rise, however: there are {len(dataset.classes)} labels; "
            "take it out, or predict one label against the others"
        )
    kinds = {each.name: each.kind for each in dataset.columns}
    for name in monotone:
        if name not in kinds:
            raise InputError(
                f"features.monotone must name columns that the model may read, however: "
                f"{quote(name)} is not one; {did_you_mean(name, kinds)}there are "
                f"{listing(sorted(kinds), most=20)}"
            )
        if kinds[name] not in NUMBERS:
            raise InputError(
                f"features.monotone must name columns of numbers, however: {quote(name)} is of the "
                f"kind {kinds[name]}; take it out, or set data.types"
            )
    return monotone


def unread_notes(columns: Sequence[Column], kept: Sequence[str]) -> tuple[str, ...]:
    """Say which constraints are without effect, since the model does not read the column."""
    return tuple(
        f"column {quote(column.name)} is in features.monotone and was not selected: no answer "
        "depends on it"
        for column in columns
        if column.direction and column.name not in kept
    )
