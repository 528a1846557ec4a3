"""What stages pass on: small frozen values that describe a result and where it is kept."""

from collections.abc import Mapping
from typing import Any, Literal

from slipstream.artifacts.selection import FeatureScore, PathStep
from slipstream.artifacts.teacher import TeacherRef
from slipstream.artifacts.temperature import TemperatureFit
from slipstream.artifacts.values import Blob, Reference, Value
from slipstream.runtime.dates import DateFormat
from slipstream.runtime.formats import NumberFormat
from slipstream.runtime.types import ColumnKind, Precision, TargetScale, Task

__all__ = [
    "PARTS",
    "Baseline",
    "BundleRef",
    "Bundles",
    "ColumnSchema",
    "DatasetRef",
    "Epoch",
    "FeatureMask",
    "NetworkRef",
    "Part",
    "PreparedRef",
    "ScaleTrial",
    "SplitMode",
    "SplitRule",
    "TaughtTrial",
    "TeacherRef",
]

Part = Literal["train", "validation", "test"]


SplitMode = Literal["random", "time", "group", "column"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")


class ColumnSchema(Value):
    """A raw column as ingest found it.

    `format` is how it writes numbers, None in digits with a decimal point; `missing` are the texts
    that stand for a missing value in this column only; `dates` says how a date or time is written.
    """

    name: str
    kind: ColumnKind
    format: NumberFormat | None = None
    missing: tuple[str, ...] = ()
    dates: DateFormat | None = None


class SplitRule(Value):
    """What decides each row's part: under another rule, rows change parts.

    `column` is the one that the rows are split by, unless they are split at random. `columns`:
    names of the raw columns whose cells are hashed, sorted; None if a champion was registered
    without them. `dealt` are labels too rare for chance. Of a split by time, `fitted_until` is the
    newest instant of training and validation (text that sorts, in UTC, or a number), `tested_from`
    the oldest of the test.
    """

    seed: int
    test_fraction: float
    validation_fraction: float
    columns: tuple[str, ...] | None = None
    mode: SplitMode = "random"
    column: str = ""
    dealt: tuple[str, ...] = ()
    fitted_until: str | int | float | None = None
    tested_from: str | int | float | None = None


class DatasetRef(Reference):
    """A dataset snapshot: the usable columns, the target as numbers, and each row's part.

    `classes` are the target's labels, in the order of their numbers; `class_shares` is the share
    of rows that has each. A number has neither; it has a `mean` and a standard `deviation`, and
    `quantiles` are the levels to predict instead of its mean. `kept`
    names columns that later stages must not leave out. `missing_markers` are the texts that mean
    missing in every column. `key` is the column that identifies each row, if one does.
    """

    table: Blob
    columns: tuple[ColumnSchema, ...]
    target: str
    task: Task
    classes: tuple[str, ...]
    class_shares: tuple[float, ...]
    quantiles: tuple[float, ...] = ()
    mean: float = 0.0
    deviation: float = 0.0
    split: SplitRule
    rows: dict[Part, int]
    kept: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    missing_markers: tuple[str, ...] = ()
    key: str = ""

    @property
    def shape(self) -> str:
        return f"{sum(self.rows.values())} rows x {len(self.columns)} columns"


class PreparedRef(Reference):
    """The normalised table, and the fitted columns that normalise any other row the same way.

    `outputs` is how many numbers a network has to give for one answer of this `task`; `quantiles`
    are the levels, where it has any; `copies` are columns that are left out because they know the
    answer, `cut` those of which only the most frequent categories are learned.
    """

    table: Blob
    columns: Blob
    task: Task
    outputs: int
    quantiles: tuple[float, ...] = ()
    rows: int
    width: int
    copies: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def shape(self) -> str:
        return f"{self.rows} rows x {self.width} columns"


class FeatureMask(Reference):
    """Which columns the model reads, in the table's order, and why.

    `path` is what elimination did, from all columns down to one, and `measure` what its scores are;
    empty where columns were scored one by one.
    """

    method: str
    scores: tuple[FeatureScore, ...]
    rows: int
    path: tuple[PathStep, ...] = ()
    measure: str = ""
    warnings: tuple[str, ...] = ()

    def at(self, k: int) -> "FeatureMask":
        """The mask that keeps the columns of the path's step with so many."""
        gone = {name for step in self.path if step.k >= k for name in step.dropped}
        scores = tuple(
            each.model_copy(update={"kept": each.name not in gone}) for each in self.scores
        )
        return self.model_copy(update={"scores": scores})

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
            **self.model_dump(mode="json", include={"method", "scores", "measure", "path"}),
        }


class Epoch(Value):
    """One pass over the training rows, and how good the network then is on either part.

    Both parts have the same keys: `loss`, which training minimises, then what else this kind of
    target is watched by.
    """

    epoch: int
    train: Mapping[str, float]
    validation: Mapping[str, float]

    @property
    def train_loss(self) -> float:
        return self.train["loss"]

    @property
    def val_loss(self) -> float:
        return self.validation["loss"]

    @property
    def metrics(self) -> dict[str, float]:
        """All figures, under the names that MLflow and the report use."""
        return {
            **{f"train_{name}": value for name, value in self.train.items()},
            **{f"val_{name}": value for name, value in self.validation.items()},
        }


class ScaleTrial(Value):
    """Two networks of a skewed target: one learned its numbers, one their logarithms.

    `skewness` is that of the training part's target; `val_rmse` is each network's on the validation
    part, both in the target's unit.
    """

    skewness: float
    val_rmse: Mapping[TargetScale, float]

    @property
    def metrics(self) -> dict[str, float]:
        """The figures under the names that MLflow uses."""
        return {f"val_rmse_{scale}": figure for scale, figure in self.val_rmse.items()}


class TaughtTrial(Value):
    """Two networks: one learned the labels, one a teacher's answers too.

    Both figures are of the validation part: the loss, of a number the RMSE in the target's unit.
    """

    labels: float
    teacher: float

    @property
    def helps(self) -> bool:
        """Whether the teacher lowered it."""
        return self.teacher < self.labels

    @property
    def metrics(self) -> dict[str, float]:
        """The figures under the names that MLflow uses."""
        return {"val_error_labels": self.labels, "val_error_taught": self.teacher}


class NetworkRef(Reference):
    """A trained network: its weights, its shape and how training went.

    It learned the target on its `target_scale`, of which `history` is too; `trial` is None where no
    other was tried. One that a teacher taught has the validation rows among those it learned from:
    then `unseen` has the "outputs" (V, O) before the link that its like, which learned from the
    training part only and has this history, gives for the validation part.
    """

    weights: Blob
    widths: tuple[int, ...]
    history: tuple[Epoch, ...]
    best_epoch: int
    target_scale: TargetScale = "identity"
    trial: ScaleTrial | None = None
    taught: TaughtTrial | None = None
    unseen: Blob | None = None
    warnings: tuple[str, ...] = ()

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
    """Both variants of one network.

    `temperature` is None where the network's probabilities are left as they are.
    """

    float32: BundleRef
    int8: BundleRef
    temperature: TemperatureFit | None = None
    warnings: tuple[str, ...] = ()

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
