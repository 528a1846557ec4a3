"""Choices that several modules share."""

from typing import Literal

__all__ = ["Backend", "ColumnKind", "Precision", "Task"]

Backend = Literal["compiled", "numpy"]
ColumnKind = Literal["numeric", "boolean", "categorical"]
Precision = Literal["float32", "int8"]
Task = Literal["binary", "multiclass", "regression"]
