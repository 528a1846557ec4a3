"""Text that is read as categories: what to say if it seems to hold numbers or dates."""

from slipstream.data.columns import RawColumn
from slipstream.data.dates import seem_dates
from slipstream.data.numbers import has_text_around
from slipstream.data.texts import Texts, all_match, matches

__all__ = ["hint_at_content"]

FEW = 20  # different texts: so few may be names of groups, such as 18/25
MOST = 0.9  # share of values
_NUMBER = r"[+-]?[0-9]+(\.[0-9]+)?"
_PAIR = rf"[(\[]?\s*{_NUMBER}\s*°?\s*[/,;:|x×]\s*{_NUMBER}\s*°?\s*[)\]]?"
_HEXADECIMAL = "0x[0-9a-f]+"
_PERIOD = r"P([0-9.]+[YMWD])*(T([0-9.]+[HMS])+)?"
_HINTS = {
    _PAIR: "its values are pairs of numbers, such as a fraction or a position, and are read as "
    "text; give each number a column of its own, or write the result",
    _HEXADECIMAL: "its values are hexadecimal numbers, and are read as text; write them in digits, "
    "such as 31",
    _PERIOD: "its values are durations in years or months, whose length varies, and are read as "
    "text; write days or seconds",
}
_TEXT_AROUND = (
    "its values are numbers with other text around them, such as a unit or K for thousands, or "
    "dates in a layout that is not known, and are read as text; write plain numbers or dates to "
    "use them"
)
_SEEM_DATES = (
    "its values seem to be dates in a layout that is not known, and are read as text; write them "
    "as 2025-03-04"
)


def hint_at_content(column: RawColumn) -> tuple[str, ...]:
    """What to say of a column's text that is not numbers: at most one note."""
    texts = column.texts
    for pattern, note in _HINTS.items():
        if _are_mostly(texts, pattern):
            return (note,)
    if has_text_around(texts):
        return (_TEXT_AROUND,)
    if seem_dates(texts):
        return (_SEEM_DATES,)
    missing = column.count("NA")
    if missing and all_match(texts.words, "[a-z]{2}"):
        note = (
            f"'NA' counts as missing in {missing:,} rows; if it is a code like the others, such as "
            "Namibia's, put '!NA' into data.missing"
        )
        return (note,)
    return ()


def _are_mostly(texts: Texts, pattern: str) -> bool:
    """Whether a pattern matches nearly all of many different texts."""
    return len(texts.words) > FEW and texts.share(matches(texts.words, pattern)) >= MOST
