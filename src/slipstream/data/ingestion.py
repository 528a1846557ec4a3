"""Ingest: a source becomes a dataset snapshot."""

import hashlib
import json

import pyarrow as pa

from slipstream.artifacts.references import PARTS, DatasetRef, SplitRule
from slipstream.artifacts.store import Store
from slipstream.config.data import DataConfig
from slipstream.data.cells import missing_markers
from slipstream.data.schema import infer
from slipstream.data.snapshot import PART, TARGET, to_parquet
from slipstream.data.sources.source import source_of
from slipstream.data.splitting import check_parts, hash_rows, hashed_columns, split
from slipstream.data.target import READERS, find_target
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import did_you_mean, listing, quote

__all__ = ["ingest"]

RECORDED_CHARACTERS = 50_000  # half of what MLflow's tags take


def ingest(data: DataConfig, store: Store) -> DatasetRef:
    """Read the source, type its columns, split its rows, and keep a snapshot.

    Raises:
        InputError: the source or the target breaks a rule.
    """
    raw = source_of(data).read()
    find_target(raw.column_names, data.target)
    _check_dropped(raw, data)
    target = READERS[data.task](raw.column(data.target).combine_chunks(), data)
    unused = [data.target, *data.drop]
    _check_types(raw, data)
    markers = missing_markers(data.missing)
    inferred = infer(raw.drop_columns(list(dict.fromkeys(unused))), data.types, markers)
    hashed = hashed_columns(raw, left_out={*unused, *inferred.identifiers})
    parts = split(hash_rows(raw, hashed), data)
    check_parts(parts, target.numbers, target.classes)
    snapshot = inferred.frame.assign(**{TARGET: target.numbers, PART: parts})
    return DatasetRef(
        table=store.put(to_parquet(snapshot), ".parquet"),
        columns=inferred.columns,
        target=data.target,
        task=data.task,
        classes=target.classes,
        class_shares=target.class_shares,
        split=SplitRule(
            seed=data.seed,
            test_fraction=data.test_fraction,
            validation_fraction=data.validation_fraction,
            columns=_recorded(hashed),
        ),
        rows={part: int((parts == index).sum()) for index, part in enumerate(PARTS)},
        warnings=inferred.warnings,
        missing_markers=markers,
    )


def _recorded(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names, or of a very wide table their digest: they must fit into a tag."""
    written = json.dumps(names)
    if len(written) <= RECORDED_CHARACTERS:
        return names
    digest = hashlib.sha256(written.encode()).hexdigest()
    return (f"{len(names)} names of SHA-256 {digest}",)


def _check_types(raw: pa.Table, data: DataConfig) -> None:
    absent = sorted(set(data.types) - set(raw.column_names))
    if absent:
        raise InputError(
            f"data.types must name columns, however: there is no {quote(absent[0])}; "
            f"{did_you_mean(absent[0], raw.column_names)}"
            f"the columns are {listing(raw.column_names)}"
        )
    if data.target in data.types:
        raise InputError(
            f"data.types must leave the target, however: it names {quote(data.target)}; take it "
            "out, because data.task says what is predicted"
        )


def _check_dropped(raw: pa.Table, data: DataConfig) -> None:
    absent = sorted(set(data.drop) - set(raw.column_names))
    if absent:
        raise InputError(
            f"data.drop must name columns, however: there is no {quote(absent[0])}; "
            f"the columns are {listing(raw.column_names)}"
        )
    if data.target in data.drop:
        raise InputError(
            f"data.drop must leave the target, however: it names {quote(data.target)}; take it out"
        )
