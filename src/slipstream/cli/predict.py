"""The command `predict`: rows in, answers out, as text."""

import csv
import json
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slipstream.runtime import AbsentColumnWarning, InputError, Predictor
from slipstream.runtime.text import did_you_mean, escape, listing, quote
from slipstream.serving import answers as serving
from slipstream.serving.json_rows import is_json, is_json_file, parse_rows

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

    from slipstream.data.sources.raw_table import RawTable

__all__ = ["Choices", "predict"]

STDIN = "the standard input"
WAY_ON = "--on-error null leaves such answers empty"


@dataclass(frozen=True, kw_only=True)
class Choices:
    """The options: columns to keep, whether to go on after bad rows, and a file's encoding."""

    keep: Sequence[str] = ()
    goes_on: bool = False
    encoding: str = ""


def predict(model: Predictor, source: str, choices: Choices) -> None:
    """Predict the rows of a file, of `-` (the standard input), or of JSON text.

    Everything is answered before anything is printed.

    Raises:
        InputError: the rows cannot be read, or one is refused and the choice is to stop there.
    """
    if is_json(source):
        _answer_json(model, parse_rows(source, "the rows"), choices)
    elif source == "-":
        _answer_bytes(model, _read_stdin(), choices)
    elif is_json_file(source):
        _answer_json(model, parse_rows(_read_file(source), source), choices)
    else:
        from slipstream.data.sources import files

        _answer_table(model, files.read(source, choices.encoding), choices)


def _read_stdin() -> bytes:
    if sys.stdin is None:
        raise InputError("the standard input must be open, however: it is closed; name a file")
    return sys.stdin.buffer.read()


def _read_file(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - what the user wrote stands in the message
            return stream.read()
    except OSError as error:
        raise InputError(
            f"rows must be in a readable file, however: {path}: {error.strerror}; check the path"
        ) from None


def _answer_bytes(model: Predictor, data: bytes, choices: Choices) -> None:
    if not data.strip():
        raise InputError(
            f"{STDIN} must have rows, however: it is empty; send CSV with a header, or JSON"
        )
    if data.startswith((b"\x1f\x8b", b"PAR1")):
        raise InputError(
            f"{STDIN} must be CSV or JSON, however: it is gzip or Parquet; name the file instead"
        )
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        _answer_json(model, parse_rows(data, STDIN), choices)
        return
    from slipstream.data.sources.csv_text import parse_csv

    raw = parse_csv(data, STDIN, choices.encoding)
    if not raw.table.num_rows:
        raise InputError(
            f"{STDIN} must have rows, however: it has a header only; send the rows below it"
        )
    _answer_table(model, raw, choices)


def _answer_table(model: Predictor, raw: "RawTable", choices: Choices) -> None:
    """Print a line of CSV for each row."""
    import numpy as np

    from slipstream.serving.tables import checked_rows

    table = raw.table
    for note in raw.notes:
        print(f"slipstream: {escape(note)}", file=sys.stderr)

    kept = _kept_columns(table, choices.keep)
    rows, refused, reason = checked_rows(model, table)
    if refused.any() and not choices.goes_on:
        raise InputError(f"{reason} ({WAY_ON})")
    answered = rows[~refused] if refused.any() else rows
    answers = _predict_quietly(model, answered)
    shown = serving.columns(model, answers)
    if refused.any():
        places = np.flatnonzero(~refused).tolist()
        shown = [_spread(column, places, len(rows)) for column in shown]
        _report_refused(int(refused.sum()), len(rows), reason)
    _report_absent({each: len(rows) for each in model.features if each not in rows}, len(rows))
    _report_unseen(model, answered)
    header = [*_free_names(model, kept), *serving.names(model)]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(map(escape, header))
    *numbers, labels = shown if model.classes else [*shown, []]
    columns = [*([escape(each) for each in cells] for cells in kept.values()), *numbers]
    if labels:
        columns.append(list(map(_Escaped().get, labels)))
    writer.writerows(zip(*columns, strict=True))


def _predict_quietly(model: Predictor, rows: "pd.DataFrame") -> "NDArray[np.float64]":
    """Predict without the warning of absent columns: a line on the error output reports them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AbsentColumnWarning)
        return model.predict(rows)


class _Escaped(dict[str, str]):
    """Labels made safe for a terminal, each escaped once."""

    def get(self, label: str) -> str:  # type: ignore[override]
        if label not in self:
            self[label] = escape(label)
        return self[label]


def _spread(cells: Sequence[str], places: Iterable[int], count: int) -> list[str]:
    """The cells of `count` rows: those given at their places, the others empty."""
    spread = [""] * count
    for place, cell in zip(places, cells, strict=True):
        spread[place] = cell
    return spread


def _kept_columns(table: "pa.Table", keep: Sequence[str]) -> dict[str, list[str]]:
    """The columns to pass through, as text.

    Raises:
        InputError: one is absent, or appears twice.
    """
    names = [name.strip() for name in table.column_names]
    _check_kept(keep, names)
    kept = {}
    for name in keep:
        cells = table.column(names.index(name)).to_pylist()
        kept[name] = ["" if cell is None else str(cell) for cell in cells]
    return kept


def _check_kept(keep: Sequence[str], names: Sequence[str]) -> None:
    for name in keep:
        if names.count(name) != 1:
            fact = f"{quote(name)} appears more than once" if name in names else ""
            way_out = (
                "rename or remove one"
                if fact
                else f"{did_you_mean(name, names)}the columns are {listing(names)}"
            )
            raise InputError(
                "--keep must name a column of the rows, however: "
                f"{fact or f'there is no {quote(name)}'}; {way_out}"
            )


def _free_names(model: Predictor, kept: Iterable[str]) -> list[str]:
    """The names of the kept columns: `input_NAME` if the answer has a NAME of its own."""
    taken = {*serving.names(model), *kept}
    made = []
    for name in kept:
        free = name
        while free in serving.names(model) or (free != name and free in taken):
            free = f"input_{free}"
        if free != name:
            print(
                f"slipstream: {quote(name)} is kept as {quote(free)}, because the answer has a "
                "column of that name",
                file=sys.stderr,
            )
        made.append(free)
        taken.add(free)
    return made


def _answer_json(model: Predictor, rows: Sequence[Any], choices: Choices) -> None:
    """Print a line of JSON for each row: an object with its answer."""
    _check_kept(choices.keep, list(dict.fromkeys(key for row in rows for key in _keys(row))))
    answers, refused, reason = _answers(model, rows, choices)
    if refused:
        _report_refused(refused, len(rows), reason)
    answered = zip(rows, answers, strict=True)
    objects = [row for row, answer in answered if any(each is not None for each in answer)]
    there = Counter(name for row in objects for name in row)
    lacking = {each: len(objects) - there[each] for each in model.features}
    _report_absent({each: count for each, count in lacking.items() if count}, len(objects))
    if there.keys() & set(model.features):
        _report_unseen(model, objects)
    kept = dict(zip(_free_names(model, choices.keep), choices.keep, strict=True))
    names = serving.names(model)
    for row, answer in zip(rows, answers, strict=True):
        cells = {free: _keys(row).get(name) for free, name in kept.items()}
        print(json.dumps(cells | dict(zip(names, answer, strict=True))))


def _keys(row: Any) -> dict[str, Any]:
    return row if isinstance(row, dict) else {}


def _answers(model: Predictor, rows: Sequence[Any], choices: Choices) -> tuple[list[Any], int, str]:
    """The values of each row's answer, how many rows are refused, and the first reason."""
    answers: list[Any] = []
    refused, reason = 0, ""
    nothing = [None] * len(serving.names(model))
    for number, row in enumerate(rows, start=1):
        try:
            if not isinstance(row, dict):
                raise InputError(
                    f"a row must be a JSON object, however: {type(row).__name__}; "
                    "name its values, as in '{\"age\": 42}'"
                )
            answers.append(serving.values(model, model.predict_one(row)))
        except InputError as error:
            message = f"row {number}: {error}" if len(rows) > 1 else str(error)
            if not choices.goes_on:
                raise InputError(f"{message} ({WAY_ON})") from None
            answers.append(nothing)
            refused, reason = refused + 1, reason or message
    return answers, refused, reason


def _report_refused(count: int, of: int, reason: str) -> None:
    """Report how many rows have no answer: the output alone may not show it."""
    have = "has" if count == 1 else "have"
    message = f"{count:,} of {of:,} rows {have} no answer; the first is refused because {reason}"
    print(f"slipstream: {escape(message)}", file=sys.stderr)


def _report_absent(lacking: Mapping[str, int], of: int) -> None:
    """Report absent columns: a misspelt name is answered too, but not as the user thinks."""
    if lacking:
        some = any(count < of for count in lacking.values())
        where = " in some rows" if some else ""
        message = f"columns that are not there{where} count as missing: {listing(list(lacking))}"
        print(f"slipstream: {message}", file=sys.stderr)


def _report_unseen(model: Predictor, rows: Any) -> None:
    """Report values that are answered, though the model has not seen the like."""
    for column in model.check(rows).columns:
        for count, what in (
            (column.unknown, "of a category that training did not see"),
            (column.outside, "outside what training saw"),
        ):
            if count:
                share = f"{count:,} of {len(rows):,} values" if len(rows) > 1 else "a value"
                message = f"column {quote(column.name)}: {share} {what}"
                print(f"slipstream: {escape(message)}", file=sys.stderr)
