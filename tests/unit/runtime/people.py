"""A small model of people, untrained: every kind of column, with and without missing values."""

from dataclasses import replace

import numpy as np

from slipstream.runtime import Bundle
from slipstream.runtime.columns import Column
from slipstream.runtime.types import Precision
from tests.unit.runtime.agreement import Shape, bundle_over

__all__ = ["people"]

MARKERS = ("?", "NA")
COLUMNS = (
    Column(
        name="age",
        kind="numeric",
        allows_missing=False,
        missing_markers=MARKERS,
        edges=np.array([18.0, 30.0, 50.0, 90.0]),
    ),
    Column(
        name="city",
        kind="categorical",
        allows_missing=True,
        missing_markers=MARKERS,
        categories=("Bonn", "Oslo", "Rome"),
    ),
    Column(
        name="income",
        kind="numeric",
        allows_missing=True,
        missing_markers=MARKERS,
        edges=np.array([1e3, 1e4, 3e4, 2e5]),
    ),
    Column(
        name="member",
        kind="boolean",
        allows_missing=False,
        missing_markers=MARKERS,
        edges=np.array([0.0, 1.0]),
    ),
)


def people(precision: Precision = "int8", outputs: int = 1) -> Bundle:
    """Whether a person stays; with more `outputs`, which of as many classes a person is in."""
    shape = Shape(features=len(COLUMNS), bins=3, hidden=[16, 8], outputs=outputs, rows=0, seed=5)
    made = bundle_over(COLUMNS, shape, precision, np.random.default_rng(shape.seed))
    if outputs > 1:
        return made
    return replace(made, task="binary", classes=("churns", "stays"))
