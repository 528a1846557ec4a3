"""What a user should know of the columns that a model reads, a sentence each.

They belong to the mask that a network is trained with: a search may keep fewer columns than
`select` did, or more.
"""

from collections.abc import Sequence

from slipstream.artifacts.references import FeatureMask, PreparedRef
from slipstream.features.dates import date_notes
from slipstream.features.monotone import unread_notes
from slipstream.runtime.columns import Column
from slipstream.runtime.text import listing, quote

__all__ = ["column_notes", "noise_notes", "twin_notes"]

LARGE_TABLE = 10_000  # categories that make a model large
MOST_NOTES = 20


def column_notes(
    mask: FeatureMask, prepared: PreparedRef, columns: Sequence[Column], units: int
) -> tuple[str, ...]:
    """All notes of a mask.

    Args:
        mask: which columns are kept, and how they compare.
        prepared: says of which columns some categories are not learned.
        columns: all that could be kept.
        units: of the first hidden layer.
    """
    kept = [column for column in columns if column.name in mask.features]
    return (
        *noise_notes(mask),
        *twin_notes(mask),
        *date_notes(kept),
        *unread_notes(columns, mask.features),
        *_category_notes(kept, prepared.cut, units),
    )


def noise_notes(mask: FeatureMask) -> list[str]:
    """Which columns are kept although they are no better than noise, and how to leave them out."""
    if all(each.is_noise for each in mask.scores):
        return [
            "no column is better than noise: what the model answers is hardly better than guessing"
        ]
    noise = _noise(mask)
    if not noise:
        return []
    sizes = [step.k for step in mask.path if not _noise(mask.at(step.k))] if mask.path else [0]
    way_out = f"; features.k = {max(sizes)} leaves such columns out" if sizes else ""
    listed = listing(noise, most=5)
    return [f"columns kept, although no better than noise in the training part: {listed}{way_out}"]


def twin_notes(mask: FeatureMask) -> list[str]:
    """Which columns are left out since their twin is kept."""
    kept = set(mask.features)
    pairs = [(each.name, each.twin_of) for each in mask.scores if each.twin_of]
    left_out = [
        (twin, other) if other in kept else (other, twin)
        for twin, other in pairs
        if (twin in kept) != (other in kept)
    ]
    notes = [
        f"column {quote(twin)} is a twin of {quote(other)}: one of them is enough"
        for twin, other in left_out[:MOST_NOTES]
    ]
    if len(left_out) > MOST_NOTES:
        notes.append(f"{len(left_out) - MOST_NOTES} more columns are twins of others")
    return notes


def _noise(mask: FeatureMask) -> list[str]:
    return [each.name for each in mask.scores if each.kept and each.is_noise]


def _category_notes(kept: Sequence[Column], cut: Sequence[str], units: int) -> list[str]:
    """What to say of columns of very many categories."""
    notes = []
    for column in kept:
        count = len(column.categories)
        if column.name in cut:
            notes.append(
                f"column {quote(column.name)} has more than {count:,} categories: the most "
                "frequent ones are learned, the others count as unknown"
            )
        if count > LARGE_TABLE:
            notes.append(
                f"column {quote(column.name)} makes the model large: {count:,} categories are as "
                f"many rows of its table; with {units} units in the first hidden layer, that is "
                f"{count * units / 1e6:.1f} MB as int8 and {count * units * 4 / 1e6:.1f} MB as "
                "float32"
            )
    return notes
