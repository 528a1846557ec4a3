"""What a raw value is: missing, a number, a truth value, or none of these."""

import math
import operator
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

__all__ = [
    "MISSING_MARKERS",
    "NUMBER",
    "WrongValueError",
    "is_missing",
    "is_truth_pair",
    "means_missing",
    "number_keys",
    "spellings",
    "text_number",
    "text_truth",
    "to_number",
    "to_texts",
    "word_truth",
]

# What training accepts as a number in text: less than `float`, which also takes 1_000 and NAN.
NUMBER = r"[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|infinity)"
_NUMBER = re.compile(NUMBER, re.ASCII | re.IGNORECASE)
_WHOLE = re.compile(r"-?(0|[1-9]\d*)", re.ASCII)  # zeros in front make it another category
_TRUTH = {"true": 1.0, "false": 0.0}
# Words and digits that a column of two such values may use.
_WORDS = {"yes": 1.0, "no": 0.0, "y": 1.0, "n": 0.0, "t": 1.0, "f": 0.0, "on": 1.0, "off": 0.0}
_DIGITS = {"1": 1.0, "0": 0.0, "1.0": 1.0, "0.0": 0.0}
_ALL_TRUTHS = _TRUTH | _WORDS | _DIGITS
_BRACKETS = "()[]<>{}"
_CLOSING = frozenset(")]>}")
# What means missing in every column, unless `data.missing` changes it. A bundle's file names only
# what it adds and removes, so a change here is a new format version.
MISSING_MARKERS = (
    *("", "?", "#N/A", "<NA>", "N/A", "NA", "n/a", "na", "N/a", "Na", "<na>", "#NA", "#N/A N/A"),
    *("NULL", "Null", "null", "(null)", "(NULL)", "<null>", "<NULL>", "\\N", "NaT"),
    *("None", "none", "NONE", "NaN", "nan", "NAN", "Nan", "-nan", "-NaN", "1.#QNAN", "-1.#IND"),
    *("#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!"),
)
# Where numbers are expected, they stand for a missing one, in any case: what pandas, R, SQL and
# spreadsheets write, and people. Elsewhere such text may be a category.
_MISSING = frozenset(
    (
        *("", "?", "??", "-", "--", "---", ".", "..", "...", "*", "**", "/", "#", "_"),
        *("\u2013", "\u2014", "\u2212", "\u2026"),  # en dash, em dash, minus, ellipsis
        *("na", "n/a", "n.a.", "n.a", "n. a.", "n/a.", "n/v", "n.v.", "#na", "#n/a"),
        *("#n/a n/a", "nan", "-nan", "+nan", "nan%", "1.#qnan", "-1.#ind", "1.#ind", "-1.#qnan"),
        *("nat", "null", "nul", "nil", "none"),
        *("\\n", "#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!", "#error!", "#calc!"),
        *("missing", "unknown", "unk", "unkn", "undefined", "blank"),
        *("empty", "not available", "not applicable", "not known"),
        *("not specified", "not provided", "not reported", "not set", "unspecified", "no data"),
        *("no value", "no answer", "tbd", "tba", "tbc", "invalid", "error", "withheld"),
        *("suppressed", "not stated", "not recorded", "k.a.", "k. a.", "n.d.", "nd", "###"),
    )
)


class WrongValueError(Exception):
    """A value that a column does not accept; the message describes it."""


def is_missing(value: Any) -> bool:
    """Whether this is None, NaN, numpy's masked, or a missing value of pandas (never imported)."""
    if value is None or type(value).__name__ in ("NAType", "NaTType", "MaskedConstant"):
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def means_missing(text: str) -> bool:
    """Whether text without blanks around it stands for a missing value among numbers or dates."""
    folded = text.casefold()
    return folded in _MISSING or (folded[-1:] in _CLOSING and folded.strip(_BRACKETS) in _MISSING)


def to_number(value: Any) -> float:
    """Convert a value that is neither missing nor text; beyond float's range it saturates.

    Raises:
        WrongValueError: it is not a number.
    """
    try:
        if not _is_number(value):
            raise TypeError
        try:
            return float(value)
        except OverflowError:  # an int beyond float's range saturates like an infinity
            return math.inf if value > 0 else -math.inf
    except (TypeError, ValueError):
        raise WrongValueError(f"a value of type {type(value).__name__}") from None


def to_texts(value: Any) -> tuple[str, ...]:
    """How a category that is a number or a truth value may be written, the likeliest first.

    Raises:
        WrongValueError: the value is neither.
    """
    if isinstance(value, bool | np.bool_):
        return (str(value), str(value).lower(), str(value).upper(), str(int(value)))
    number = to_number(value)
    if not isinstance(value, float | np.floating) and hasattr(value, "__index__"):
        exact = operator.index(value)  # a float may not be
        return () if math.isinf(number) else (str(exact),)
    if hasattr(value, "as_integer_ratio") and number.is_integer():  # such as a decimal
        exact, divisor = value.as_integer_ratio()
        return (str(exact),) if divisor == 1 else (str(value),)
    if isinstance(value, np.floating):
        return (str(int(number)),) if number.is_integer() else (str(value), repr(number))
    return (str(int(number)),) if number.is_integer() else (repr(number),)


def number_keys(codes: Mapping[str, int]) -> dict[float, int]:
    """The codes of texts that `to_texts` gives for numbers, by the number; True counts as 1."""
    keys: dict[float, int] = {}
    for text, code in codes.items():
        number = text_number(text)
        if number is None or not math.isfinite(number):
            continue
        key = int(text) if _WHOLE.fullmatch(text) else number
        if to_texts(key) == (text,):
            keys[key] = code
    return keys


def text_number(text: str) -> float | None:
    """The number in text without blanks around it; None if there is none."""
    return float(text) if _NUMBER.fullmatch(text) else None


def text_truth(text: str) -> float | None:
    """1 for true and 0 for false, in any case; None for other text."""
    return _TRUTH.get(text.lower())


def word_truth(text: str) -> float | None:
    """As `text_truth`, also for yes and no, y and n, t and f, on and off, 1 and 0."""
    return _ALL_TRUTHS.get(text.lower())


def is_truth_pair(texts: Iterable[str]) -> bool:
    """Whether these mean true and false, and at least one is a word, not a digit."""
    given = [text.lower() for text in texts]
    truths = {_ALL_TRUTHS.get(text) for text in given}
    return truths == {0.0, 1.0} and not all(text in _DIGITS for text in given)


def spellings(categories: Iterable[str]) -> dict[str, int]:
    """The index of each category, under its own name and every other way to write it.

    A whole number may be written with `.0`; each of a pair such as yes and no in every way that
    `word_truth` reads.
    """
    names = tuple(categories)
    codes: dict[str, int] = {}
    if len(names) == 2 and is_truth_pair(names):
        sides = {word_truth(name): code for code, name in enumerate(names)}
        for word, truth in _ALL_TRUTHS.items():
            codes |= dict.fromkeys((word, word.upper(), word.capitalize()), sides[truth])
    for code, name in enumerate(names):
        whole = name.removesuffix(".0")
        if _WHOLE.fullmatch(whole):
            codes |= {whole: code, f"{whole}.0": code}
    return codes | {name: code for code, name in enumerate(names)}


def _is_number(value: Any) -> bool:
    """Whether this is a number; `float()` alone accepts too much.

    It would parse bytes and every other buffer; of numpy it takes text, dates in nanoseconds, raw
    memory, and complex numbers without their imaginary part.
    """
    dtype = getattr(value, "dtype", None)
    if isinstance(dtype, np.dtype):
        return dtype.kind in "fiub"
    return hasattr(value, "__float__") or hasattr(value, "__index__")
