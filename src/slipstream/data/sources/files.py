"""Tables in files: CSV (plain or compressed) and Parquet; one file, a folder or a glob."""

import hashlib
from pathlib import Path

from slipstream.data.sources.csv_text import parse_csv
from slipstream.data.sources.decoding import decompress
from slipstream.data.sources.merging import add_keys, concatenate
from slipstream.data.sources.parquet import read_parquet
from slipstream.data.sources.paths import PARQUET, find, unread_folders
from slipstream.data.sources.raw_table import RawTable
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import listing

__all__ = ["fingerprint", "read", "size_bytes"]


def read(path: str, encoding: str = "") -> RawTable:
    """Read the file, or all the files that a folder or glob names, as one table.

    Args:
        path: of a file, a folder or a pattern.
        encoding: of text files; empty for UTF-8, or what their byte-order mark says.

    Raises:
        InputError: there is no such file, or one cannot be read as what its name says.
    """
    named = find(path)
    files = [each for each in named if len(named) == 1 or _size_bytes(each.path)]
    if not files:
        raise InputError(f"{path} must have rows, however: its files are empty; add data to them")
    tables = [_read_one(each.path, encoding) for each in files]
    keyed, keys = add_keys(files, [each.table for each in tables])
    filled = [place for place, table in enumerate(keyed) if table.num_rows] or [0]
    table, mixed = concatenate(
        path, [files[place] for place in filled], [keyed[place] for place in filled]
    )
    if not table.num_rows:
        raise InputError(f"{path} must have rows, however: it has a header only; add data to it")
    idle = len(named) - len(filled)
    empty = f"{idle} of the {len(named)} files of {path} have no rows" if idle else ""
    unread = unread_folders(path)
    folders = f"folders in {path} are not read: {listing(unread)}" if unread else ""
    notes = (note for note in (empty, folders, keys, mixed) if note)
    return RawTable(table, (*(note for each in tables for note in each.notes), *notes))


def size_bytes(path: str) -> int:
    """The size of the files that a path names.

    Raises:
        InputError: there is no such file.
    """
    return sum(_size_bytes(each.path) for each in find(path))


def fingerprint(path: str) -> str | None:
    """SHA-256 of the places and contents of the files, or None where they cannot be read."""
    digest = hashlib.sha256()
    try:
        for each in find(path):
            with each.path.open("rb") as stream:
                content = hashlib.file_digest(stream, "sha256").hexdigest()
            digest.update(f"{each.place.as_posix()} {content}\n".encode())
    except (OSError, InputError):
        return None  # reading will say what is wrong
    return digest.hexdigest()


def _size_bytes(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 1  # reading will say what is wrong


def _read_one(file: Path, encoding: str) -> RawTable:
    try:
        if file.suffix.lower() in PARQUET:
            return read_parquet(file)
        return parse_csv(decompress(file.read_bytes(), file), file, encoding)
    except OSError as error:
        raise InputError(
            f"a data file must be readable, however: {file}: {error.strerror or error}; "
            "check the file and its permissions"
        ) from None
