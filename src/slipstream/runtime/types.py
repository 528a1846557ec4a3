"""Choices that several modules share."""

from typing import Literal

__all__ = ["Backend", "ColumnKind", "Precision", "Task"]

Backend = Literal["compiled", "numpy"]
ColumnKind = Literal["numeric", "boolean", "categorical", "datetime", "duration"]
Precision = Literal["float32", "int8"]
Task = Literal["binary", "multiclass", "regression", "quantiles"]
