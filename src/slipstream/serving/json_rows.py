"""Rows written as JSON: one object, several one after another (JSON lines), or a list."""

import json
import re
from typing import Any

from slipstream.runtime import InputError
from slipstream.runtime.text import quote, shorten

__all__ = ["is_json", "is_json_file", "parse_rows"]

_BLANK = " \t\r\n"
_SUFFIXES = (".json", ".jsonl", ".ndjson")


def is_json(argument: str) -> bool:
    """Whether an argument is rows, not a path or a pattern such as `[ab]*.csv`."""
    return re.match(r"\s*(\{|\[\s*[{\]]|\[.*\]\s*$)", argument) is not None


def is_json_file(path: str) -> bool:
    """Whether a file of this name holds rows of JSON."""
    return path.lower().endswith(_SUFFIXES)


def parse_rows(written: str | bytes, source: str) -> list[Any]:
    """Parse rows; messages call the text `source`.

    Raises:
        InputError: it is not JSON, or has no rows.
    """
    rows: list[Any] = []
    decoder = json.JSONDecoder(object_pairs_hook=_distinct)
    place = 0
    text = ""
    try:
        text = written.decode("utf-8-sig") if isinstance(written, bytes) else written
        while (place := _skip_blanks(text, place)) < len(text):
            value, place = decoder.raw_decode(text, place)
            rows.extend(value if isinstance(value, list) else [value])
    except (ValueError, RecursionError) as error:
        line = text.count("\n", 0, place) + 1
        where = f"{source}, line {line}: " if "\n" in text.strip() else ""
        raise InputError(
            f"a row must be a JSON object, however: {where}{shorten(error)}; write it as "
            "{\"age\": 42}, in a shell within '…'"
        ) from None
    if not rows:
        raise InputError(f"{source} must have rows, however: there are none; add one")
    return rows


def _skip_blanks(text: str, place: int) -> int:
    while place < len(text) and text[place] in _BLANK:
        place += 1
    return place


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose keys differ: of two equal ones, it is unclear which is meant."""
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"{quote(max(keys, key=keys.count))} appears more than once: keep one")
    return made
