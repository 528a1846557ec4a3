"""Rows without a label: nothing can be learned from them."""

import pyarrow as pa
import pyarrow.compute as pc

from slipstream.data.cells import is_text
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import listing, quote
from slipstream.runtime.values import MISSING_MARKERS

__all__ = ["labelled"]

# Above this share of rows without a label, the column is hardly the one that was meant.
MOST_MISSING = 0.5


def labelled(
    table: pa.Table, target: str, labels: pa.Array
) -> tuple[pa.Table, pa.Array, tuple[str, ...]]:
    """The rows of a raw table that have a label, their labels, and the note on the others.

    Args:
        table: the raw rows (N,).
        target: the name of the target's column.
        labels: what it holds (N,), null where it means missing.

    Raises:
        InputError: most have none.
    """
    absent = labels.is_null()
    count = pc.sum(absent).as_py() or 0
    if not count:
        return table, labels, ()
    written = table.column(target).combine_chunks()
    fact = f"{count:,} of {len(table):,} have none{_spellings(written.filter(absent))}"
    if count > MOST_MISSING * len(table):
        raise InputError(
            f"target {quote(target)} must have a value in at least half of the rows, however: "
            f"{fact}; set data.target to another column, or label the rows"
        )
    note = f"target {quote(target)}: rows without a label are left out: {fact}"
    there = pc.invert(absent)
    return table.filter(there), labels.filter(there), (note,)


def _spellings(absent: pa.Array) -> str:
    """How missing labels are written, where it is a word: it may be meant as a label."""
    if pa.types.is_dictionary(absent.type):
        absent = absent.dictionary_decode()
    if not is_text(absent.type):
        return ""
    words = sorted({word.strip() for word in absent.unique().to_pylist() if word} - {""})
    if not words:
        return ""
    usual = [word for word in words if word in MISSING_MARKERS]
    kept = f"; '!{usual[0]}' in data.missing keeps it" if usual else ""
    return f" (some are written {listing(words)}{kept})"
