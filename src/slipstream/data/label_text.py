"""The target's text as people write it: formatted numbers, and labels in several spellings."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from slipstream.config.data import DataConfig
from slipstream.data.cells import is_text
from slipstream.data.columns import NumberParts, RawColumn, number_parts
from slipstream.data.dates import find_dates
from slipstream.data.numbers import describe, has_text_around
from slipstream.data.texts import Texts, folded
from slipstream.data.units import has_unit
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import quote
from slipstream.runtime.values import word_truth

__all__ = ["is_same_label", "note_on_spellings", "read_label_text", "spelled_as"]

MOSTLY = 0.5  # the share of numbers, or of dates, that shows what the rest was meant to be
MOST_NAMED = 5  # spellings in a note
MANY = 20  # distinct numbers or dates: fewer may be labels


def read_label_text(column: RawColumn, data: DataConfig) -> tuple[pa.Array, tuple[str, ...]]:
    """The target's cells (N,), null where they mean missing, and notes on how they were read.

    Text that is formatted numbers becomes numbers, unless `data.task` says labels; labels that
    differ in spelling only become one. What the source itself marks as categories keeps its labels.

    Raises:
        InputError: most of the text is numbers, or dates, of which no kind of target can be made.
    """
    cells = column.cells
    if column.is_marked:
        return cells.dictionary_encode(), ()
    if not is_text(cells.type) or cells.null_count == len(cells):
        return cells, ()
    if data.task in ("auto", "regression"):
        parts = number_parts(column)
        if _are_numbers(parts, data):
            return _numbers(column, parts)
        if data.task == "auto":
            _refuse_quantities(column, parts)
    return _in_one_spelling(column)


def is_same_label(one: str, other: str) -> bool:
    """Whether two labels differ in spelling only."""
    return one == other or _meaning(one) == _meaning(other)


def spelled_as(labels: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """Each label in the spelling that it has among known ones; others stay as they are.

    What means the same within a table does so here too.
    """
    kept = _spellings(dict.fromkeys(labels, 0) | dict.fromkeys(known, 1))
    return {
        each: kept[each] if each not in known and kept[each] in known else each for each in labels
    }


def note_on_spellings(target: str, kept: Mapping[str, str], rule: str) -> tuple[str, ...]:
    """The note on labels that get another spelling, by a rule; none where all stay."""
    other = sorted(word for word in kept if kept[word] != word)
    if not other:
        return ()
    shown = ", ".join(f"{quote(word)} as {quote(kept[word])}" for word in other[:MOST_NAMED])
    more = f", … ({len(other):,} in all)" if len(other) > MOST_NAMED else ""
    return (f"target {quote(target)}: {rule}: {shown}{more}",)


def _are_numbers(parts: NumberParts, data: DataConfig) -> bool:
    """Whether text is numbers and markers only; a few that have a unit are labels (`5 kg`)."""
    if not parts.is_number.any() or parts.is_slip.any():
        return False
    return data.task == "regression" or not (parts.distinct <= MANY and has_unit(parts.form))


def _numbers(column: RawColumn, parts: NumberParts) -> tuple[pa.Array, tuple[str, ...]]:
    """Text of numbers and markers only: as numbers where it is formatted, else as it is."""
    texts = column.texts
    if parts.form is None or parts.distinct <= 2:
        words = [
            _plain(word) if there else None
            for word, there in zip(texts.words.to_pylist(), parts.is_number, strict=True)
        ]
        return _chosen(words, texts), ()
    how = f"written with {describe(parts.form)}"
    if parts.why:
        sign, meaning = parts.separator
        how = f"{sign!r} separating {meaning}, because {parts.why}"
    numbers = pa.array(np.append(parts.numbers, np.nan)[texts.codes], from_pandas=True)
    return numbers, (f"target {quote(column.name)}: its numbers are read as {how}",)


def _refuse_quantities(column: RawColumn, parts: NumberParts) -> None:
    """Refuse text that would become hundreds of labels, although it is quantities."""
    texts, target = column.texts, f"target {quote(column.name)} must hold numbers or labels"
    if parts.distinct > MANY and texts.share(parts.is_number) >= MOSTLY:
        raise InputError(
            f"{target}, however: most of its values are numbers, and "
            f"{texts.count(parts.is_slip):,} are not (the first in row "
            f"{texts.first_row(parts.is_slip)}); correct them, name in data.missing what means "
            "missing, or set data.task to multiclass if all are labels"
        )
    if len(texts.words) > MANY and has_text_around(texts):
        raise InputError(
            f"{target}, however: its values are numbers with other text around them, such as "
            "units; remove it, or set data.task to multiclass if they are labels"
        )
    dates = find_dates(column.name, column.cells) if len(texts.words) > MANY else None
    if dates is not None and dates.kind in ("datetime", "duration"):
        raise InputError(
            f"{target}, however: its values are dates, times or "
            "durations; derive a number from them, such as days until then, or set "
            "data.task to multiclass if they are labels"
        )


def _in_one_spelling(column: RawColumn) -> tuple[pa.Array, tuple[str, ...]]:
    """Labels that mean the same get the spelling that most rows have."""
    texts = column.texts
    kept = _spellings(texts.by_word)
    notes = note_on_spellings(column.name, kept, "labels in another spelling count as one")
    return _chosen([kept[word] for word in texts.words.to_pylist()], texts), notes


def _spellings(counts: Mapping[str, int]) -> dict[str, str]:
    """The spelling to keep of each label: that of most rows."""
    truths = {word: word_truth(word) for word in counts}
    are_truths = len(counts) > 2 and None not in truths.values()
    meanings = {word: truths[word] if are_truths else _meaning(word) for word in counts}
    ranked = sorted(counts, key=lambda word: (counts[word], word))
    kept = {meanings[word]: word for word in ranked}
    return {word: kept[meanings[word]] for word in counts}


def _meaning(label: str) -> str:
    """A label of several characters as all its spellings are: 1 for 1.0, no full stop, `folded`."""
    return folded(_plain(label)).rstrip(".") if len(label) > 1 else label


def _plain(word: str) -> str:
    """A whole number without `.0`, as numbers of other types are labelled."""
    whole = word.removesuffix(".0")
    return whole if whole.removeprefix("-").isdecimal() else word


def _chosen(words: Sequence[str | None], texts: Texts) -> pa.Array:
    return pa.array(np.array([*words, None], dtype=object)[texts.codes], pa.string())
