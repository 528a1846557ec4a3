"""Choices that several modules share."""

from typing import Literal

__all__ = ["Backend", "ColumnKind", "Precision", "TargetScale", "Task"]

Backend = Literal["compiled", "numpy"]
ColumnKind = Literal["numeric", "boolean", "categorical", "datetime", "duration"]
Precision = Literal["float32", "int8"]
TargetScale = Literal["identity", "log1p"]
Task = Literal["binary", "multiclass", "regression", "quantiles"]
