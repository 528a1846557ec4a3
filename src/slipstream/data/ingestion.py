"""Ingest: a source becomes a dataset snapshot."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from numpy.typing import NDArray

from slipstream.artifacts.references import PARTS, DatasetRef
from slipstream.artifacts.store import Store
from slipstream.config.data import DataConfig
from slipstream.data.cells import missing_markers
from slipstream.data.duplicates import count_duplicates
from slipstream.data.extra_rows import without_extra_rows
from slipstream.data.label_text import read_label_text
from slipstream.data.labels import labelled
from slipstream.data.parts import Rows, assign
from slipstream.data.schema import infer, raw_columns
from slipstream.data.snapshot import PART, TARGET, TIME, WEIGHT, to_parquet
from slipstream.data.sources.source import source_of
from slipstream.data.splitting import check_parts, hash_rows, hashed_columns, read_otherwise
from slipstream.data.target import find_target, read_target
from slipstream.data.weights import read_weights
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import did_you_mean, listing, quote

__all__ = ["ingest"]

RECORDED_CHARACTERS = 50_000  # half of what MLflow's tags take


def ingest(data: DataConfig, store: Store) -> DatasetRef:
    """Read the source, type its columns, split its rows, and keep a snapshot.

    Raises:
        InputError: the source or the target breaks a rule.
    """
    read = source_of(data).read()
    table, extra_rows = without_extra_rows(read.table)
    _check_names(table, data)
    markers = missing_markers(data.missing)
    columns = raw_columns(table.drop_columns(data.drop), markers)
    written = next(column for column in columns if column.name == data.target)
    labels, spelled = read_label_text(written, data)
    raw, labels, unlabelled = labelled(table, data.target, labels)
    target = read_target(labels, data)
    weights, weighed = read_weights(raw, data, written.evidence, markers)
    aside = _set_aside(data)
    unused = [data.target, *([data.weight] if data.weight else []), *data.drop]
    features = raw.drop_columns(list(dict.fromkeys([*unused, *aside])))
    inferred = infer(features, data.keep, data.types, markers)
    # An identifier decides no row's part, even if it is kept: a row with another number stays.
    hashed = hashed_columns(raw, {*unused, *inferred.identifiers}) or hashed_columns(raw, unused)
    meanings = read_otherwise(inferred)
    hashes = hash_rows(raw, hashed, {name: inferred.frame[name] for name in meanings})
    repeated = count_duplicates(hashes, target, together=data.split == "random")
    assigned = assign(Rows(raw, target, hashes, _recorded(hashed, meanings)), data)
    parts = assigned.parts
    counts = slice(None) if weights is None else weights > 0
    check_parts(parts[counts], target.numbers[counts], target.classes)
    kept_apart: dict[str, NDArray[Any]] = {TARGET: target.numbers, PART: parts}
    if weights is not None:
        kept_apart[WEIGHT] = weights
    if assigned.times is not None:
        kept_apart[TIME] = assigned.times
    snapshot = inferred.frame.assign(**kept_apart)
    return DatasetRef(
        table=store.put(to_parquet(snapshot), ".parquet"),
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
            *spelled,
            *unlabelled,
            *target.notes,
            *weighed,
            *aside.values(),
            *inferred.warnings,
            *repeated,
            *assigned.warnings,
        ),
        missing_markers=markers,
    )


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
