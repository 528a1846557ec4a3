"""What stages hand each other: small frozen values that say what there is, and where."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from slipstream.runtime.types import ColumnKind, Precision

__all__ = [
    "PARTS",
    "Baseline",
    "Blob",
    "BundleRef",
    "Bundles",
    "ColumnSchema",
    "DatasetRef",
    "Epoch",
    "FeatureMask",
    "FeatureScore",
    "NetworkRef",
    "Part",
    "PreparedRef",
    "Reference",
    "SplitRule",
    "Value",
    "blobs",
]

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")


class Value(BaseModel):
    """Base of everything that is handed on: it never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Reference(Value):
    """Base of what a stage returns."""

    @property
    @abstractmethod
    def shape(self) -> str:
        """What there is, in a few words for the stage trace."""


class Blob(Value):
    """A file in the store."""

    sha256: str
    suffix: str
    size_bytes: int


class ColumnSchema(Value):
    """A raw column as ingest found it."""

    name: str
    kind: ColumnKind


class SplitRule(Value):
    """What decides each row's part: under another rule, rows change sides.

    `columns`: names of the raw columns whose cells are hashed, sorted; None where a champion was
    registered without them.
    """

    seed: int
    test_fraction: float
    validation_fraction: float
    columns: tuple[str, ...] | None = None


class DatasetRef(Reference):
    """A dataset snapshot: the usable columns, the target as 0 and 1, and each row's part.

    `positive_share` is the share of rows with the label `classes[1]`.
    """

    table: Blob
    columns: tuple[ColumnSchema, ...]
    target: str
    classes: tuple[str, str]
    split: SplitRule
    rows: dict[Part, int]
    positive_share: float
    warnings: tuple[str, ...] = ()

    @property
    def shape(self) -> str:
        return f"{sum(self.rows.values())} rows x {len(self.columns)} columns"


class PreparedRef(Reference):
    """The normalised table, and the fitted columns that normalise any other row the same way."""

    table: Blob
    columns: Blob
    rows: int
    width: int

    @property
    def shape(self) -> str:
        return f"{self.rows} rows x {self.width} columns"


class FeatureScore(Value):
    """How important a column is."""

    name: str
    score: float
    kept: bool


class FeatureMask(Reference):
    """Which columns the model reads, in the table's order, and why."""

    method: str
    scores: tuple[FeatureScore, ...]
    rows: int
    warnings: tuple[str, ...] = ()

    @property
    def features(self) -> list[str]:
        """Names of the columns that are kept."""
        return [score.name for score in self.scores if score.kept]

    @property
    def shape(self) -> str:
        return f"{self.rows} rows x {len(self.features)} columns"

    def to_json(self) -> dict[str, Any]:
        """What `feature_mask.json` and the report hold."""
        return {
            "features": self.features,
            **self.model_dump(mode="json", include={"method", "scores"}),
        }


class Epoch(Value):
    """One pass over the training rows; losses are mean binary cross-entropies in nats."""

    epoch: int
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float


class NetworkRef(Reference):
    """A trained network: its weights, its shape and how training went."""

    weights: Blob
    widths: tuple[int, ...]
    history: tuple[Epoch, ...]
    best_epoch: int

    @property
    def shape(self) -> str:
        return "network " + "-".join(str(width) for width in self.widths)


class BundleRef(Value):
    """One variant as one file."""

    file: Blob
    precision: Precision
    weights_bytes: int
    tensors_bytes: int


class Bundles(Reference):
    """Both variants of one network."""

    float32: BundleRef
    int8: BundleRef

    @property
    def variants(self) -> dict[Precision, BundleRef]:
        """Both, by their precision."""
        return {"float32": self.float32, "int8": self.int8}

    @property
    def shape(self) -> str:
        return f"{self.float32.weights_bytes:,} B -> {self.int8.weights_bytes:,} B of weights"


class Baseline(Reference):
    """What the waterfall starts from: the same wide float32 network, on all and on kept columns."""

    widths: tuple[int, ...]
    all_columns: BundleRef
    kept_columns: BundleRef

    @property
    def shape(self) -> str:
        return "network " + "-".join(str(width) for width in self.widths)


def blobs(value: object) -> Iterator[Blob]:
    """Every file in the store that a reference stands on."""
    if isinstance(value, Blob):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from blobs(getattr(value, name))
