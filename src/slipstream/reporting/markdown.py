"""Markdown in which what others wrote, names and labels, is text and nothing else."""

import re
from collections.abc import Iterable, Sequence

from slipstream.runtime import text

__all__ = ["bullets", "escape", "table"]

_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~!&$])")
_LIST = re.compile(r"^(\s*\d*)([-+.)=])")


def escape(value: str) -> str:
    """Text as Markdown shows it literally, on one line, in a cell of a table too."""
    return _LIST.sub(r"\1\\\2", _MARKS.sub(r"\\\1", text.escape(value)))


def bullets(sentences: Iterable[str]) -> str:
    """Sentences as a list, literally."""
    return "\n".join(f"- {escape(sentence)}" for sentence in sentences)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column stands left and the others right; its cells are Markdown."""
    rule = [":---", *["---:"] * (len(headers) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headers, rule, *rows))
