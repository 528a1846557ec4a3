"""Ingest: a source becomes a dataset snapshot."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from slipstream.artifacts.references import PARTS, DatasetRef
from slipstream.artifacts.store import Store
from slipstream.config.data import DataConfig
from slipstream.data.cells import missing_markers
from slipstream.data.duplicates import count_duplicates
from slipstream.data.extra_rows import without_extra_rows
from slipstream.data.keys import read_keys
from slipstream.data.label_text import read_label_text
from slipstream.data.labels import labelled
from slipstream.data.parts import Assigned, Rows, assign
from slipstream.data.schema import Inferred, infer, raw_columns
from slipstream.data.snapshot import GROUP, KEY, PART, TARGET, TIME, WEIGHT, to_parquet
from slipstream.data.sources.source import source_of
from slipstream.data.splitting import check_parts, hash_rows, hashed_columns, read_otherwise
from slipstream.data.target import Target, find_target, read_target
from slipstream.data.weights import read_weights
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import did_you_mean, listing, quote

__all__ = ["ingest"]

RECORDED_CHARACTERS = 50_000  # half of what MLflow's tags take


@dataclass(frozen=True)
class _Labelled:
    """The raw rows (N,) that have a label, their target, their weights (N,) if they differ.

    `keys` (N,) identify them, if a column does; `notes` say how these were read.
    """

    table: pa.Table
    target: Target
    weights: NDArray[np.float64] | None
    keys: NDArray[np.object_] | None
    notes: tuple[str, ...]


def ingest(data: DataConfig, store: Store) -> DatasetRef:
    """Read the source, type its columns, split its rows, and keep a snapshot.

    Raises:
        InputError: the source or the target breaks a rule.
    """
    read = source_of(data).read()
    table, extra_rows = without_extra_rows(read.table)
    _check_names(table, data)
    markers = missing_markers(data.missing)
    rows = _labelled_rows(table, data, markers)
    aside = _set_aside(data)
    features = rows.table.drop_columns(list(_no_features(data) | aside.keys()))
    inferred = infer(features, data.keep, data.types, markers)
    assigned, repeated = _split(rows, inferred, data)
    target, parts = rows.target, assigned.parts
    return DatasetRef(
        table=store.put(to_parquet(_snapshot(rows, inferred, assigned)), ".parquet"),
        columns=inferred.columns,
        target=data.target,
        task=target.task,
        classes=target.classes,
        quantiles=target.quantiles,
        class_shares=target.class_shares,
        mean=target.mean,
        deviation=target.deviation,
        split=assigned.rule,
        rows={part: int((parts == index).sum()) for index, part in enumerate(PARTS)},
        kept=tuple(data.keep),
        warnings=(
            *read.notes,
            *extra_rows,
            *rows.notes,
            *aside.values(),
            *inferred.warnings,
            *repeated,
            *assigned.warnings,
        ),
        missing_markers=markers,
        key=data.key,
    )


def _labelled_rows(table: pa.Table, data: DataConfig, markers: Sequence[str]) -> _Labelled:
    """Read the target and the weights, which other columns show how to read."""
    columns = raw_columns(table.drop_columns(data.drop), markers)
    written = next(column for column in columns if column.name == data.target)
    labels, spelled = read_label_text(written, data)
    rows, labels, unlabelled = labelled(table, data.target, labels)
    target = read_target(labels, data)
    weights, weighed = read_weights(rows, data, written.evidence, markers)
    notes = (*spelled, *unlabelled, *target.notes, *weighed)
    return _Labelled(rows, target, weights, read_keys(rows, data, markers), notes)


def _split(
    rows: _Labelled, inferred: Inferred, data: DataConfig
) -> tuple[Assigned, tuple[str, ...]]:
    """Assign each row a part, and say which rows repeat or contradict others."""
    table, unused = rows.table, _no_features(data)
    # An identifier decides no row's part, even if it is kept: a row with another number stays.
    hashed = hashed_columns(table, {*unused, *inferred.identifiers})
    hashed = hashed or hashed_columns(table, unused)
    meanings = read_otherwise(inferred)
    hashes = hash_rows(table, hashed, {name: inferred.frame[name] for name in meanings})
    repeated = count_duplicates(hashes, rows.target, together=data.split == "random")
    assigned = assign(Rows(table, rows.target, hashes, _recorded(hashed, meanings)), data)
    counts = slice(None) if rows.weights is None else rows.weights > 0
    check_parts(assigned.parts[counts], rows.target.numbers[counts], rows.target.classes)
    return assigned, repeated


def _snapshot(rows: _Labelled, inferred: Inferred, assigned: Assigned) -> pd.DataFrame:
    """The features with what is kept apart from them."""
    apart: dict[str, NDArray[Any]] = {TARGET: rows.target.numbers, PART: assigned.parts}
    if rows.weights is not None:
        apart[WEIGHT] = rows.weights
    if assigned.times is not None:
        apart[TIME] = assigned.times
    if assigned.groups is not None:
        apart[GROUP] = assigned.groups
    if rows.keys is not None:
        apart[KEY] = rows.keys
    return inferred.frame.assign(**apart)


def _no_features(data: DataConfig) -> set[str]:
    """The columns that the config takes out of the features: target, weight, key, dropped ones."""
    return {data.target, *filter(None, [data.weight, data.key]), *data.drop}


def _set_aside(data: DataConfig) -> dict[str, str]:
    """The column that the rows are split by, if it is no feature, and why."""
    name = data.splits_by
    if not name or name in data.keep or name in data.drop:
        return {}
    why = {
        "time": "rows are split by it, and a model meets only times it has not seen (data.keep "
        "keeps it)",
        "group": "rows are split by it, and a model meets only groups it has not seen (data.keep "
        "keeps it)",
        "column": "it says which part a row belongs to",
    }[data.split]
    return {name: f"column {quote(name)} is left out: {why}"}


def _recorded(hashed: Sequence[str], read: Mapping[str, str]) -> tuple[str, ...]:
    """The hashed columns, or of a very wide table their digest: they must fit into a tag."""
    names = tuple(f"{name} ({read[name]})" if name in read else name for name in hashed)
    written = json.dumps(names)
    if len(written) <= RECORDED_CHARACTERS:
        return names
    digest = hashlib.sha256(written.encode()).hexdigest()
    return (f"{len(names)} names of SHA-256 {digest}",)


def _check_names(table: pa.Table, data: DataConfig) -> None:
    """Check that the table has the columns that the config names."""
    find_target(table.column_names, data.target)
    _check_named("drop", data.drop, table, data.target)
    _check_named("keep", data.keep, table, data.target)
    _check_named("types", list(data.types), table, data.target)
    if data.splits_by:
        field = "split_column" if data.split == "column" else data.split
        _check_named(field, [data.splits_by], table, data.target)


def _check_named(field: str, names: Sequence[str], raw: pa.Table, target: str) -> None:
    absent = sorted(set(names) - set(raw.column_names))
    if absent:
        raise InputError(
            f"data.{field} must name columns, however: there is no {quote(absent[0])}; "
            f"{did_you_mean(absent[0], raw.column_names)}"
            f"the columns are {listing(raw.column_names)}"
        )
    if target in names:
        raise InputError(
            f"data.{field} must not name the target, however: it names {quote(target)}; take it out"
        )
