"""Tables in files: CSV (plain or gzip) and Parquet; one file, a folder or a glob."""

import csv
import gzip
import hashlib
import io
import itertools
import zlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from slipstream.runtime.errors import InputError

__all__ = ["fingerprint", "read"]

_SUFFIXES = (".csv", ".csv.gz", ".parquet")
_DELIMITERS = ",;\t|"


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
                f"{table.column_names} and {paths[0]} has {tables[0].column_names}; "
                "keep files of one kind in a folder"
            )
    table = _concatenate(path, tables)
    if not table.num_rows:
        raise InputError(f"{path} must have rows, however: it has a header only; add data to it")
    return table


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
    place = Path(path).expanduser()
    if place.is_dir():
        paths = sorted(file for file in place.iterdir() if file.name.endswith(_SUFFIXES))
    elif place.exists():
        paths = [place]
    else:
        anchor = Path(place.anchor)  # Path.glob wants a pattern relative to a folder
        paths = sorted(anchor.glob(str(place.relative_to(anchor))))
    if not paths:
        raise InputError(
            f"the data path must lead to a .csv, .csv.gz or .parquet file, however: {path} "
            f"{'holds none' if place.is_dir() else 'does not exist'}; check the path "
            f"(it is relative to {Path.cwd()})"
        )
    for file in paths:
        if not file.name.endswith(_SUFFIXES):
            raise InputError(
                f"a data file must end in {', '.join(_SUFFIXES)}, however: {file}; "
                "convert or rename it"
            )
    return paths


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
        table = pq.ParquetFile(file).read()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"a .parquet file must be Parquet, however: {file}: {reason}; write the file again"
        ) from None
    names = [name.strip() for name in table.column_names]
    _check_header(file, names)
    return table.rename_columns(names)


def _read_csv(file: Path) -> pa.Table:
    data = _decode(file)
    header = data.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=header.count)
    names = [name.strip() for name in next(csv.reader([header.rstrip("\r")], delimiter=delimiter))]
    _check_header(file, names)
    return _parse(file, data, names, delimiter)


def _decode(file: Path) -> str:
    raw = file.read_bytes()
    if file.name.endswith(".gz"):
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(
                f"a .gz file must be whole gzip, however: {file}: {error}; compress it again"
            ) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"a .csv file must be text in UTF-8 (the encoding tried), however: {file}, line "
            f"{line}, has a byte that is not; convert the file to UTF-8"
        ) from None
    if not text.strip():
        raise InputError(f"a .csv file must have a header and rows, however: {file} is empty")
    return text


def _parse(file: Path, text: str, names: list[str], delimiter: str) -> pa.Table:
    ragged: list[pacsv.InvalidRow] = []

    def remember(row: pacsv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    try:
        table = pacsv.read_csv(
            io.BytesIO(text.encode()),
            pacsv.ReadOptions(skip_rows=1, column_names=names, use_threads=False),
            pacsv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=remember
            ),
            pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
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
        raise InputError(
            f"every row of a .csv file must have as many cells as the header ({len(names)}), "
            f"however: {file}, line {_line(text, delimiter, row.number)}, has "
            f"{row.actual_columns} ({len(ragged)} such rows); mend or remove them"
        )
    trimmed = [pc.utf8_trim_whitespace(column) for column in table.columns]
    return pa.table(trimmed, names=names)


def _line(text: str, delimiter: str, number: int) -> int:
    """The line on which row `number` ends, the header being row 1: quoted cells may span lines."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows = (reader.line_num for row in reader if row)
    return next(itertools.islice(rows, number - 1, None))


def _check_header(file: Path, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"column names must differ, however: {file} has {', '.join(map(repr, twice))} more "
            "than once; rename or remove one"
        )
    if "" in names:
        raise InputError(
            f"every column must have a name, however: column {names.index('') + 1} of {file} has "
            "none; name it in the header"
        )


def _concatenate(path: str, tables: list[pa.Table]) -> pa.Table:
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"the files of {path} must agree on column types, however: {reason}; write them alike"
        ) from None
