"""Names and values from outside, made safe and short for messages and terminals."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["did_you_mean", "escape", "listing", "quote", "repeated", "shorten"]

MOST_CHARACTERS = 100
MOST_NAMES = 20
_CONTROLS = (*range(0x20), *range(0x7F, 0xA0))
_ESCAPES = {code: repr(chr(code))[1:-1] for code in _CONTROLS}


def escape(text: str) -> str:
    r"""Write control characters as `\n` or `\x1b`: a terminal would act on them."""
    return text.translate(_ESCAPES)


def shorten(value: Any) -> str:
    """A value as text; a long one loses its middle."""
    text = str(value)
    half = MOST_CHARACTERS // 2
    return text if len(text) <= MOST_CHARACTERS else f"{text[:half]} … {text[-half:]}"


def quote(value: Any) -> str:
    """A value as Python writes it, shortened."""
    return shorten(repr(value))


def listing(names: Sequence[str], *, most: int = MOST_NAMES) -> str:
    """The first names, quoted, and how many there are if some are left out."""
    shown = ", ".join(map(quote, names[:most]))
    return shown if len(names) <= most else f"{shown}, … ({len(names):,} in all)"


def repeated(names: Iterable[str]) -> list[str]:
    """The names that are there more than once, sorted."""
    return sorted(name for name, count in Counter(names).items() if count > 1)


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Ask for the choices nearest to a word, with a space at the end; empty if none is near."""
    from difflib import get_close_matches

    folded = {each.casefold(): each for each in choices if len(each) <= MOST_CHARACTERS}
    near = get_close_matches(word[: MOST_CHARACTERS + 1].casefold(), folded)
    return f"did you mean {' or '.join(quote(folded[each]) for each in near)}? " if near else ""
