"""CSV text as a table of text: its header, and what is dropped from what lies below it."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from slipstream.data.cells import DELIMITER
from slipstream.data.sources.csv_rows import Body, Parsed, are_empty, empty_rows, parse
from slipstream.data.sources.decoding import decode
from slipstream.data.sources.dialect import Opened, escape_note, ignored, open_csv, unescape
from slipstream.data.sources.raw_table import RawTable
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import quote

__all__ = ["parse_csv"]

_RULE = re.compile(r"[-+=|:,;\t ]*-{3}[-+=|:,;\t ]*")


def parse_csv(raw: bytes, file: Path | str, encoding: str = "") -> RawTable:
    """Read the bytes of a CSV file as a table of text.

    Args:
        raw: the content of the file, not compressed.
        file: what messages and notes call it.
        encoding: empty for UTF-8, or what the byte-order mark says.

    Raises:
        InputError: they are not CSV.
    """
    opened = open_csv(decode(raw, file, encoding), file)
    body = _read_header(opened, file)
    parsed, notes = _parse(body)
    names, columns, named = _name(body.names, parsed.columns, body)
    facts = {DELIMITER: opened.dialect.delimiter.encode()}
    table = pa.table(columns, names=names, metadata=facts)
    table, empty = _drop_empty_rows(table, parsed.empty, file)
    return RawTable(table, (*opened.notes, *notes, *parsed.notes, *named, *empty))


def _read_header(opened: Opened, file: Path | str) -> Body:
    stream = io.StringIO(opened.text)
    try:
        names = next(opened.dialect.reader(stream))
    except csv.Error as error:
        raise InputError(
            f"a .csv file must begin with a header, however: {file}: {error}; check its first line"
        ) from None
    place = stream.tell()
    if _RULE.fullmatch(stream.readline().rstrip("\n")):  # as a database's client draws it
        place = stream.tell()
    above = opened.above + opened.text.count("\n", 0, place)
    return Body(file, opened.text[place:], opened.dialect, names, opened.above + 1, above)


def _parse(body: Body) -> tuple[Parsed, list[str]]:
    """Parse the rows; where that fails, with quotes that a backslash marks."""
    try:
        return parse(body), []
    except InputError:
        unescaped = unescape(body.text)
        if unescaped == body.text:
            raise
        return parse(replace(body, text=unescaped)), [escape_note(body.file)]


def _name(
    names: Sequence[str], columns: Sequence[pa.ChunkedArray], body: Body
) -> tuple[list[str], list[pa.ChunkedArray], list[str]]:
    """Name the columns that have no name as pandas does; those without values too are dropped."""
    unnamed = [index for index, name in enumerate(names) if not name.strip()]
    empty = [index for index in unnamed if are_empty([columns[index]])]
    notes = [
        f"column {index + 1} of {body.file} has neither a name nor values, and is ignored"
        for index in empty
    ]
    given = {index: f"Unnamed: {index}" for index in unnamed if index not in empty}
    if len(given) > max(1, len(names) // 2):
        raise InputError(
            f"a header must name the columns, however: {body.file}, line {body.header}, leaves "
            f"{len(given)} of {len(names)} without a name; remove what is above the header"
        )
    notes += [
        f"column {index + 1} of {body.file} has no name, and is called {quote(name)}"
        for index, name in given.items()
    ]
    kept = [index for index in range(len(names)) if index not in empty]
    return [given.get(index, names[index]) for index in kept], [columns[at] for at in kept], notes


def _drop_empty_rows(table: pa.Table, others: int, file: Path | str) -> tuple[pa.Table, list[str]]:
    """Drop rows that hold nothing, as spreadsheets leave them; in one column they are values.

    `others` such rows, of another width, are dropped already.
    """
    empty = empty_rows(table.columns) if table.num_columns > 1 else None
    if empty is None:
        return table, ignored(others, "empty row", f"in {file}")
    kept = table.filter(pc.invert(empty))
    where = "at the end of" if pc.all(empty.slice(len(kept))).as_py() else "in"
    return kept, ignored(pc.sum(empty).as_py() + others, "empty row", f"{where} {file}")
