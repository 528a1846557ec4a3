"""Ingest: a source becomes a dataset snapshot."""

import hashlib
import json
from collections.abc import Sequence

import pyarrow as pa

from slipstream.artifacts.references import PARTS, DatasetRef, SplitRule
from slipstream.artifacts.store import Store
from slipstream.config.data import DataConfig
from slipstream.data.duplicates import count_duplicates
from slipstream.data.labels import labelled
from slipstream.data.schema import infer
from slipstream.data.snapshot import PART, TARGET, WEIGHT, to_parquet
from slipstream.data.sources.source import source_of
from slipstream.data.splitting import check_parts, hash_rows, hashed_columns, split
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
    find_target(read.table.column_names, data.target)
    _check_named("drop", data.drop, read.table, data.target)
    _check_named("keep", data.keep, read.table, data.target)
    raw, unlabelled = labelled(read.table, data.target)
    target = read_target(raw.column(data.target).combine_chunks(), data)
    weights = read_weights(raw, data)
    unused = [data.target, *([data.weight] if data.weight else []), *data.drop]
    inferred = infer(raw.drop_columns(list(dict.fromkeys(unused))), data.keep)
    # An identifier decides no row's part, even if it is kept: a row with another number stays.
    hashed = hashed_columns(raw, {*unused, *inferred.identifiers}) or hashed_columns(raw, unused)
    hashes = hash_rows(raw, hashed)
    repeated = count_duplicates(hashes, target)
    parts = split(hashes, data)
    counts = slice(None) if weights is None else weights > 0
    check_parts(parts[counts], target.numbers[counts], target.classes)
    kept_apart = {TARGET: target.numbers, PART: parts}
    if weights is not None:
        kept_apart[WEIGHT] = weights
    snapshot = inferred.frame.assign(**kept_apart)
    return DatasetRef(
        table=store.put(to_parquet(snapshot), ".parquet"),
        columns=inferred.columns,
        target=data.target,
        task=target.task,
        classes=target.classes,
        class_shares=target.class_shares,
        mean=target.mean,
        deviation=target.deviation,
        split=SplitRule(
            seed=data.seed,
            test_fraction=data.test_fraction,
            validation_fraction=data.validation_fraction,
            columns=_recorded(hashed),
        ),
        rows={part: int((parts == index).sum()) for index, part in enumerate(PARTS)},
        kept=tuple(data.keep),
        warnings=(*read.notes, *unlabelled, *target.notes, *inferred.warnings, *repeated),
    )


def _recorded(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names, or of a very wide table their digest: they must fit into a tag."""
    written = json.dumps(names)
    if len(written) <= RECORDED_CHARACTERS:
        return names
    digest = hashlib.sha256(written.encode()).hexdigest()
    return (f"{len(names)} names of SHA-256 {digest}",)


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
