"""Choices that several rooms share."""

from typing import Literal

__all__ = ["ColumnKind", "Precision"]

ColumnKind = Literal["numeric", "boolean", "categorical"]
Precision = Literal["float32", "int8"]
