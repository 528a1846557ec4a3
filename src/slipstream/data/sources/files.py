"""Tables in files: CSV (plain or gzip) and Parquet; one file, a folder or a glob."""

import csv
import gzip
import hashlib
import io
import itertools
import re
import zlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from slipstream.data.cells import DELIMITER, mark_categories
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import listing, shorten

__all__ = ["fingerprint", "parse_csv", "read", "size_bytes"]

_SUFFIXES = (".csv", ".csv.gz", ".parquet")
_DELIMITERS = ",;\t|"
_QUOTED = re.compile(r'"[^"]*"')
_BLOCK_BYTES = 1 << 24  # a cell must fit


def read(path: str) -> pa.Table:
    """Read the file, or all the files that a folder or glob names, as one table.

    Raises:
        InputError: there is no such file, or one cannot be read as what its name says.
    """
    paths = _resolve(path)
    tables = [_read_one(file) for file in paths]
    for file, table in zip(paths, tables, strict=True):
        if table.column_names != tables[0].column_names:
            raise InputError(
                f"the files of {path} must have the same columns, however: {file} has "
                f"{listing(table.column_names)} and {paths[0]} has "
                f"{listing(tables[0].column_names)}; keep files of one kind in a folder"
            )
    table = _concatenate(path, tables)
    if not table.num_rows:
        raise InputError(f"{path} must have rows, however: it has a header only; add data to it")
    return table


def size_bytes(path: str) -> int:
    """The size of the files that a path names.

    Raises:
        InputError: there is no such file.
    """
    try:
        return sum(file.stat().st_size for file in _resolve(path))
    except OSError:
        return 0  # reading will say what is wrong


def fingerprint(path: str) -> str | None:
    """SHA-256 of the names and contents of the files, or None where they cannot be read."""
    digest = hashlib.sha256()
    try:
        for file in _resolve(path):
            with file.open("rb") as stream:
                content = hashlib.file_digest(stream, "sha256").hexdigest()
            digest.update(f"{file.name} {content}\n".encode())
    except (OSError, InputError):
        return None  # reading will say what is wrong
    return digest.hexdigest()


def _resolve(path: str) -> list[Path]:
    try:
        paths, is_folder = _find(path)
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(
            "the data path must be a path or a pattern, however: "
            f"{shorten(path)}: {shorten(error)}; check it"
        ) from None
    if not paths:
        raise InputError(
            f"the data path must lead to a .csv, .csv.gz or .parquet file, however: {path} "
            f"{'holds none' if is_folder else 'does not exist'}; check the path "
            f"(it is relative to {Path.cwd()})"
        )
    for file in paths:
        if not file.name.endswith(_SUFFIXES):
            raise InputError(
                f"a data file must end in {', '.join(_SUFFIXES)}, however: {file}; "
                "convert or rename it"
            )
    return paths


def _find(path: str) -> tuple[list[Path], bool]:
    """The files that a path names, and whether it is a folder.

    Raises:
        OSError, RuntimeError, ValueError: it is neither a path nor a pattern.
    """
    if not path:
        raise ValueError("it is empty")  # it does not mean the current folder
    place = Path(path).expanduser()
    if place.is_dir():
        return sorted(file for file in place.iterdir() if file.name.endswith(_SUFFIXES)), True
    if place.exists():
        return [place], False
    anchor = Path(place.anchor)  # Path.glob wants a pattern relative to a folder
    return sorted(anchor.glob(str(place.relative_to(anchor)))), False


def _read_one(file: Path) -> pa.Table:
    reader: Callable[[Path], pa.Table] = (
        _read_parquet if file.name.endswith(".parquet") else _read_csv
    )
    try:
        return reader(file)
    except OSError as error:
        raise InputError(
            f"a data file must be readable, however: {file}: {error.strerror or error}; "
            "check the file and its permissions"
        ) from None


def _read_parquet(file: Path) -> pa.Table:
    try:
        source = pq.ParquetFile(file)
        table = source.read()
        table.validate(full=True)  # text may not be UTF-8
        return mark_categories(table, source.metadata.metadata)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError) as error:
        reason = shorten(str(error).splitlines()[0])
        raise InputError(
            f"a .parquet file must be Parquet, however: {file}: {reason}; write the file again"
        ) from None


def _read_csv(file: Path) -> pa.Table:
    raw = file.read_bytes()
    if file.name.endswith(".gz"):
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(
                f"a .gz file must be whole gzip, however: {file}: {error}; compress it again"
            ) from None
    return parse_csv(raw, file)


def parse_csv(raw: bytes, file: Path | str) -> pa.Table:
    """Read the bytes of a CSV file as a table of text; messages call it `file`.

    Raises:
        InputError: they are not CSV.
    """
    text = _decode(raw, file)
    stream = io.StringIO(text)
    stream.seek(len(text) - len(text.lstrip("\n")))  # blank lines before the header
    header = _QUOTED.sub("", text).lstrip("\n").split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=header.count)
    try:
        names = next(csv.reader(stream, delimiter=delimiter))
    except csv.Error as error:
        raise InputError(
            f"a .csv file must begin with a header, however: {file}: {error}; check its first line"
        ) from None
    header_lines = text.count("\n", 0, stream.tell())
    return _parse(file, stream.read(), names, delimiter, header_lines)


def _decode(raw: bytes, file: Path | str) -> str:
    """The text of a CSV file: whole, in UTF-8, its line ends unified."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"a .csv file must be text in UTF-8 (the encoding tried), however: {file}, line "
            f"{line}, has a byte that is not; convert the file to UTF-8"
        ) from None
    if "\0" in text:
        raise InputError(
            f"a .csv file must be text in UTF-8 (the encoding tried), however: {file} has NUL "
            "characters, as UTF-16 does; convert the file to UTF-8"
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise InputError(f"a .csv file must have a header and rows, however: {file} is empty")
    return text


def _parse(
    file: Path | str, body: str, names: list[str], delimiter: str, header_lines: int
) -> pa.Table:
    ragged: list[pacsv.InvalidRow] = []

    def remember(row: pacsv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    columns = [str(index) for index in range(len(names))]  # names are checked later
    if not body.strip():
        return pa.table([pa.array([], pa.string())] * len(names), names=names)
    try:
        table = pacsv.read_csv(
            io.BytesIO(body.encode()),
            pacsv.ReadOptions(column_names=columns, use_threads=False, block_size=_BLOCK_BYTES),
            pacsv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=remember
            ),
            pacsv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        reason = str(error).split(":")[0]
        raise InputError(
            f"a .csv file must be well formed, however: {file}: {reason}; "
            "check its quotes and delimiters"
        ) from None
    if ragged:
        row = ragged[0]
        place = _place(body, delimiter, row.number, header_lines)
        raise InputError(
            f"every row of a .csv file must have as many cells as the header ({len(names)}), "
            f"however: {file}, {place}, has {row.actual_columns} ({len(ragged)} such rows); "
            "mend or remove them"
        )
    _check_quotes(file, body, table)
    trimmed = [pc.utf8_trim_whitespace(column) for column in table.columns]
    return pa.table(trimmed, names=names, metadata={DELIMITER: delimiter.encode()})


def _check_quotes(file: Path | str, body: str, table: pa.Table) -> None:
    """A quote that is never closed would swallow the rest of the file as one cell."""
    if body.count('"') % 2 and table.num_rows:
        last = [column[-1].as_py() for column in table.columns]
        if any("\n" in cell for cell in last):
            raise InputError(
                f"every quote in a .csv file must be closed, however: {file} ends inside one that "
                f"opens in row {table.num_rows}; close it"
            )


def _place(body: str, delimiter: str, number: int, header_lines: int) -> str:
    """The line on which row `number` of the body ends: quoted cells may span lines."""
    reader = csv.reader(io.StringIO(body), delimiter=delimiter)
    rows = (reader.line_num for row in reader if row)
    try:
        return f"line {header_lines + next(itertools.islice(rows, number - 1, None))}"
    except csv.Error:  # a cell before it is longer than this module reads
        return f"row {number}"


def _concatenate(path: str, tables: list[pa.Table]) -> pa.Table:
    if len(tables) == 1:
        return tables[0]
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        reason = shorten(str(error).splitlines()[0])
        raise InputError(
            f"the files of {path} must agree on column types, however: {reason}; write them alike"
        ) from None
