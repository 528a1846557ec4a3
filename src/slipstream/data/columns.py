"""One raw column as numbers, truth values or categories, with what was assumed in doing so."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from numpy.typing import NDArray

from slipstream.data.cells import blank_to_null, floats, is_number, is_supported, is_text
from slipstream.data.numbers import (
    EXTREMES,
    LARGEST_EXACT,
    Evidence,
    Forms,
    describe,
    find_forms,
    read,
)
from slipstream.data.texts import Texts, encode, folded
from slipstream.data.units import has_unit
from slipstream.runtime.dates import DateFormat
from slipstream.runtime.errors import InputError
from slipstream.runtime.formats import NumberFormat
from slipstream.runtime.text import listing, quote
from slipstream.runtime.types import ColumnKind
from slipstream.runtime.values import (
    is_truth_pair,
    means_missing,
    text_truth,
    to_texts,
    word_truth,
)

__all__ = [
    "MOST_SLIPS",
    "NumberParts",
    "RawColumn",
    "Typed",
    "UnusableError",
    "as_category",
    "as_numbers",
    "as_truths",
    "holds_codes",
    "missing_notes",
    "number_parts",
    "slip_notes",
]

MOST_SLIPS = 100  # distinct texts of a numeric column that are not numbers
# What programs write for a missing cell, and readers of tables take for one without a word.
USUAL_MARKERS = frozenset(
    ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None")
)


class UnusableError(Exception):
    """The column cannot help a model; the message says why."""


@dataclass(frozen=True)
class RawColumn:
    """A column as the source has it (N,), and what it takes to read its cells.

    `missing` are the texts that mean missing in every column, `evidence` is what all columns of the
    table show about how numbers are written.
    """

    name: str
    written: pa.Array
    missing: Sequence[str]
    evidence: Callable[[], Evidence]

    @cached_property
    def cells(self) -> pa.Array:
        """Its cells (N,) trimmed, with nulls for missing ones."""
        return blank_to_null(self.written, self.missing)

    @cached_property
    def texts(self) -> Texts:
        """Its distinct texts."""
        return encode(self.cells)

    @cached_property
    def forms(self) -> Forms:
        """The formats in which its texts may be numbers."""
        return find_forms(self.texts)

    @property
    def markers(self) -> dict[str, int]:
        """The texts that mean missing in every column, and how often each occurs.

        What is usual (`USUAL_MARKERS`) is not among them.
        """
        texts = encode(pc.utf8_trim_whitespace(self._absent))
        return {word: count for word, count in texts.by_word.items() if word not in USUAL_MARKERS}

    def count(self, marker: str) -> int:
        """How many cells are written so, and count as missing."""
        return int(pc.sum(pc.equal(self._absent, marker)).as_py() or 0)

    @property
    def is_marked(self) -> bool:
        """Whether the source itself says that the values are categories."""
        return bool(pt.is_dictionary(self.written.type))

    @property
    def _absent(self) -> pa.Array:
        """What is written in the cells that count as missing, where that is text."""
        if not (is_text(self.written.type) and self.cells.null_count):
            return pa.array([], pa.string())
        return self.written.filter(self.cells.is_null()).drop_null().cast(pa.string())


@dataclass(frozen=True)
class Typed:
    """A column (N,) of one kind, what was assumed, and how the predictor reads it alike."""

    kind: ColumnKind
    series: pd.Series
    notes: tuple[str, ...] = ()
    format: NumberFormat | None = None
    missing: tuple[str, ...] = ()
    dates: DateFormat | None = None


@dataclass(frozen=True)
class NumberParts:
    """Distinct texts (D,): the number in each, NaN if there is none, and what the others are."""

    form: NumberFormat | None
    why: str
    numbers: NDArray[np.float64]
    is_number: NDArray[np.bool_]
    is_marker: NDArray[np.bool_]

    @property
    def is_slip(self) -> NDArray[np.bool_]:
        """Which texts (D,) are neither numbers nor mean missing."""
        return ~self.is_number & ~self.is_marker

    @property
    def distinct(self) -> int:
        """How many different numbers there are."""
        return len(np.unique(self.numbers[self.is_number]))

    @property
    def separator(self) -> tuple[str, str]:
        """The sign whose meaning `why` explains, and what it separates."""
        form = self.form or NumberFormat()
        return (form.thousands, "thousands") if form.thousands else (form.decimal, "decimals")


def number_parts(column: RawColumn) -> NumberParts:
    """Read a column's texts as numbers as far as they are."""
    open_forms = column.forms.is_open
    form, why = column.forms.settle(column.evidence() if open_forms else Evidence())
    numbers = read(column.texts, form)
    there = ~np.isnan(numbers)
    others = column.texts.words.filter(pa.array(~there)).to_pylist()
    markers = np.zeros(len(there), bool)
    markers[~there] = [means_missing(word) for word in others]
    return NumberParts(form, why, numbers, there, markers)


def as_numbers(column: RawColumn, parts: NumberParts | None = None) -> Typed:
    """Read a column as numbers; of texts, those that are not numbers count as missing."""
    values = column.cells
    if not is_text(values.type):
        return Typed("numeric", _finite(column.name, _floats(values)))
    parts = parts or number_parts(column)
    series = _finite(column.name, np.append(parts.numbers, np.nan)[column.texts.codes])
    slips = column.texts.words.filter(pa.array(parts.is_slip)).to_pylist()
    return Typed(
        kind="numeric",
        series=series,
        notes=_number_notes(column, parts),
        format=parts.form,
        missing=tuple(sorted(slips)),
    )


def as_truths(column: RawColumn) -> Typed | None:
    """Read texts as truth values; None if they are not only true, false, missing and the like."""
    texts = column.texts
    words = texts.words.to_pylist() if len(texts.words) <= MOST_SLIPS else [""]
    truths = [word_truth(word) for word in words]
    others = [word for word, truth in zip(words, truths, strict=True) if truth is None]
    if not all(map(means_missing, others)) or all(text_truth(word) is None for word in words):
        return None
    numbers = np.array([*truths, np.nan], np.float64)  # None becomes NaN
    counts = texts.by_word
    notes = missing_notes(column.markers, {word: counts[word] for word in others}, texts.present)
    return Typed("boolean", pd.Series(numbers[texts.codes]), tuple(notes))


def as_category(column: RawColumn, notes: Sequence[str] = ()) -> Typed:
    """Read a column as categories, each in one spelling."""
    texts = column.texts if is_text(column.cells.type) else encode(_written(column))
    words = texts.words.to_pylist()
    spelling = _spellings(texts.by_word)
    merged = sum(spelling[word] != word for word in words)
    chosen = np.array([*(spelling[word] for word in words), None], dtype=object)
    more = [f"other spellings of its categories count as the same ({merged})"] if merged else []
    kept = set(spelling.values())
    if alike := len(kept) - len(set(map(folded, kept))):
        more.append(
            f"{alike} of its categories differ from another only in case or blanks, and count as "
            "different; write them alike to merge them"
        )
    return Typed("categorical", pd.Series(chosen[texts.codes], dtype=object), (*notes, *more))


def holds_codes(values: pa.Array) -> bool:
    """Whether typed whole numbers are beyond what floats tell apart, or were before."""
    if not is_number(values.type):
        return False
    present = values.drop_null()
    if pt.is_floating(values.type):
        numbers = np.abs(present.to_numpy(zero_copy_only=False).astype(np.float64))
        return bool(len(numbers) and numbers.min() >= LARGEST_EXACT and numbers.max() < 2**64)
    if pt.is_decimal(values.type) and values.type.scale > 0:
        return False
    beyond = np.abs(floats(present)) >= LARGEST_EXACT
    distinct = pc.unique(present.filter(pa.array(beyond)))
    is_alone = len(distinct) == 1 and not beyond.all()
    if is_alone and np.isin(np.abs(floats(distinct)), EXTREMES).all():
        return False
    collide = len(np.unique(floats(distinct))) < len(distinct)
    return bool(beyond.any() and (beyond.mean() > 0.01 or collide))


def _number_notes(column: RawColumn, parts: NumberParts) -> tuple[str, ...]:
    notes = []
    texts = column.texts
    if parts.why:
        sign, meaning = parts.separator
        currency = parts.form.currency if parts.form and has_unit(parts.form) else ""
        unit = f" in numbers with {currency!r}" if currency else ""
        notes.append(f"{sign!r} is taken to separate {meaning}{unit}, because {parts.why}")
    elif parts.form is not None:
        notes.append(f"its numbers are read as written with {describe(parts.form)}")
    words = texts.words.to_pylist()
    dashes = np.array([parts.form is not None and parts.form.is_dash(word) for word in words])
    if dashes.any():
        count = texts.count(dashes)
        notes.append(f"{count:,} of its values are a dash next to the currency, which is 0")
    markers = texts.only(parts.is_marker).by_word
    notes += missing_notes(column.markers, markers, texts.present)
    return (*notes, *slip_notes(texts, parts.is_slip, "number"))


def slip_notes(texts: Texts, slips: NDArray[np.bool_], wanted: str) -> list[str]:
    """Say how many cells have text (D,) that is not what the column holds, if any has."""
    count, plural = texts.count(slips), f"{wanted}s"
    if not count:
        return []
    first = texts.first_row(slips)
    if count == 1:
        return [f"1 value is not a {wanted} and counts as missing (in row {first})"]
    return [f"{count:,} values are not {plural} and count as missing (the first in row {first})"]


def missing_notes(
    everywhere: Mapping[str, int], here: Mapping[str, int], present: int
) -> list[str]:
    """Say which texts count as missing, and their share.

    Args:
        everywhere: the count of each that means missing in every column.
        here: the count of each that means missing among numbers.
        present: how many cells have text, less those that mean missing in every column.
    """
    markers = {**everywhere, **here}
    if not markers:
        return []
    share = sum(markers.values()) / (present + sum(everywhere.values()))
    shown = listing(sorted(markers), most=5)
    return [f"{100 * share:.2g} % of its values ({shown}) count as missing"]


def _spellings(counts: Mapping[str, int]) -> Mapping[str, str]:
    """The spelling to keep of each text: one a truth value of a pair, `2` of `2.0`."""
    if len(counts) <= MOST_SLIPS and is_truth_pair(counts):
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        kept = {word_truth(word): word for word in reversed(ranked)}
        return {word: kept[word_truth(word)] for word in counts}
    return {word: _whole(word, counts) for word in counts}


def _whole(word: str, known: Mapping[str, int]) -> str:
    whole = word.removesuffix(".0")
    return whole if whole in known and whole != word and whole.lstrip("-").isdigit() else word


def _written(column: RawColumn) -> pa.Array:
    """Numbers and truth values as the text that the predictor looks up."""
    if not is_supported(column.cells.type):
        raise UnusableError(
            f"its type, {column.cells.type}, is not supported; derive numbers or text from it"
        )
    encoded = column.cells.dictionary_encode()
    words = [to_texts(value)[0] for value in encoded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(
        encoded.indices, pa.array(words, pa.string())
    ).dictionary_decode()


def _floats(values: pa.Array) -> NDArray[np.float64]:
    if not is_supported(values.type):
        raise UnusableError(
            f"its type, {values.type}, is not supported; derive numbers or text from it"
        )
    return floats(values)


def _finite(name: str, numbers: NDArray[np.float64]) -> pd.Series:
    infinite = np.isinf(numbers)
    if infinite.any():
        raise InputError(
            f"a number must be finite, however: column {quote(name)} is infinite in row "
            f"{int(np.argmax(infinite)) + 1} ({int(infinite.sum())} such rows); "
            "replace it, or leave it empty for missing"
        )
    return pd.Series(numbers + 0.0)  # -0.0 becomes 0.0: they are one value
