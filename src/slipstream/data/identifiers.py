"""Which columns identify rows instead of describing them: found by their name and by their values.

A model that reads such a column learns the order of the file, which says nothing of the next row.
Names are only ever half of the evidence: a column that is named `id` and holds three values
describes its rows. Amounts are not mistaken for identifiers, even if all of them differ: chance
hardly makes n whole numbers differ once their range is below about n² / 2 (the birthday problem).
"""

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.types as pt
from numpy.typing import NDArray

__all__ = ["group_hint", "why_identifier"]

MIN_DISTINCT = 20
MOST_GROUPED = 10  # rows that share an identifier, on average: more are a category such as a shop
# Of the values that are present, how many differ: where the name says identifier, where it may be
# a number of something, and where the values alone have to say it. A few rows may occur twice.
NAMED_SHARE = 0.5
NUMBERED_SHARE = 0.9
UNNAMED_SHARE = 0.9
# How many values chance would repeat, at least, where next to none does.
REPEATS_BY_CHANCE = 50
REPEATS_IN_ORDER = 7
TOLERATED = 0.1  # of those repeats: rows that occur twice

_INDEX = re.compile(
    r"unnamed: ?\d+(_level_\d+)?|__index_level_\d+__|\.{3}\d+|index|level_\d+|idx|#|_id|pk|"
    r"(row|line|rec|record|serial|sl|s)[ _.-]?(index|idx|id|no|nr|num|number)?\.?",
    re.IGNORECASE,
)
_IDENTIFYING = frozenset(("id", "ids", "uuid", "guid", "pk", "identifier", "identifikation"))
_NUMBERING = frozenset(
    ("no", "nr", "num", "number", "nummer", "numero", "key", "ref", "reference", "hash", "token")
)
_JOINED = re.compile(
    r"(customer|cust|client|user|member|account|acct|order|product|item|session|transaction|trans|"
    r"txn|tx|loan|row|record|case|patient|person|passenger|policy|claim|ticket|invoice|payment|"
    r"device|visitor|employee|emp|student|subject|sample|event|visit|booking|listing|property|"
    r"vehicle|household|company|merchant|party|document|doc|object|unique|lead|contract|card|"
    r"message|request|entry|index)_?(ids?|no|nr|num|number|key)"
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_YEARS = frozenset(("year", "years", "yr", "yyyy", "jahr", "annee", "ano", "anno", "season"))
_TOKEN = re.compile(
    r"\{?[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\}?|[0-9a-f]{16,}|[^@\s]+@[^@\s]+\.[^@\s]+", re.I
)
_EMAIL_OR_HASH_SAMPLE = 100


def why_identifier(name: str, cells: pa.Array, values: pd.Series) -> str:
    """Say why a column identifies rows; empty if it describes them.

    Args:
        name: the column's name.
        cells: its raw cells (N,), which are exact where whole numbers exceed a float's precision.
        values: the same as floats or text (N,), with NaN or None for missing.
    """
    present = values.notna().to_numpy()
    if not present.any() or values.dtype.kind == "M":  # dates may well all differ
        return ""
    if values.dtype == object:
        return _text(name, values[present])
    if not pd.api.types.is_numeric_dtype(values):
        return ""  # a date says when
    numbers = values.to_numpy(np.float64)[present]
    if pt.is_integer(cells.type):
        numbers = cells.drop_null().to_numpy(zero_copy_only=False)
    if len(numbers) < MIN_DISTINCT or (numbers != np.floor(numbers)).any():
        return ""
    return _whole_numbers(name, numbers)


def group_hint(name: str, values: pd.Series) -> str:
    """Say that rows may belong together, of a column that is named like an identifier and repeats.

    Args:
        name: the column's name.
        values: its values (N,), with NaN or None for missing.
    """
    distinct = values.nunique()
    rows = len(values) / max(1, distinct)
    if not _says_identifier(name) or distinct < MIN_DISTINCT or rows > MOST_GROUPED:
        return ""
    return (
        f"it is named like an identifier, and each value is in {rows:.2g} rows on average; if such "
        "rows belong together, data.split = group keeps them on one side of the split"
    )


def _text(name: str, words: pd.Series) -> str:
    distinct = words.unique()
    share = len(distinct) / len(words)
    if len(distinct) < MIN_DISTINCT or share < NAMED_SHARE:
        return ""
    if share >= UNNAMED_SHARE:
        return "its values hardly ever repeat, as in an identifier or free text"
    if _says_identifier(name):
        return "it is named like an identifier, and its values hardly repeat"
    if all(_TOKEN.fullmatch(str(each)) for each in distinct[:_EMAIL_OR_HASH_SAMPLE]):
        return "its values are keys, hashes or addresses that hardly repeat"
    return ""


def _whole_numbers(name: str, numbers: NDArray[np.number]) -> str:
    distinct = np.unique(numbers)
    if len(distinct) < MIN_DISTINCT or _YEARS & set(_words(name)):
        return ""
    share = len(distinct) / len(numbers)
    return _named(name, share) or (_numbering(numbers, distinct) if share >= UNNAMED_SHARE else "")


def _named(name: str, share: float) -> str:
    """What the name says of whole numbers of which such a share is distinct."""
    if _INDEX.fullmatch(name.strip()) and (share >= NAMED_SHARE or _is_of_pandas(name)):
        return "it is named like a row index and numbers the rows"
    if _says_identifier(name) and share >= NAMED_SHARE:
        return "it is named like an identifier, and its whole numbers hardly repeat"
    if _NUMBERING & set(_words(name)[-1:]) and share >= NUMBERED_SHARE:
        return "it is named like a number of something, and its values hardly repeat"
    return ""


def _numbering(numbers: NDArray[np.number], distinct: NDArray[np.number]) -> str:
    """What the numbers (N,) say, in the order of the file, and the distinct ones, sorted."""
    spread = int(distinct[-1]) - int(distinct[0]) + 1
    if spread == len(distinct):
        return "it numbers the rows, as an identifier does: its whole numbers have no gap"
    expected, seen = _repeats(len(numbers), spread), len(numbers) - len(distinct)
    if expected >= REPEATS_BY_CHANCE and seen <= TOLERATED * expected:
        return (
            "it numbers the rows, as an identifier does: its whole numbers are so close that "
            "chance would repeat many, and they do not repeat"
        )
    increases = bool((numbers[1:] >= numbers[:-1]).all())
    even = not seen and len(np.unique(np.diff(distinct))) == 1
    if increases and (even or (expected >= REPEATS_IN_ORDER and seen <= TOLERATED * expected)):
        return "it increases from row to row of the file, as an index does"
    return ""


def _repeats(count: int, spread: int) -> float:
    """How many of so many whole numbers, drawn evenly from such a range, repeat another."""
    return count - spread * -np.expm1(-count / spread)


def _is_of_pandas(name: str) -> bool:
    """Whether pandas made the name; parts that were joined count from 0 again."""
    return name.lower().startswith(("unnamed:", "__index_level_"))


def _says_identifier(name: str) -> bool:
    words = _words(name)
    return bool(words) and (
        words[-1] in _IDENTIFYING
        or words[0] in {"id", "uuid", "guid"}
        or _JOINED.fullmatch("_".join(words)) is not None
    )


def _words(name: str) -> list[str]:
    """The words of a name that is written with blanks, underscores or capitals."""
    return [word.lower() for word in _WORDS.findall(name)]
