"""What a run is asked to do: one model for the TOML file, the flags and Prefect's form."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from slipstream.checkout import TRACKING_STORE
from slipstream.form import Section
from slipstream.runtime.errors import InputError
from slipstream.runtime.limits import MAX_FEATURES, MAX_WIDTH
from slipstream.runtime.text import did_you_mean, quote, shorten

__all__ = [
    "BudgetConfig",
    "DataConfig",
    "DriftConfig",
    "Encoding",
    "FeaturesConfig",
    "ModelConfig",
    "OptimizeConfig",
    "QuantizationConfig",
    "TrackingConfig",
    "TrainingConfig",
    "parse_config",
    "read_toml",
]

Encoding = Literal["minmax", "piecewise"]
Width = Annotated[int, Field(ge=1, le=MAX_WIDTH)]
DATABASE_SERVERS = ("postgresql", "mysql", "mssql")
# What a file, a registered model, its URI or MLflow's search could not take.
NOT_IN_NAMES = r"/:\\?'\x00-\x1f\x7f"
NAME_CHARACTERS = 200
# What the validators below refuse, so that the form refuses it before a run is made.
URI_OF_A_STORE = rf"^(?!({'|'.join(DATABASE_SERVERS)})\b)\w[\w+-]*://(?![^/?#]*:[^/?#]+@)"
ColumnName = Annotated[str, StringConstraints(min_length=1)]


# Fields that were called otherwise, by their section: the old name still works, with a warning.
RENAMED = {"quantization": {"max_accuracy_drop": "max_score_loss"}}


def _take_old_names(schema: dict[str, Any]) -> None:
    """Let a form's schema pass names that it does not show; the model refuses unknown ones."""
    del schema["additionalProperties"]


class DataConfig(Section):
    """Where the table is, and what to predict."""

    form: ClassVar[dict[str, Any]] = {
        "required": ["path", "target"],
        "if": {"required": ["path"], "properties": {"path": {"pattern": "://"}}},
        "then": {"required": ["query"], "properties": {"query": {"minLength": 1}}},
        "else": {"properties": {"query": {"maxLength": 0}}},
    }

    path: str = Field(
        "demo",
        min_length=1,
        title="Path",
        description="demo, a scikit-learn set (breast_cancer), a .csv, .csv.gz or .parquet file, "
        "a folder or glob of those, or a SQLAlchemy URL",
    )
    target: str = Field("target", min_length=1, title="Target", description="the column to predict")
    query: str = Field(
        "", title="Query", description="the SELECT to run where the path is a SQLAlchemy URL"
    )
    drop: list[ColumnName] = Field([], title="Drop", description="columns to leave out")
    task: Literal["binary"] = Field("binary", title="Task", description="what is predicted")
    positive: str = Field(
        "",
        title="Positive label",
        description="the label whose probability is predicted; empty: True, 1 or yes, else the "
        "last in sorted order",
    )
    test_fraction: float = Field(
        0.2, gt=0, lt=1, title="Test fraction", description="share of rows kept for the test"
    )
    validation_fraction: float = Field(
        0.2,
        gt=0,
        lt=1,
        title="Validation fraction",
        description="share of rows for early stopping; with the test fraction, it must be below 1",
    )
    seed: int = Field(
        0, ge=0, lt=2**63, title="Split seed", description="seed of the split into parts"
    )

    @model_validator(mode="after")
    def _leave_rows_to_train_on(self) -> Self:
        held_out = self.test_fraction + self.validation_fraction
        if held_out >= 1:
            raise ValueError(
                "test_fraction + validation_fraction must be below 1, to leave rows to train on, "
                f"however: {held_out:g}"
            )
        return self

    @model_validator(mode="after")
    def _query_belongs_to_a_database(self) -> Self:
        if ("://" in self.path) != bool(self.query):
            raise ValueError(
                "query must be given where the path is a database URL, and only there, however: "
                f"query is {'given' if self.query else 'empty'}"
            )
        return self


class FeaturesConfig(Section):
    """Which columns the model may read."""

    form: ClassVar[dict[str, Any]] = {"required": ["k"]}

    k: int = Field(
        5,
        ge=0,
        le=MAX_FEATURES,
        title="Number of features",
        description="the most columns the model reads; 0: the fewest that carry 95 % of the score, "
        f"{MAX_FEATURES:,} at most",
    )
    method: Literal["mutual_info", "anova_f"] = Field(
        "mutual_info", title="Score", description="how a column's importance is scored"
    )


class ModelConfig(Section):
    """The network's shape."""

    hidden: list[Width] = Field(
        [32, 32],
        min_length=1,
        max_length=16,
        title="Hidden layers",
        description="width of each hidden layer",
    )
    encoding: Encoding = Field(
        "piecewise",
        title="Encoding",
        description="how numeric columns are normalised: one straight line, or one a bin",
    )
    bins: int = Field(
        24, ge=2, le=64, title="Bins", description="the most bins of a piecewise column"
    )


class TrainingConfig(Section):
    """How the network is trained."""

    epochs: int = Field(
        60, ge=1, le=10_000, title="Epochs", description="the most passes over the training rows"
    )
    batch_size: int = Field(256, ge=1, le=2**31, title="Batch size", description="rows a step")
    learning_rate: float = Field(
        0.003, gt=0, le=1, title="Learning rate", description="AdamW's peak learning rate"
    )
    patience: int = Field(
        8, ge=1, title="Patience", description="epochs without a better validation loss before stop"
    )
    seed: int = Field(
        0, ge=0, lt=2**63, title="Training seed", description="seed of weights and batches"
    )


class QuantizationConfig(Section):
    """How the int8 variant is made and judged."""

    model_config = ConfigDict(json_schema_extra=_take_old_names)
    _notes: tuple[str, ...] = PrivateAttr(())

    calibration_rows: int = Field(
        2048,
        ge=1,
        title="Calibration rows",
        description="the most training rows that set the activation scales",
    )
    max_score_loss: float = Field(
        0.01,
        ge=0,
        le=1,
        title="Score loss allowed",
        description="how much int8 may lose against float32 and still win: AUC, log-loss (nats), "
        "and accuracy where there are 1,000 test rows",
    )

    @model_validator(mode="wrap")
    @classmethod
    def _rename(cls, given: Any, build: ModelWrapValidatorHandler[Self]) -> Self:
        """Take old names for the new ones, and note it for the run's warnings."""
        renamed = RENAMED["quantization"]
        old = [name for name in renamed if isinstance(given, Mapping) and name in given]
        if not old:
            return build(given)
        values = {renamed[name]: given[name] for name in old}
        made = build({**values, **{key: each for key, each in given.items() if key not in old}})
        made._notes = tuple(
            f"quantization.{name} is now called quantization.{renamed[name]}, and limits AUC and "
            "log-loss as well as accuracy: "
            + (
                "it is ignored, because both are given"
                if renamed[name] in given
                else "check the value, and rename it"
            )
            for name in old
        )
        return made


class BudgetConfig(Section):
    """What the winner must fit into."""

    p99_us: float = Field(
        0, ge=0, title="Latency budget (µs)", description="p99 of one row; 0: no limit"
    )
    size_bytes: int = Field(
        0, ge=0, title="Size budget (bytes)", description="size of the bundle file; 0: no limit"
    )
    max_score_loss: float = Field(
        0,
        ge=0,
        le=1,
        title="Score budget (AUC)",
        description="test AUC that the winner may lose against the baseline, a wide float32 "
        "network on all columns; 0: no limit, but a warning beyond 0.01",
    )


class DriftConfig(Section):
    """From where on a retraining warns that the data has moved; it promotes and refuses nothing."""

    max_psi: float = Field(
        0.25,
        ge=0,
        title="Drift limit (PSI)",
        description="warn where a feature's population stability index (PSI) is above this",
    )
    max_outside_increase: float = Field(
        0.05,
        ge=0,
        le=1,
        title="Drift limit (rows outside)",
        description="warn where the share of rows outside calibration is above that of the "
        "champion's training rows by more than this",
    )


class TrackingConfig(Section):
    """Where the run is written down."""

    uri: str = Field(
        TRACKING_STORE,
        pattern=r"^\w[\w+-]*://",
        title="MLflow store",
        description="mlruns/ is the one in the checkout; or an MLflow server's address, without a "
        "password",
        json_schema_extra={"pattern": URI_OF_A_STORE},
    )
    experiment: str = Field(
        "slipstream", min_length=1, title="Experiment", description="MLflow experiment"
    )
    registered_model: str = Field(
        "",
        max_length=NAME_CHARACTERS,
        title="Model name",
        description="names the model and its files, without / : \\ ? or an apostrophe; empty: the "
        "source's name",
        json_schema_extra={"pattern": f"^(?![. ])[^{NOT_IN_NAMES}]*$"},
    )

    @field_validator("registered_model")
    @classmethod
    def _check_name(cls, name: str) -> str:
        if re.search(f"^[. ]|[{NOT_IN_NAMES}]", name):
            raise ValueError(
                "must not begin with a dot or a blank, nor have / : \\ ? ' or control characters, "
                "because files and MLflow could not take it, however: "
                f"{quote(name)}; choose another"
            )
        return name

    @field_validator("uri")
    @classmethod
    def _check_uri(cls, uri: str) -> str:
        """A config is stored and shown; and a database server's artifacts need an MLflow server."""
        parts = urlsplit(uri)
        if parts.password:
            raise ValueError(
                "must not hold a password, because configs are stored and shown, however: it does; "
                "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD where runs start"
            )
        if parts.scheme.split("+")[0] in DATABASE_SERVERS:
            raise ValueError(
                "must be an SQLite file or an MLflow server, because a database has no place for "
                f"models, however: {parts.scheme}; write the server's address, and give the "
                "database to the server, as MLFLOW_BACKEND_STORE_URI"
            )
        return uri


class OptimizeConfig(Section):
    """Everything a run is asked to do."""

    # The form shows what nearly every run needs first, and the rest in the order of this class.
    data: DataConfig = Field(
        default_factory=DataConfig, title="Data", json_schema_extra={"position": -2}
    )
    features: FeaturesConfig = Field(
        default_factory=FeaturesConfig, title="Features", json_schema_extra={"position": -3}
    )
    model: ModelConfig = Field(default_factory=ModelConfig, title="Model")
    training: TrainingConfig = Field(default_factory=TrainingConfig, title="Training")
    quantization: QuantizationConfig = Field(
        default_factory=QuantizationConfig, title="Quantization"
    )
    budget: BudgetConfig = Field(
        default_factory=BudgetConfig, title="Budget", json_schema_extra={"position": -1}
    )
    drift: DriftConfig = Field(default_factory=DriftConfig, title="Drift")
    tracking: TrackingConfig = Field(default_factory=TrackingConfig, title="Tracking")

    @property
    def name(self) -> str:
        """What the model and its files are called: as the config says, else as the source is.

        A character of the source's name that no model's name may have becomes a dash.
        """
        if self.tracking.registered_model:
            return self.tracking.registered_model
        path = self.data.path.partition("?")[0] if "://" in self.data.path else self.data.path
        stem = Path(path.rstrip("/")).name.split(".")[0].strip("*?[]")
        derived = re.sub(f"[{NOT_IN_NAMES}]", "-", stem or Path(path).parent.name)
        return derived[:NAME_CHARACTERS].strip(" .") or "model"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was written and is out of date."""
        return self.quantization._notes

    @property
    def title(self) -> str:
        """What a run is called, such as `bank · k=8 · 32×32`."""
        shape = "×".join(str(width) for width in self.model.hidden)
        return f"{self.name} · k={self.features.k} · {shape}"


def read_toml(path: str | Path) -> dict[str, Any]:
    """Read a config file as a dictionary.

    Raises:
        InputError: the file cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(
            f"a config must be a readable file, however: {path}: {error.strerror}"
        ) from None
    except (ValueError, RecursionError) as error:  # not TOML, not UTF-8, or beyond reason
        raise InputError(f"{path}: a config must be TOML, however: {shorten(error)}") from None


def parse_config(values: dict[str, Any]) -> OptimizeConfig:
    """Validate nested values as a config.

    Raises:
        InputError: a key is unknown, or a value breaks its rule; every fault is named.
    """
    try:
        return OptimizeConfig.model_validate(values)
    except ValidationError as error:
        faults = [_fault(dict(entry)) for entry in error.errors()]
        raise InputError("the config breaks a rule:\n" + "\n".join(faults)) from None


def _fault(entry: dict[str, Any]) -> str:
    field = ".".join(str(part) for part in entry["loc"]) or "config"
    if entry["type"] == "extra_forbidden":
        parent = entry["loc"][:-1]
        section: Any = OptimizeConfig
        for part in parent:
            section = section.model_fields[part].annotation
        meant = _meant(str(entry["loc"][-1]), section.model_fields)
        known = ", ".join(section.model_fields)
        return f"  {shorten(field)}: no such key; {meant}there are: {known}"
    if entry["type"] == "value_error":
        return f"  {field}: {entry['ctx']['error']}"
    return f"  {field}: {entry['msg'].lower()}, however: {quote(entry['input'])}"


def _meant(key: str, here: Iterable[str]) -> str:
    """Which key was meant: one of the same section that is near, or the same in another one."""
    elsewhere = [
        f"{name}.{key}"
        for name, field in OptimizeConfig.model_fields.items()
        if key in getattr(field.annotation, "model_fields", {})
    ]
    if elsewhere:
        return f"did you mean {' or '.join(map(quote, elsewhere))}? "
    return did_you_mean(key, here)
