"""Numbers in a column of text: in which format they are written, and whether they are codes.

A format is the one under which most values are numbers. Whether a single comma or point separates
thousands or decimals may be open (`1,234`): then the table's other columns decide.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from slipstream.data.currencies import CURRENCY
from slipstream.data.texts import Texts, all_match, matches
from slipstream.data.units import are_scaled, common_unit, without_scale
from slipstream.runtime.formats import BLANKS, SEPARATORS, NumberFormat
from slipstream.runtime.values import NUMBER

__all__ = [
    "EXTREMES",
    "LARGEST_EXACT",
    "Evidence",
    "Forms",
    "code_reason",
    "describe",
    "find_forms",
    "has_text_around",
    "is_telephone",
    "read",
]

LARGEST_EXACT = 2**53  # below it, a float holds every whole number
EXTREMES = (2.0**63, 2.0**64)  # whole numbers of 64 bits, which stand for a missing one
CODES_SHARE = 0.01  # of values written as no number is: fewer may be slips
FEW_TEXTS, AROUND_SHARE = 20, 0.9  # kinds of text around numbers, and of values that have a number
CLEAR_SHARE = 0.5  # of values that are numbers: fewer say nothing about the table's decimal sign

# Pairs of decimal sign and separator, the commonest first.
_SIGNS = (
    *((".", ""), (".", ","), (".", " "), (".", "'"), (".", "_")),
    *((",", ""), (",", "."), (",", " "), (",", "'")),
)
_MARKS = "".join(SEPARATORS.values())
# Text that may be a number in some format: digits and marks, and little before and behind.
_LIKELY = rf"[^0-9]{{0,8}}[0-9][0-9{_MARKS}]*(e[+-]?[0-9]+)?[^0-9]{{0,8}}"
_OPEN = r"[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})?"  # digits with a point that may separate thousands


@dataclass(frozen=True)
class Evidence:
    """What the rest of a table shows: the decimal signs in use, and what is between cells."""

    decimals: Collection[str] = ()
    delimiter: str = ""


@dataclass(frozen=True)
class Forms:
    """The formats that fit a column equally well, by their decimal sign; None is a plain number.

    `share` of the values are numbers. `is_open` says whether the formats read them as different
    ones, `is_grouped` whether all fit groups of three, `shows_groups` whether nothing else explains
    them: decimals would be as many in each, or end in no 0. `currencies` are those that occur.
    """

    by_decimal: Mapping[str, NumberFormat | None]
    share: float
    is_open: bool = False
    is_grouped: bool = True
    shows_groups: bool = False
    currencies: tuple[str, ...] = ()

    @property
    def decimal(self) -> str:
        """The decimal sign that the values show; empty if they show none."""
        clear = len(self.by_decimal) == 1 and self.share >= CLEAR_SHARE
        return next(iter(self.by_decimal)) if clear else ""

    def settle(self, evidence: Evidence) -> tuple[NumberFormat | None, str]:
        """The format, and why it was chosen where the column leaves it open."""
        if not self.is_open:
            return next(iter(self.by_decimal.values())), ""
        pointed = self.by_decimal["."]
        grouping = "," if pointed is not None and pointed.thousands == "," else "."
        if self.shows_groups:
            decimal = "." if grouping == "," else ","
            return self.by_decimal[decimal], "decimals would not end in 0 next to whole numbers"
        seen = set(evidence.decimals)
        if len(seen) == 1:
            (decimal,) = seen
            return self.by_decimal[decimal], f"other columns have {decimal!r} as decimal sign"
        if not self.is_grouped:
            decimal = grouping
            why = "longer numbers are not in groups of three"
        elif grouping == "," and evidence.delimiter == ";":
            decimal, why = ",", "there are semicolons between the cells"
        else:
            decimal, why = ".", "no other column shows a decimal comma"
        return self.by_decimal[decimal], why


def describe(form: NumberFormat) -> str:
    """How numbers are written, in words."""
    names = {",": "a comma", ".": "a point", " ": "a blank", "'": "an apostrophe", "_": "_"}
    marks = {
        f"{form.currency!r}": form.currency,
        "percent signs (12% is 0.12)": form.percent,
        f"{names.get(form.thousands)} between thousands": form.thousands,
        "a decimal comma": form.decimal == ",",
        "K for thousands, M for millions, bn for 10^9": form.scaled,
    }
    return " and ".join(mark for mark, there in marks.items() if there) or "signs or parentheses"


def is_telephone(texts: Texts, form: NumberFormat | None) -> bool:
    """Whether blanks group all texts alike, in three groups or more, as in telephone numbers."""
    if form is None or form.thousands != " ":
        return False
    return any(
        all_match(texts.words, f"[0-9]{{3}}([{BLANKS}][0-9]{{3}}){{{groups}}}")
        for groups in (2, 3, 4)
    )


def has_text_around(texts: Texts) -> bool:
    """Whether nearly all texts are a number with a few kinds of other text around it.

    Such as `1.5K`, `~20`, `3 kg` next to `200 g`, digits of another script, dates in a layout that
    is not known. Digits behind a letter are codes, and marks alone make telephone numbers, ranges.
    """
    likely = texts.only(matches(texts.words, r"[^\pL\p{Nd}]{0,3}\p{Nd}.{0,30}"))
    if len(likely.words) <= FEW_TEXTS or likely.present < AROUND_SHARE * texts.present:
        return False
    around = pc.unique(pc.replace_substring_regex(likely.words, rf"[0-9{_MARKS}:/+-]", ""))
    around = pc.unique(pc.replace_substring_regex(around, r"\p{Nd}", "0"))
    around = pc.unique(pc.replace_substring_regex(around, "0+", "0"))
    return len(around) <= FEW_TEXTS and _any(around, r"[^()]")


def find_forms(texts: Texts) -> Forms:
    """Find the format under which most of the texts are numbers."""
    plain = {".": None} if _any(texts.words, r"\.") else {".": None, ",": None}
    if all_match(texts.words, NUMBER) and not (len(plain) == 1 and all_match(texts.words, _OPEN)):
        return Forms(plain, 1.0)
    plainly = int(texts.counts[matches(texts.words, NUMBER)].sum())
    shapes, counts = _shapes(texts)
    if not shapes:
        return Forms(plain, 0.0)
    scaled = are_scaled(shapes)
    currencies = _currencies([without_scale(each) for each in shapes] if scaled else shapes, counts)
    percent = any("%" in shape for shape in shapes)
    currency = currencies[0] if currencies else "" if scaled else common_unit(shapes, counts)
    forms = [
        NumberFormat(
            decimal=decimal,
            thousands=thousands,
            currency=currency,
            percent=percent,
            scaled=scaled,
        )
        for decimal, thousands in _SIGNS
    ]
    read = {form: tuple(form.parse(shape) for shape in shapes) for form in forms}
    scores = {form: _score(numbers, counts) for form, numbers in read.items()}
    best = max(scores.values())
    if best < plainly or not best:
        return Forms(plain, plainly / texts.present)
    fitting = [form for form, score in scores.items() if score == best]
    chosen: dict[str, NumberFormat | None] = {}
    for form in fitting:
        chosen.setdefault(form.decimal, form)
    is_open = len(chosen) > 1 and len({read[form] for form in fitting}) > 1
    if best == plainly and "." in chosen:
        chosen["."] = None
    is_grouped = not any("9999" in shape for shape in shapes)
    shows_groups = _any(texts.words, r"[.,][0-9][0-9]0\b") and any(
        not set(shape) & set(".,") for shape in shapes
    )
    return Forms(
        chosen, best / texts.present, is_open, is_grouped, is_grouped and shows_groups, currencies
    )


def read(texts: Texts, form: NumberFormat | None) -> NDArray[np.float64]:
    """The number in each distinct text (D,), NaN where there is none."""
    if form is not None:
        numbers = [form.parse(word) for word in texts.words.to_pylist()]
        return np.array([np.nan if each is None else each for each in numbers], np.float64)
    plain = pa.array(matches(texts.words, NUMBER))
    cells = pc.if_else(plain, texts.words, pa.scalar(None, pa.string()))
    return np.array(cells.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def code_reason(texts: Texts, numbers: NDArray[np.float64]) -> str:
    """Why texts (D,) that are plain numbers (D,) are codes all the same; empty if they are not."""
    words = texts.words
    whole = matches(words, r"[+-]?[0-9]+")
    raised = matches(words, r"[0-9]+e[0-9]+")
    if raised.any() and (whole | raised).all() and (whole.any() or np.isinf(numbers).any()):
        return "some have an E among their digits"
    if not whole.any():
        return ""
    padded = matches(words, r"[+-]?0[0-9]+")
    if padded.any() and whole.all() and _are_codes(texts, numbers, padded):
        return "some have zeros in front"
    long = whole & (np.abs(numbers) >= LARGEST_EXACT)
    if long.sum() == 1 < len(words):
        long &= ~np.isin(np.abs(numbers), EXTREMES)
    if long.any() and (texts.share(long) > CODES_SHARE or _collide(numbers[long])):
        return "some are whole numbers above 2^53, which no model tells apart"
    if all_match(words, r"\+[0-9]{7,}"):
        return "all have a plus in front, as telephone numbers do"
    return ""


def _are_codes(texts: Texts, numbers: NDArray[np.float64], padded: NDArray[np.bool_]) -> bool:
    """Whether zeros in front mean something: they are usual, one width is, or numbers collide."""
    one_width = len(pc.unique(pc.utf8_length(texts.words))) == 1
    return one_width or texts.share(padded) > CODES_SHARE or _collide(numbers)


def _collide(numbers: NDArray[np.float64]) -> bool:
    return len(np.unique(numbers)) < len(numbers)


def _any(words: pa.Array, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(words, pattern)).as_py())


def _shapes(texts: Texts) -> tuple[Sequence[str], NDArray[np.int64]]:
    """The texts that may be numbers, with a nine for each digit and few for many; their counts.

    A zero in front stays, because no group of thousands begins with it.
    """
    likely = texts.only(matches(texts.words, _LIKELY))
    words = likely.words
    for pattern, by in (
        (r"\A([^0-9]*)0", r"\1⁰"),
        ("[0-9]", "9"),
        ("9{4,}", "9999"),
        ("⁰", "0"),
    ):
        words = pc.replace_substring_regex(words, pattern, by)
    encoded = words.dictionary_encode()
    places = encoded.indices.to_numpy(zero_copy_only=False)
    shapes = encoded.dictionary.to_pylist()
    return shapes, np.bincount(places, likely.counts, len(shapes)).astype(np.int64)


def _score(numbers: Sequence[float | None], counts: NDArray[np.int64]) -> int:
    is_number = np.array([number is not None for number in numbers])
    return int(counts[is_number].sum())


def _currencies(shapes: Sequence[str], counts: NDArray[np.int64]) -> tuple[str, ...]:
    """The currency signs and codes in the shapes, the commonest first."""
    seen: dict[str, int] = {}
    for shape, count in zip(shapes, counts.tolist(), strict=True):
        mark = re.sub(rf"[0-9{_MARKS}()%+\-−–]|(?<=9)e(?=[+-]?9)", "", shape)
        if mark and CURRENCY.fullmatch(mark):
            seen[mark] = seen.get(mark, 0) + count
    return tuple(sorted(seen, key=lambda mark: (-seen[mark], mark)))
