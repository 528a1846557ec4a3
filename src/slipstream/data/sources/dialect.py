"""How a CSV file is written: what stands above its header, what parts its cells and quotes them."""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from slipstream.runtime.errors import InputError

if TYPE_CHECKING:
    from _csv import Reader

__all__ = ["Dialect", "Opened", "escape_note", "ignored", "open_csv", "unescape"]

# Of two that fit equally well, the first: a comma is also a decimal sign, and stands in names.
_DELIMITERS = ";\t|,"
_DECLARED = re.compile(r'\s*"?sep=(.)"?\s*', re.IGNORECASE)
_COMMENTS = ("#", "//", "%")
_NO_CELLS = re.compile(rf'[\s"{_DELIMITERS}]*')
_SAMPLE_CHARACTERS = 1 << 16
_MOST_LINES_ABOVE = 100_000
_ESCAPED = re.compile(r'(?<!\\)((?:\\\\)*)\\"')


@dataclass(frozen=True)
class Dialect:
    """What parts cells, and what quotes them."""

    delimiter: str
    quote: str = '"'

    def reader(self, lines: Iterable[str]) -> "Reader":
        """The standard library's reader, which refuses very long cells with `csv.Error`."""
        return csv.reader(lines, delimiter=self.delimiter, quotechar=self.quote)


@dataclass(frozen=True)
class Opened:
    """The text of a CSV file from its header on; `above` lines of the file are before it."""

    text: str
    above: int
    dialect: Dialect
    notes: tuple[str, ...]


def open_csv(text: str, file: Path | str) -> Opened:
    """Find a file's header and dialect; notes call it `file`.

    Raises:
        InputError: the file is empty, or blanks part its cells.
    """
    lines = text.split("\n", maxsplit=_MOST_LINES_ABOVE)
    start, declared = _skip_empty(lines, 0), ""
    if match := _DECLARED.fullmatch(lines[start]):
        start, declared = _skip_empty(lines, start + 1), match[1]
    first = start
    while start < len(lines) - 1 and lines[start].lstrip().startswith(_COMMENTS):
        start = _skip_empty(lines, start + 1)
    delimiter = declared or _delimiter(_from(text, lines, start), file)
    if start > first and _is_header(lines, start, Dialect(delimiter)):
        start = max(at for at in range(first, start) if lines[at].strip())
    body, escaped = _unescape_if_evident(_from(text, lines, start), delimiter)
    body = _without_blanks(body, delimiter)
    if not body or body.isspace():
        raise InputError(f"a .csv file must have a header and rows, however: {file} is empty")
    dialect = Dialect(delimiter, "'" if _is_single_quoted(body, delimiter) else '"')
    notes = [*_notes_above(lines[:start], file), *[escape_note(file)] * escaped]
    if dialect.quote == "'":
        notes.append(f"the cells of {file} are read without the single quotes around them")
    return Opened(body, start, dialect, tuple(notes))


def unescape(text: str) -> str:
    """Write quotes inside quotes twice where a backslash marks them."""
    return _ESCAPED.sub(r'\1""', text)


def escape_note(file: Path | str) -> str:
    """The note on a file that `unescape` changes."""
    return f'quotes that {file} writes as \\" are read as quotes'


def ignored(count: int, what: str, where: str) -> list[str]:
    """The note on lines that are not read; none if there are none."""
    are = f"1 {what} {where} is" if count == 1 else f"{count:,} {what}s {where} are"
    return [f"{are} ignored"] * bool(count)


def _notes_above(lines: list[str], file: Path | str) -> list[str]:
    comments = sum(line.lstrip().startswith(_COMMENTS) for line in lines)
    empty = sum(bool(line.strip() and _NO_CELLS.fullmatch(line)) for line in lines)
    where = f"above the header of {file}"
    return ignored(comments, "comment line", where) + ignored(empty, "empty row", where)


def _from(text: str, lines: list[str], start: int) -> str:
    return text[sum(len(line) + 1 for line in lines[:start]) :]


def _skip_empty(lines: list[str], at: int) -> int:
    """The first line from `at` on that has a cell; the last line if none has."""
    while at < len(lines) - 1 and _NO_CELLS.fullmatch(lines[at]):
        at += 1
    return at


def _is_header(lines: list[str], start: int, dialect: Dialect) -> bool:
    """Whether the last line that looks like a comment names the columns of the next.

    It has as many cells; and those of the next are data, or its own mark is part of a name.
    """
    if not lines[start].strip():
        return True
    comment = next(line for line in reversed(lines[:start]) if line.strip())
    names, cells = (next(dialect.reader([each]), []) for each in (comment, lines[start]))
    is_name = len(names) > 1 and not comment.lstrip().lstrip("#/%")[:1].isspace()
    return len(names) == len(cells) and (is_name or any(map(_is_number, cells)))


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def _sample(text: str, dialect: Dialect) -> list[list[str]]:
    """The first rows of a text; at least one."""
    sample = text[:_SAMPLE_CHARACTERS]
    rows = [row for row in dialect.reader(io.StringIO(sample)) if any(map(str.strip, row))]
    return rows[:-1] if len(sample) < len(text) and len(rows) > 1 else rows or [[""]]


def _delimiter(text: str, file: Path | str) -> str:
    """What parts the cells: it is in the header, and in the rows as often."""
    samples = {each: _sample(text, Dialect(each)) for each in _DELIMITERS}
    parting = {each: rows for each, rows in samples.items() if len(rows[0]) > 1}
    if parting:
        return max(parting, key=lambda each: _fit(parting[each]))
    parted = {each: sum(len(row) > 1 for row in rows) for each, rows in samples.items()}
    best = max(reversed(_DELIMITERS), key=parted.__getitem__)
    if not parted[best]:
        _check_blanks([row[0] for row in samples[best]], file)
    return best


def _fit(rows: list[list[str]]) -> tuple[float, int]:
    """The share of rows that are as wide as the header, but for an empty end; and that width."""
    header, *others = rows
    width = _width(header)
    fitting = sum(width == _width(row) or len(header) == len(row) for row in others)
    return fitting / max(1, len(others)), len(header)


def _width(row: list[str]) -> int:
    return len(row) - (not row[-1].strip())


def _check_blanks(lines: list[str], file: Path | str) -> None:
    """Refuse columns that blanks part: they would become one column of text."""
    width, *others = {len(line.split()) for line in lines}
    aligned = all("  " in line.strip() for line in lines)
    if len(lines) > 1 and not others and width >= (2 if aligned else 3):
        raise InputError(
            "the cells of a .csv file must be separated by a comma, semicolon, tab or bar, "
            f"however: {file} has none of them, and blanks between {width} words in every line; "
            "write it with commas"
        )


def _unescape_if_evident(text: str, delimiter: str) -> tuple[str, bool]:
    """Undo backslashes before quotes, where a quote that nothing else explains follows one."""
    if '\\"' not in text or not re.search(rf'\\"[^"\n{re.escape(delimiter)}]', text):
        return text, False
    return unescape(text), True


def _without_blanks(text: str, delimiter: str) -> str:
    """Text without blanks between a delimiter and a quote, where cells are quoted after them."""
    plain = Dialect(delimiter)
    if f'{delimiter} "' not in text or not _are_quoted_late(_sample(text, plain)):
        return text
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True))
    except csv.Error:  # a cell is longer than the standard library reads
        return text
    if len({len(row) for row in rows if row}) > 1:
        return text
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return written.getvalue()


def _are_quoted_late(rows: list[list[str]]) -> bool:
    """Whether cells begin with a blank and a quote, and end in one, or delimiters are in them."""
    late = [cell for row in rows for cell in row if cell.lstrip(" ")[:1] == '"' != cell[:1]]
    is_ragged = len({len(row) for row in rows}) > 1
    return bool(late) and (is_ragged or all(cell.rstrip()[-1] == '"' for cell in late))


def _is_single_quoted(text: str, delimiter: str) -> bool:
    """Whether all cells of a column stand between single quotes, and no cell between others."""
    if '"' in text or "'" not in text:
        return False
    quoted = _sample(text, Dialect(delimiter, "'"))
    if len(quoted) < 2 or len({len(row) for row in quoted}) != 1:
        return False
    plain = [row for row in _sample(text, Dialect(delimiter)) if len(row) == len(quoted[0])]
    return any(map(_stand_in_quotes, zip(*plain[1:], strict=True)))


def _stand_in_quotes(column: tuple[str, ...]) -> bool:
    cells = [cell.strip() for cell in column if cell.strip()]
    return bool(cells) and all(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in cells)
