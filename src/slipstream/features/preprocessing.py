"""Preprocess: fit on the training part how each column is normalised, and normalise every row.

Numeric columns become numbers in [0, 1], along one straight line (min-max) or along one a bin,
bins of equal share of the interval (piecewise-linear encoding, Gorishniy et al. 2022, with edges
from a small decision tree, their section 3.2.2). Categorical columns become codes. Missing numbers
stay NaN; missing and unknown categories have codes of their own.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from slipstream.artifacts.references import ColumnSchema, DatasetRef, FeatureMask, PreparedRef
from slipstream.artifacts.store import Store
from slipstream.config.model import Encoding
from slipstream.data.snapshot import PART, TARGET, Snapshot, to_parquet
from slipstream.features.leaks import find_leaks
from slipstream.runtime.column_reader import ColumnReader
from slipstream.runtime.columns import Column
from slipstream.runtime.formats import NumberFormat
from slipstream.runtime.links import outputs
from slipstream.runtime.text import quote
from slipstream.runtime.types import Task

__all__ = [
    "fit_column",
    "load_columns",
    "normalise",
    "preprocess",
    "selected_columns",
]

TAIL = 0.005  # share of training rows beyond each outermost edge; outliers saturate there
MAX_CATEGORIES = 1000  # rarer ones count as unknown
MIN_LEAF_ROWS = 20
LARGEST_EDGE = 8e307  # keeps the difference of two edges finite

# The tree whose thresholds are a column's edges, for each kind of target.
TREES: Mapping[Task, Callable[..., DecisionTreeClassifier]] = {
    "binary": partial(DecisionTreeClassifier, criterion="entropy"),
}


def preprocess(dataset: DatasetRef, encoding: Encoding, bins: int, store: Store) -> PreparedRef:
    """Fit every column on the training part, and normalise the whole snapshot."""
    snapshot = Snapshot(dataset, store)
    rows, train = snapshot.rows(), snapshot.frame("train")
    bins = bins if encoding == "piecewise" else 1
    copies, warnings = _copies(dataset, train)
    columns = [
        replace(
            fit_column(schema, train[schema.name], train[TARGET].to_numpy(), bins, dataset.task),
            # Which part holds the few missing values of a column is chance, and a model must answer
            # every row of its data. What training never saw missing then counts as average.
            allows_missing=bool(rows[schema.name].isna().any()),
        )
        for schema in dataset.columns
        if schema.name not in copies
    ]
    prepared = pd.DataFrame(
        {column.name: normalise(column, rows[column.name]) for column in columns}
    )
    prepared[[TARGET, PART]] = snapshot.frame(columns=[TARGET, PART])
    return PreparedRef(
        table=store.put(to_parquet(prepared), ".parquet"),
        columns=store.put(_columns_to_json(columns), ".json"),
        task=dataset.task,
        outputs=outputs(dataset.task, dataset.classes),
        rows=len(prepared),
        width=len(columns),
        copies=copies,
        warnings=warnings,
    )


def _copies(dataset: DatasetRef, train: pd.DataFrame) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns that know the answer and are left out, and what to warn of.

    Where nothing else would be left, they stay.
    """
    asked = [each for each in dataset.columns if each.name not in dataset.kept]
    leaks = find_leaks(asked, train, train[TARGET].to_numpy(), dataset.classes, dataset.task)
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
    schema: ColumnSchema, values: pd.Series, target: NDArray[np.number], bins: int, task: Task
) -> Column:
    """Fit one column on training rows: its edges or categories, and whether values are missing.

    Args:
        schema: what the column is.
        values: (N,) its raw values.
        target: (N,) the target.
        bins: the most bins of a numeric column; 1 is min-max.
        task: the kind of target.
    """
    present = values.notna().to_numpy()
    edges: NDArray[np.float64] | None = None
    categories: tuple[str, ...] = ()
    if schema.kind == "categorical":
        commonest = values[present].value_counts().sort_index().nlargest(MAX_CATEGORIES)
        categories = tuple(sorted(commonest.index))
    elif schema.kind == "boolean":
        edges = np.array([0.0, 1.0])
    else:
        edges = _edges(values[present].to_numpy(np.float64), target[present], bins, task)
    return Column(
        name=schema.name,
        kind=schema.kind,
        allows_missing=not present.all(),
        edges=edges,
        categories=categories,
        format=schema.format,
        missing=schema.missing,
    )


def normalise(column: Column, values: pd.Series) -> NDArray[np.generic]:
    """Normalise raw values (N,): float32 in [0, 1] with NaN for missing, or int32 codes."""
    tolerant = ColumnReader(replace(column, allows_missing=True))  # training may have missed none
    if column.edges is None:
        return tolerant.encode_all(values.to_numpy(object), len(values)).astype(np.int32)
    low, _, t = column.locate(tolerant.encode_all(values.to_numpy(np.float64), len(values)))
    position = (low + t) / (len(column.edges) - 1)
    return np.where(low == column.missing_row, np.nan, position).astype(np.float32)


def load_columns(prepared: PreparedRef, store: Store) -> list[Column]:
    """Read the fitted columns."""
    return [
        Column(
            name=entry["name"],
            kind=entry["kind"],
            allows_missing=entry["allows_missing"],
            edges=None if entry["edges"] is None else np.array(entry["edges"]),
            categories=tuple(entry["categories"]),
            format=None if entry["format"] is None else NumberFormat(**entry["format"]),
            missing=tuple(entry["missing"]),
        )
        for entry in json.loads(store.get(prepared.columns))
    ]


def selected_columns(prepared: PreparedRef, mask: FeatureMask, store: Store) -> list[Column]:
    """The fitted columns that the mask keeps, in the table's order."""
    kept = set(mask.features)
    return [column for column in load_columns(prepared, store) if column.name in kept]


def _edges(
    values: NDArray[np.float64], target: NDArray[np.number], bins: int, task: Task
) -> NDArray[np.float64]:
    if not len(values):
        return np.array([0.0, 1.0])  # no value in the training part
    ordered = np.clip(np.sort(values), -LARGEST_EDGE, LARGEST_EDGE)
    tail = int(TAIL * len(ordered))
    low, high = ordered[tail], ordered[-1 - tail]
    if not low < high:
        low, high = ordered[0], ordered[-1]
    thresholds = _thresholds(values, target, bins, task)
    if len(thresholds):  # where the tails matter, they keep their bins
        low = ordered[0] if thresholds[0] <= low else low
        high = ordered[-1] if thresholds[-1] >= high else high
    inside = thresholds[(thresholds > low) & (thresholds < high)]
    edges = np.unique([low, *inside, high])
    return edges if len(edges) > 1 else np.array([edges[0], edges[0] + max(1.0, abs(edges[0]))])


def _thresholds(
    values: NDArray[np.float64], target: NDArray[np.number], bins: int, task: Task
) -> NDArray[np.float64]:
    if bins == 1:
        return np.zeros(0)
    # The tree computes in float32, which ranks survive and large or close values do not.
    distinct, ranks = np.unique(values, return_inverse=True)
    tree = TREES[task](max_leaf_nodes=bins, min_samples_leaf=MIN_LEAF_ROWS, random_state=0)
    tree.fit(ranks.reshape(-1, 1), target)
    below = np.unique(tree.tree_.threshold[tree.tree_.feature >= 0]).astype(np.int64)
    return distinct[below] / 2 + distinct[below + 1] / 2


def _columns_to_json(columns: Sequence[Column]) -> bytes:
    entries = [
        {
            "name": column.name,
            "kind": column.kind,
            "allows_missing": column.allows_missing,
            "edges": None if column.edges is None else column.edges.tolist(),
            "categories": column.categories,
            "format": None if column.format is None else column.format.to_json(),
            "missing": column.missing,
        }
        for column in columns
    ]
    return json.dumps(entries).encode()
