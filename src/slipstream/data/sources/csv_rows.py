"""The rows of a CSV file below its header: parsed, and as wide as the header."""

import csv
import io
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from slipstream.data.sources.dialect import Dialect, ignored
from slipstream.runtime.errors import InputError

__all__ = ["Body", "Parsed", "are_empty", "empty_rows", "parse"]

_BLOCK_BYTES = 1 << 24  # a cell must fit
_FOOTER = re.compile(r"\(\d+ rows?( affected)?\)", re.IGNORECASE)


@dataclass(frozen=True)
class Body:
    """The rows of a file, which begin below line `above`; its header on line `header` is `names`.

    A message calls the file `file`.
    """

    file: Path | str
    text: str
    dialect: Dialect
    names: list[str]
    header: int
    above: int


@dataclass(frozen=True)
class Parsed:
    """A column of text for each name; `empty` rows of another width; notes on what is ignored."""

    columns: list[pa.ChunkedArray]
    empty: int
    notes: list[str]


@dataclass(frozen=True)
class _Read:
    columns: list[pa.ChunkedArray]
    ragged: list[pacsv.InvalidRow]

    @property
    def wrong(self) -> list[pacsv.InvalidRow]:
        """The rows of another width, but for those that are ignored."""
        return [row for row in self.ragged if not _is_ignored(row.text)]


def parse(body: Body) -> Parsed:
    """Parse rows that are as wide as the header or, but for an empty end, as each other.

    Raises:
        InputError: they are not, or quotes or delimiters are wrong.
    """
    read, notes = _read(body, len(body.names)), []
    if read.wrong:
        width = read.wrong[0].actual_columns
        again = _read(body, width)
        if not _mends(body, read, again):
            raise _ragged(body, read)
        notes = [f"the delimiter at the end of each row of {body.file} is ignored"]
        read = replace(again, columns=again.columns[: len(body.names)])
        if width < len(body.names):
            nothing = pa.chunked_array([pa.repeat("", len(read.columns[0]))])
            read, notes = replace(read, columns=[*read.columns, nothing]), []
    _check_quotes(body, read.columns)
    return Parsed(read.columns, *_ignored(body, read.ragged, notes))


def are_empty(columns: Sequence[pa.ChunkedArray]) -> bool:
    """Whether no cell of these columns holds anything."""
    return not any(pc.any(pc.not_equal(column, "")).as_py() for column in columns)


def empty_rows(columns: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray | None:
    """Which rows (N,) hold nothing; None where all hold something."""
    empty = None
    for column in columns:
        here = pc.equal(column, "")
        empty = here if empty is None else pc.and_(empty, here)
        if not pc.any(empty).as_py():
            return None
    return empty


def _read(body: Body, width: int) -> _Read:
    """Read the rows that are this wide, and collect the others."""
    ragged: list[pacsv.InvalidRow] = []

    def remember(row: pacsv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    columns = [str(index) for index in range(width)]  # names are checked later
    if not body.text or body.text.isspace():
        return _Read([pa.chunked_array([], pa.string())] * width, [])
    try:
        table = pacsv.read_csv(
            io.BytesIO(body.text.encode()),
            pacsv.ReadOptions(column_names=columns, use_threads=False, block_size=_BLOCK_BYTES),
            pacsv.ParseOptions(
                delimiter=body.dialect.delimiter,
                quote_char=body.dialect.quote,
                newlines_in_values=True,
                invalid_row_handler=remember,
            ),
            pacsv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        reason = str(error).split(":")[0]
        raise InputError(
            f"a .csv file must be well formed, however: {body.file}: {reason}; "
            "check its quotes and delimiters"
        ) from None
    return _Read([pc.utf8_trim_whitespace(column) for column in table.columns], ragged)


def _mends(body: Body, read: _Read, again: _Read) -> bool:
    """Whether all rows, read again with another width, have no more than an empty cell at the end.

    The header may have it too, or have it alone.
    """
    if again.wrong or not are_empty(read.columns):
        return False
    if len(again.columns) == len(read.columns) + 1:
        return are_empty(again.columns[-1:])
    return len(again.columns) == len(read.columns) - 1 and not body.names[-1].strip()


def _ragged(body: Body, read: _Read) -> InputError:
    """The error for rows of another width: the header is at fault if most have the same."""
    wrong, width = read.wrong, len(body.names)
    actual = wrong[0].actual_columns
    alike = all(row.actual_columns == actual for row in wrong)
    if alike and len(wrong) > max(1, len(read.columns[0])):
        return InputError(
            "the header of a .csv file must have as many cells as the rows, however: "
            f"{body.file}, line {body.header}, has {width}, the rows have {actual}; "
            "remove what is above the header, or name each column"
        )
    place = _place(body, wrong[0].number)
    return InputError(
        f"every row of a .csv file must have as many cells as the header ({width}), however: "
        f"{body.file}, {place}, has {actual} ({len(wrong)} such rows); mend or remove them"
    )


def _is_ignored(text: str) -> bool:
    """Whether a row of another width is empty, a comment, or a count of rows."""
    return _is_empty(text) or text.strip().startswith("#") or _is_footer(text)


def _is_empty(text: str) -> bool:
    return not text.strip('" ,;|\t\n')


def _is_footer(text: str) -> bool:
    return bool(_FOOTER.fullmatch(text.strip()))


def _ignored(
    body: Body, ragged: Sequence[pacsv.InvalidRow], notes: list[str]
) -> tuple[int, list[str]]:
    texts = [row.text for row in ragged]
    comments = sum(text.strip().startswith("#") for text in texts)
    below = f"below the header of {body.file}"
    counts = ignored(sum(map(_is_footer, texts)), "count of rows", below)
    empty = sum(map(_is_empty, texts))
    return empty, [*notes, *ignored(comments, "comment line", below), *counts]


def _check_quotes(body: Body, columns: Sequence[pa.ChunkedArray]) -> None:
    """A quote that is never closed would swallow the rest of the file as one cell."""
    if body.text.count(body.dialect.quote) % 2 and len(columns[0]):
        last = [column[-1].as_py() for column in columns]
        if any("\n" in cell for cell in last):
            raise InputError(
                f"every quote in a .csv file must be closed, however: {body.file} ends inside one "
                f"that opens in row {len(columns[0])}; close it"
            )


def _place(body: Body, number: int) -> str:
    """The line on which row `number` of the body ends: quoted cells may span lines."""
    rows = body.dialect.reader(io.StringIO(body.text))
    ends = (rows.line_num for row in rows if row)
    try:
        return f"line {body.above + next(itertools.islice(ends, number - 1, None))}"
    except csv.Error:  # a cell before it is longer than this module reads
        return f"row {number}"
