"""Preprocess: fit on the training part how each column is normalised, and normalise every row.

Numeric columns become numbers in [0, 1], along one straight line (min-max) or along one a bin,
bins of equal share of the interval (piecewise-linear encoding, Gorishniy et al. 2022; `edges` finds
where they begin and end). Categorical columns become codes. Missing numbers
stay NaN; missing and unknown categories have codes of their own.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from slipstream.artifacts.references import ColumnSchema, DatasetRef, FeatureMask, PreparedRef
from slipstream.artifacts.store import Store
from slipstream.config.model import Encoding
from slipstream.data.snapshot import TARGET, Snapshot, as_numbers, to_parquet, weights_of
from slipstream.features.alone import Answers
from slipstream.features.dates import fit_parts
from slipstream.features.edges import TrainingTarget, find_edges
from slipstream.features.leaks import find_leaks
from slipstream.features.monotone import check_directions
from slipstream.runtime.column_reader import ColumnReader
from slipstream.runtime.columns import Column, lookup_names
from slipstream.runtime.date_parts import derive
from slipstream.runtime.dates import DateFormat
from slipstream.runtime.formats import NumberFormat
from slipstream.runtime.links import outputs
from slipstream.runtime.text import quote

__all__ = [
    "fit_column",
    "load_columns",
    "normalise",
    "normalise_all",
    "preprocess",
    "selected_columns",
]

MAX_CATEGORIES = 50_000  # rarer ones count as unknown
CATEGORY_LABELS = 1 << 20  # categories times labels, which scoring counts


def preprocess(
    dataset: DatasetRef,
    encoding: Encoding,
    bins: int,
    store: Store,
    monotone: Mapping[str, int] | None = None,
) -> PreparedRef:
    """Fit every column on the training part, and normalise the whole snapshot.

    Raises:
        InputError: `monotone` names what cannot be kept monotone.
    """
    directions = check_directions(monotone or {}, dataset)
    snapshot = Snapshot(dataset, store)
    rows, train = snapshot.rows(), snapshot.frame("train")
    bins = bins if encoding == "piecewise" else 1
    target = TrainingTarget(train[TARGET].to_numpy(), dataset.task, weights_of(train))
    copies, warnings = _copies(dataset, train)
    most = min(MAX_CATEGORIES, max(1000, CATEGORY_LABELS // max(1, len(dataset.classes))))
    columns = [
        _allow_missing(
            fit_column(schema, train[schema.name], target, bins, most),
            # Which part holds the few missing values of a column is chance, and a model must answer
            # every row of its data. What training never saw missing then counts as average.
            bool(rows[schema.name].isna().any()),
        )
        for schema in dataset.columns
        if schema.name not in copies
    ]
    columns = [replace(each, direction=directions.get(each.name, 0)) for each in columns]
    prepared = pd.DataFrame(
        {
            name: values
            for column in columns
            for name, values in normalise_all(column, rows[column.name]).items()
        }
    )
    prepared[snapshot.apart] = snapshot.frame(columns=snapshot.apart)
    return PreparedRef(
        table=store.put(to_parquet(prepared), ".parquet"),
        columns=store.put(_columns_to_json(columns), ".json"),
        task=dataset.task,
        outputs=outputs(dataset.task, dataset.classes, dataset.quantiles),
        quantiles=dataset.quantiles,
        rows=len(prepared),
        width=len(columns),
        copies=copies,
        cut=tuple(
            column.name
            for column in columns
            if column.kind == "categorical"
            and len(column.categories) < train[column.name].nunique()
        ),
        warnings=warnings,
    )


def _copies(dataset: DatasetRef, train: pd.DataFrame) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns that know the answer and are left out, and what to warn of.

    Where nothing else would be left, they stay.
    """
    asked = [each for each in dataset.columns if each.name not in dataset.kept]
    weights = weights_of(train)
    rows = np.ones(len(train)) if weights is None else weights
    answers = Answers(train[TARGET].to_numpy(), rows, dataset.classes)
    leaks = find_leaks(asked, train, answers, dataset.task)
    copies = tuple(leak.name for leak in leaks if leak.is_copy)
    if len(copies) == len(dataset.columns):
        copies = ()
    return copies, tuple(
        f"column {quote(leak.name)} is left out as a copy of the answer: {leak.reason} "
        "(data.keep keeps it)"
        if leak.name in copies
        else f"column {quote(leak.name)} may know the answer: {leak.reason}; if it is not known "
        "before the answer, put it into data.drop, else into data.keep"
        for leak in leaks
    )


def fit_column(
    schema: ColumnSchema,
    values: pd.Series,
    target: TrainingTarget,
    bins: int,
    most_categories: int = MAX_CATEGORIES,
) -> Column:
    """Fit one column on training rows: its edges or categories, and whether values are missing.

    Args:
        schema: what the column is.
        values: (N,) its raw values.
        target: of the same rows.
        bins: the most bins of a numeric column; 1 is min-max.
        most_categories: of a categorical column; rarer ones count as unknown.
    """
    present = values.notna().to_numpy()
    edges: NDArray[np.float64] | None = None
    categories: tuple[str, ...] = ()
    parts: tuple[Column, ...] = ()
    if schema.kind == "categorical":
        commonest = values[present].value_counts().sort_index().nlargest(most_categories)
        categories = tuple(sorted(commonest.index))
    elif schema.kind == "boolean":
        edges = np.array([0.0, 1.0])
    else:
        numbers = as_numbers(values[present])
        fit_edges = partial(find_edges, target=target.at(present), bins=bins)
        edges = fit_edges(numbers)
        if schema.kind == "datetime":
            parts = fit_parts(numbers, allows_missing=not present.all(), fit_edges=fit_edges)
    return Column(
        name=schema.name,
        kind=schema.kind,
        allows_missing=not present.all(),
        edges=edges,
        categories=categories,
        format=schema.format,
        missing=schema.missing,
        dates=schema.dates,
        parts=parts,
    )


def normalise(column: Column, values: pd.Series) -> NDArray[np.generic]:
    """Normalise raw values (N,): float32 in [0, 1] with NaN for missing, or int32 codes."""
    if column.edges is None:
        tolerant = ColumnReader(replace(column, allows_missing=True))  # training may miss none
        return tolerant.encode_all(values.to_numpy(object), len(values)).astype(np.int32)
    return _normalise_numbers(column, as_numbers(values))


def normalise_all(column: Column, values: pd.Series) -> dict[str, NDArray[np.generic]]:
    """As `normalise`, for the column and for each of its parts, by their `lookup_names`."""
    numbers = as_numbers(values) if column.parts else np.zeros(0)
    derived = derive(numbers, [part.name for part in column.parts])
    normalised = [
        normalise(column, values),
        *(_normalise_numbers(part, each) for part, each in zip(column.parts, derived, strict=True)),
    ]
    return dict(zip(lookup_names([column]), normalised, strict=True))


def _normalise_numbers(column: Column, numbers: NDArray[np.float64]) -> NDArray[np.float32]:
    assert column.edges is not None
    low, _, t = column.locate(numbers)
    position = (low + t) / (len(column.edges) - 1)
    return np.where(low == column.missing_row, np.nan, position).astype(np.float32)


def _allow_missing(column: Column, allows_missing: bool) -> Column:
    parts = tuple(replace(part, allows_missing=allows_missing) for part in column.parts)
    return replace(column, allows_missing=allows_missing, parts=parts)


def load_columns(prepared: PreparedRef, store: Store) -> list[Column]:
    """Read the fitted columns."""
    return [_column(entry) for entry in json.loads(store.get(prepared.columns))]


def selected_columns(prepared: PreparedRef, mask: FeatureMask, store: Store) -> list[Column]:
    """The fitted columns that the mask keeps, in the table's order."""
    kept = set(mask.features)
    return [column for column in load_columns(prepared, store) if column.name in kept]


def _columns_to_json(columns: Sequence[Column]) -> bytes:
    return json.dumps([_entry(column) for column in columns]).encode()


def _entry(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "kind": column.kind,
        "allows_missing": column.allows_missing,
        "edges": None if column.edges is None else column.edges.tolist(),
        "categories": column.categories,
        "format": None if column.format is None else column.format.to_json(),
        "missing": column.missing,
        "dates": None if column.dates is None else asdict(column.dates),
        "parts": [_entry(part) for part in column.parts],
        "direction": column.direction,
    }


def _column(entry: Mapping[str, Any]) -> Column:
    return Column(
        name=entry["name"],
        kind=entry["kind"],
        allows_missing=entry["allows_missing"],
        edges=None if entry["edges"] is None else np.array(entry["edges"]),
        categories=tuple(entry["categories"]),
        format=None if entry["format"] is None else NumberFormat(**entry["format"]),
        missing=tuple(entry["missing"]),
        dates=None if entry["dates"] is None else DateFormat(**entry["dates"]),
        parts=tuple(map(_column, entry["parts"])),
        direction=entry["direction"],
    )
