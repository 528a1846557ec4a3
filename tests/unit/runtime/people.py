"""A small model of people, untrained: every kind of column, with and without missing values."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from slipstream.runtime import Bundle
from slipstream.runtime.columns import Column
from slipstream.runtime.types import Precision, Task
from tests.unit.runtime.agreement import Shape, bundle_over

__all__ = ["people"]

MARKERS = ("", "?", "NA")
COLUMNS = (
    Column(
        name="age",
        kind="numeric",
        allows_missing=False,
        edges=np.array([18.0, 30.0, 50.0, 90.0]),
    ),
    Column(
        name="city",
        kind="categorical",
        allows_missing=True,
        categories=("Bonn", "Oslo", "Rome"),
    ),
    Column(
        name="income",
        kind="numeric",
        allows_missing=True,
        edges=np.array([1e3, 1e4, 3e4, 2e5]),
    ),
    Column(
        name="member",
        kind="boolean",
        allows_missing=False,
        edges=np.array([0.0, 1.0]),
    ),
)


CLASSES: Mapping[Task, tuple[str, ...]] = {
    "binary": ("churns", "stays"),
    "multiclass": ("bronze", "silver", "gold"),
    "regression": (),
    "quantiles": (),
}


QUANTILES = (0.1, 0.5, 0.975)


def people(precision: Precision = "int8", task: Task = "binary") -> Bundle:
    """Whether a person stays, which class a person is in, a number, or three quantiles of one."""
    outputs = 3 if task in ("multiclass", "quantiles") else 1
    shape = Shape(features=len(COLUMNS), bins=3, hidden=[16, 8], outputs=outputs, rows=0, seed=5)
    made = bundle_over(COLUMNS, shape, precision, np.random.default_rng(shape.seed))
    return replace(
        made,
        task=task,
        classes=CLASSES[task],
        quantiles=QUANTILES if task == "quantiles" else (),
        missing_markers=MARKERS,
        details={"target": "label"},
    )
