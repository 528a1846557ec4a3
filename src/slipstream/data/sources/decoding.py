"""The bytes of a text file as text: decompressed, decoded, its line ends unified."""

import bz2
import codecs
import gzip
import lzma
import zlib
from pathlib import Path

import pyarrow as pa

from slipstream.runtime.errors import InputError
from slipstream.runtime.text import quote

__all__ = ["decode", "decompress"]

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# What a file that is not a table of text begins with, in lower case.
_OTHERS = {
    b"pk\x03\x04": "a ZIP archive, or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
    b"par1\x15": "Parquet",
    b"arrow1\x00": "Feather",
    b"sqlite format 3\x00": "an SQLite database",
    b"%pdf-": "a PDF",
    b"\x1f\x8b": "compressed with gzip",
    b"bzh91ay&sy": "compressed with bzip2",
    b"\xfd7zxz\x00": "compressed with xz",
    b"\x28\xb5\x2f\xfd": "compressed with Zstandard",
    **dict.fromkeys((b"<!doctype", b"<html", b"<head", b"<table"), "HTML"),
    b"<?xml": "XML",
    **dict.fromkeys((b'{"', b"{\n", b"{ ", b"[{", b"[\n"), "JSON"),
}


def decompress(raw: bytes, file: Path) -> bytes:
    """The content of a file whose last suffix may name a compression.

    Raises:
        InputError: it is damaged.
    """
    try:
        match file.suffix.lower():
            case ".gz":
                return gzip.decompress(raw)
            case ".bz2":
                return bz2.decompress(raw)
            case ".xz":
                return lzma.decompress(raw)
            case ".zst":
                with pa.input_stream(pa.py_buffer(raw), compression="zstd") as stream:
                    return bytes(stream.read())
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise InputError(
            f"a {file.suffix} file must be whole, however: {file}: {error}; compress it again"
        ) from None
    return raw


def decode(raw: bytes, file: Path | str, encoding: str) -> str:
    """The text of a file, without a byte-order mark; by default in UTF-8, unless a mark says else.

    Raises:
        InputError: it is in another encoding, empty, or not text.
    """
    marked = next((name for mark, name in _MARKS.items() if raw.startswith(mark)), "")
    tried = marked or encoding or "utf-8"
    _check_is_text(raw, file)
    try:
        text = raw.decode(tried)
    except LookupError:
        raise InputError(
            f"an encoding must be one that Python knows, however: {quote(encoding)}; for example "
            "cp1252 or utf-16-le"
        ) from None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(
            "a .csv file must be text in UTF-8, or in the encoding that data.encoding names, "
            f"however: {file}, line {line}, has a byte that is not {tried}{_hint(raw)}; set "
            "data.encoding, or convert the file to UTF-8"
        ) from None
    if "\0" in text:
        raise InputError(
            "a .csv file must be text in UTF-8, or in the encoding that data.encoding names, "
            f"however: {file} has NUL characters{_hint(raw)}; set data.encoding, or remove them"
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.lstrip("\ufeff").replace("\n\ufeff", "\n")  # each joined file may have a mark
    text = text.removesuffix("\x1a")  # the end of a file of DOS
    if not text or text.isspace():
        raise InputError(f"a .csv file must have a header and rows, however: {file} is empty")
    return text


def _check_is_text(raw: bytes, file: Path | str) -> None:
    start = raw[:100].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    for mark, kind in _OTHERS.items():
        if start.startswith(mark):
            raise InputError(
                f"a .csv file must be text with a header, however: {file} is {kind}; save the "
                "table as CSV, or correct the file's name"
            )


def _hint(raw: bytes) -> str:
    """Which encoding it looks like, as a part of a message; '' if there is no sign of one."""
    sample = raw[: 1 << 16]
    for name, nul in (("utf-16-le", slice(1, None, 2)), ("utf-16-be", slice(0, None, 2))):
        other = slice(1 - (nul.start or 0), None, 2)
        if sample[nul].count(0) > len(sample) / 4 > 4 * sample[other].count(0):
            return f" (it looks like {name})"
    if 0 in sample:
        return ""
    try:
        raw.decode("cp1252")
    except UnicodeDecodeError:
        return ""
    return " (it looks like cp1252, as Excel writes on Windows)"
