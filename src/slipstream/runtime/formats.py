"""Numbers as people write them: how one column's text is read, in training and in the predictor."""

import re
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

__all__ = ["BLANKS", "MINUS_SIGNS", "SCALES", "SEPARATORS", "NumberFormat"]

BLANKS = " \u00a0\u2007\u2009\u202f"  # plain, no-break, figure, thin, narrow no-break
MINUS_SIGNS = "\\-\u2212\u2013"  # hyphen, minus, en dash; escaped for a set of characters

# What may separate groups of digits, and every way to write it.
SEPARATORS = {"": "", ",": ",", ".": ".", " ": BLANKS, "'": "'\u2019", "_": "_"}

# What may be behind a number that is in thousands, millions and so on: the power of ten.
SCALES = {"k": 3, "m": 6, "mm": 6, "mn": 6, "mio": 6, "mln": 6, "b": 9, "bn": 9, "mrd": 9, "t": 12}

_DASHES = ("-", "\u2212", "\u2013", "\u2014")  # hyphen, minus, en dash, em dash
_LONGEST_DASH = 40  # with the blanks that spreadsheets pad it with


@dataclass(frozen=True, kw_only=True)
class NumberFormat:
    """How a column writes numbers, where it needs more than digits and a decimal point.

    A number may have its sign before or behind it, or parentheses if it is negative.

    Args:
        decimal: the decimal sign, a point or a comma.
        thousands: what may separate groups of digits, a key of `SEPARATORS`: a blank stands for
            every kind of blank, an apostrophe for both kinds; empty if nothing does.
        currency: the sign, code or unit that may stand before or behind; empty if none may.
        percent: whether a percent sign may follow: 12 % is 0.12.
        scaled: whether a key of `SCALES` may follow, in any case: 1.5M is 1,500,000.
    """

    decimal: str = "."
    thousands: str = ""
    currency: str = ""
    percent: bool = False
    scaled: bool = False

    def parse(self, text: str) -> float | None:
        """The number in text without blanks around it; None if it is not one.

        A dash next to a currency is 0, as accountants and spreadsheets write it.
        """
        found = _pattern(self).fullmatch(text)
        if found is None or not (found["whole"] or found["fraction"]):
            return 0.0 if self.is_dash(text) else None
        signs = [sign for sign in found.group("before", "between", "behind", "open") if sign]
        if len(signs) > 1 or bool(found["open"]) != bool(found["close"]):
            return None
        digits = re.sub(r"[^0-9]", "", found["whole"] or "0")
        power = int(found["exponent"] or 0) - (2 if found["percent"] else 0)
        power += SCALES[found["scale"].lower()] if found["scale"] else 0
        number = float(f"{digits}.{found['fraction'] or 0}e{power}")  # rounded once
        return -number if signs and signs[0] != "+" else number

    def is_dash(self, text: str) -> bool:
        """Whether this is a dash next to a currency, which stands for 0."""
        if not self.currency or len(text) > _LONGEST_DASH:
            return False
        rest = re.sub(f"[{BLANKS}]", "", text).casefold()
        currency = self.currency.casefold()
        return rest in {each for dash in _DASHES for each in (currency + dash, dash + currency)}

    def to_json(self) -> dict[str, Any]:
        """What a bundle holds; `scaled` only where it is true."""
        return {name: value for name, value in asdict(self).items() if name != "scaled" or value}


@lru_cache(maxsize=1024)
def _pattern(form: NumberFormat) -> re.Pattern[str]:
    """What a number looks like; of each blank there is one at most, so matching is fast."""
    blank, sign = f"[{BLANKS}]?", f"[+{MINUS_SIGNS}]"
    currency = rf"(?:{re.escape(form.currency)}\.?)?" if form.currency else ""
    fraction = rf"(?:{re.escape(form.decimal)}(?P<fraction>\d*))?"
    exponent = r"(?:e(?P<exponent>[+-]?\d{1,4}))?"
    parts = (
        currency,
        r"(?P<open>\()?",
        f"(?P<before>{sign})?",
        currency,
        f"(?P<between>{sign})?",
        f"(?P<whole>{_whole(form.thousands)})?{fraction}{exponent}",
        rf"(?:(?P<scale>{'|'.join(SCALES)})\.?)?" if form.scaled else "(?P<scale>(?!))?",
        "(?P<percent>%)?" if form.percent else "(?P<percent>(?!))?",
        currency,
        f"(?P<behind>{sign})?",
        r"(?P<close>\))?",
        currency,
    )
    return re.compile(blank.join(parts), re.ASCII | re.IGNORECASE)


def _whole(thousands: str) -> str:
    """The digits before the decimal sign: in groups of three, in India's, or in none."""
    if not thousands:
        return r"\d+"
    mark = f"[{SEPARATORS[thousands]}]"
    groups = rf"[1-9]\d{{0,2}}(?:{mark}\d{{3}})+"
    if thousands == ",":
        groups += r"|[1-9]\d?(?:,\d\d)+,\d{3}"
    return rf"{groups}|\d+"
