"""All sections together: one model for the TOML file, the flags and Prefect's form."""

import re
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from slipstream.config.budget import BudgetConfig
from slipstream.config.data import DataConfig
from slipstream.config.drift import DriftConfig
from slipstream.config.evaluation import EvaluationConfig
from slipstream.config.features import FeaturesConfig
from slipstream.config.model import ModelConfig
from slipstream.config.quantization import QuantizationConfig
from slipstream.config.search import SearchConfig
from slipstream.config.section import Section
from slipstream.config.tracking import NAME_CHARACTERS, NOT_IN_NAMES, TrackingConfig
from slipstream.config.training import TrainingConfig

__all__ = ["OptimizeConfig"]


class OptimizeConfig(Section):
    """Everything a run is asked to do."""

    # The form shows what nearly every run needs first, and the rest in the order of this class.
    data: DataConfig = Field(
        default_factory=DataConfig, title="Data", json_schema_extra={"position": -3}
    )
    features: FeaturesConfig = Field(
        default_factory=FeaturesConfig, title="Features", json_schema_extra={"position": -2}
    )
    search: SearchConfig = Field(default_factory=SearchConfig, title="Search")
    model: ModelConfig = Field(default_factory=ModelConfig, title="Model")
    training: TrainingConfig = Field(default_factory=TrainingConfig, title="Training")
    quantization: QuantizationConfig = Field(
        default_factory=QuantizationConfig, title="Quantization"
    )
    evaluation: EvaluationConfig = Field(default_factory=EvaluationConfig, title="Evaluation")
    budget: BudgetConfig = Field(
        default_factory=BudgetConfig, title="Budget", json_schema_extra={"position": -1}
    )
    drift: DriftConfig = Field(default_factory=DriftConfig, title="Drift")
    tracking: TrackingConfig = Field(default_factory=TrackingConfig, title="Tracking")

    @model_validator(mode="after")
    def _a_teachers_rows_are_known_by_a_key(self) -> Self:
        if self.training.teacher and not self.data.key:
            raise ValueError(
                "data.key must name the column that identifies each row where training.teacher is "
                "a file, however: it is empty; name the column that both have"
            )
        return self

    @property
    def name(self) -> str:
        """The name of the model and its files: the config's, else that of the source.

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
        """Warnings about names that are out of date."""
        return self.quantization._notes

    @property
    def selection(self) -> FeaturesConfig:
        """The section `features` with the method that auto means."""
        if self.features.method != "auto":
            return self.features
        is_quick = self.search.mode == "off" and self.training.distill == "off"
        method = "mutual_info" if is_quick else "elimination"
        return self.features.model_copy(update={"method": method})

    @property
    def title(self) -> str:
        """A run's name, such as `bank · k=8 · 32×32`, or `bank · search width`."""
        k = f" · k={self.features.k}" if self.features.k else ""
        if self.search.mode != "off":
            return f"{self.name}{k} · search {self.search.mode}"
        shape = "×".join(str(width) for width in self.model.hidden)
        return f"{self.name}{k or ' · k chosen'} · {shape}"
