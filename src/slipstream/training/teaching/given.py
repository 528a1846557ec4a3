"""A teacher of the user's own: answers in a Parquet file, by row key.

The file has a row for each row of the table, the key's column, and the answers: `prediction`, or
one column a label, or one a quantile, named as answers are.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from slipstream.artifacts.references import DatasetRef
from slipstream.data.cells import floats, is_number
from slipstream.data.keys import as_keys
from slipstream.data.sources import files
from slipstream.data.sources.parquet import read_parquet
from slipstream.runtime.errors import InputError
from slipstream.runtime.quantiles import names
from slipstream.runtime.text import listing, quote

__all__ = ["NO_SYNTHETIC", "PREDICTION", "fingerprint", "read_answers"]

PREDICTION = "prediction"
PANDAS_INDEX = "__index_level_"  # what pandas calls an index without a name
SLACK = 1e-3  # that the probabilities of a row may be off 1
NO_SYNTHETIC = (
    "training.teacher: a file cannot answer rows that it does not have, so the network learns from "
    "the table's rows alone, without synthetic ones"
)
Floats = NDArray[np.float64]


def fingerprint(file: str) -> str | None:
    """A digest of the file's content; None where it cannot be read. Without a file, a constant."""
    return files.fingerprint(file) if file else ""


def read_answers(
    file: Path, dataset: DatasetRef, keys: pd.Series, may_lack: NDArray[np.bool_]
) -> tuple[Floats, tuple[str, ...]]:
    """Read the answers (N, O) for the rows of a table, NaN where one may lack it; and notes.

    Args:
        file: the Parquet file.
        dataset: says what is predicted, and the key's name.
        keys: (N,) of the rows.
        may_lack: (N,) which rows need no answer: those of the test part.

    Raises:
        InputError: the file cannot be read, has other columns, does not have one answer for each
            row that needs one, or has one that is no answer.
    """
    table = _read(file)
    wanted = list(dataset.classes if len(dataset.classes) > 2 else names(dataset.quantiles))
    wanted = wanted or [PREDICTION]
    _check_columns(table, [dataset.key, *wanted], file)
    answers = np.column_stack([_numbers(table, name, file) for name in wanted])
    if dataset.classes:
        answers = _probabilities(answers, file)
    if dataset.quantiles:
        answers = np.sort(answers, axis=1)
    places = pd.Index(_unique_keys(table, dataset.key, file)).get_indexer(pd.Index(keys))
    absent = places < 0
    lacking = int((absent & ~may_lack).sum())
    if lacking:
        raise InputError(
            "training.teacher must have an answer for each row of the training and the validation "
            f"part, however: {file} has none for {lacking:,} of {int((~may_lack).sum()):,}; add "
            f"them, under the values of {quote(dataset.key)}"
        )
    found = np.where(absent[:, None], np.nan, answers[places])
    return found, tuple(_notes(file, len(table), absent))


def _read(file: Path) -> pa.Table:
    try:
        table = read_parquet(file).table
    except OSError as error:
        raise InputError(
            f"training.teacher must be a readable Parquet file, however: {file}: "
            f"{error.strerror or error}; check the path"
        ) from None
    unnamed = [name for name in table.column_names if name.startswith(PANDAS_INDEX)]
    return table.drop_columns(unnamed)


def _check_columns(table: pa.Table, wanted: list[str], file: Path) -> None:
    there = table.column_names
    if sorted(there) == sorted(wanted):
        return
    absent = [name for name in wanted if name not in there]
    other = [name for name in there if name not in wanted]
    facts = [
        *([f"there is no {listing(absent, most=5)}"] if absent else []),
        *([f"there is also {listing(other, most=5)}"] if other else []),
    ]
    raise InputError(
        f"training.teacher must have the columns {listing(wanted)} and no others, however: in "
        f"{file} {' and '.join(facts) or 'one is there twice'}; write it with these"
    )


def _numbers(table: pa.Table, name: str, file: Path) -> Floats:
    cells = table.column(name).combine_chunks()
    if not is_number(cells.type):
        raise InputError(
            f"answers of training.teacher must be numbers, however: column {quote(name)} of "
            f"{file} is of type {cells.type}; convert it"
        )
    numbers = floats(cells)
    wrong = int((~np.isfinite(numbers)).sum())
    if wrong:
        raise InputError(
            f"answers of training.teacher must be finite numbers, however: column {quote(name)} of "
            f"{file} has {wrong:,} missing or infinite ones; leave those rows out, or answer them"
        )
    return numbers


def _probabilities(answers: Floats, file: Path) -> Floats:
    """Answers that must be probabilities; those of several labels add up to 1."""
    outside = int(((answers < 0) | (answers > 1)).any(axis=1).sum())
    if outside:
        raise InputError(
            "answers of training.teacher must be probabilities from 0 to 1, however: "
            f"{outside:,} rows of {file} have others; write probabilities, not scores or labels"
        )
    if answers.shape[1] == 1:
        return answers
    sums = answers.sum(axis=1, keepdims=True)
    off = int((np.abs(sums - 1) > SLACK).sum())
    if off:
        raise InputError(
            "answers of training.teacher must add up to 1 over the labels, however: those of "
            f"{off:,} rows of {file} do not; write the probabilities of all labels"
        )
    return answers / sums


def _unique_keys(table: pa.Table, name: str, file: Path) -> NDArray[np.object_]:
    keys = as_keys(table.column(name).combine_chunks())
    distinct = len(keys.drop_null().unique())
    if distinct < len(keys):
        raise InputError(
            f"training.teacher must have one row for each key, however: {quote(name)} of {file} "
            f"has {distinct:,} values in {len(keys):,} rows; keep one row of each"
        )
    return keys.to_numpy(zero_copy_only=False)


def _notes(file: Path, rows: int, absent: NDArray[np.bool_]) -> list[str]:
    notes = []
    if absent.any():
        notes.append(
            f"training.teacher: {file.name} has no answer for {int(absent.sum()):,} rows of the "
            "test part, so its own test score is not shown"
        )
    unused = rows - int((~absent).sum())
    if unused:
        notes.append(
            f"training.teacher: {unused:,} rows of {file.name} are for no row of the table"
        )
    return notes
