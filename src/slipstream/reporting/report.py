"""The report: everything that a run says, and the files it leaves."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from slipstream.artifacts.files import write_atomically
from slipstream.artifacts.references import DatasetRef
from slipstream.artifacts.store import Store
from slipstream.evaluation.drift import Drift
from slipstream.reporting.front import front_json
from slipstream.reporting.record import Decision, RunRecord, Stage, TrackedRun
from slipstream.runtime import InputError

__all__ = ["BudgetNotMetError", "Report", "Retraining", "write_output"]

# Of the benchmark: what the report has under another name, or in short.
SHOWN_ELSEWHERE = {"metrics", "baseline", "waterfall", "latency_quantiles_us"}


class Report(BaseModel):
    """What a run found out, how its stages went, and where MLflow keeps it."""

    model_config = ConfigDict(frozen=True)

    record: RunRecord
    stages: tuple[Stage, ...]
    tracked: TrackedRun

    def to_json(self) -> dict[str, Any]:
        """The content of `report.json`."""
        record, benchmark = self.record, self.record.benchmark
        return {
            "name": record.name,
            "config": record.config.model_dump(mode="json"),
            "warnings": list(record.warnings),
            "rows": dict(record.dataset.rows),
            "classes": list(record.dataset.classes),
            "stages": [stage.model_dump() for stage in self.stages],
            "history": [
                {"epoch": epoch.epoch, **epoch.metrics} for epoch in record.network.history
            ],
            "best_epoch": record.network.best_epoch,
            "target_scale": {
                "kept": record.network.target_scale,
                "tried": record.network.trial and record.network.trial.model_dump(mode="json"),
            },
            "teacher": record.teacher and record.teacher.to_json(),
            "temperature": record.bundles.temperature
            and record.bundles.temperature.model_dump(mode="json"),
            "feature_mask": record.mask.to_json(),
            "comparison": {
                precision: metrics.to_flat() for precision, metrics in benchmark.metrics.items()
            },
            "benchmark": {
                "baseline": benchmark.baseline.to_flat(),
                **benchmark.model_dump(mode="json", exclude=SHOWN_ELSEWHERE),
            },
            "waterfall": benchmark.waterfall.model_dump(mode="json"),
            "verdict": record.comparison.verdict.to_json(),
            "search": record.found and front_json(record.found, benchmark.larger),
            "alternatives": record.alternatives and record.alternatives.model_dump(mode="json"),
            "prediction": record.trace.to_json(record.comparison.verdict.winner),
            "mlflow": self.tracked.model_dump(mode="json"),
        }

    def files(self, output: Path) -> dict[str, Path]:
        """Where `write_output` puts each bundle, and the report itself."""
        names = {
            precision: f"{self.record.name}.{precision}.safetensors"
            for precision in ("float32", "int8")
        }
        return {
            **{precision: output / name for precision, name in names.items()},
            "report": output / "report.json",
        }


class Retraining(Decision):
    """A decision about a model, and what it rests on.

    `page` is the version's on the MLflow server, `drift` is None where there was no champion, and
    `report` where nothing was trained.
    """

    name: str
    page: str
    dataset: DatasetRef
    drift: Drift | None
    report: Report | None
    warnings: tuple[str, ...]


class BudgetNotMetError(Exception):
    """No variant met the budget; `outcome` is what the run found out all the same."""

    def __init__(self, reason: str, outcome: Report | Retraining) -> None:
        super().__init__(reason)
        self.outcome = outcome


def write_output(report: Report, output: Path, store: Store) -> dict[str, Path]:
    """Write both bundles and `report.json`; each file is whole or not there.

    Raises:
        InputError: the folder cannot be written.
    """
    files = report.files(output)
    try:
        for precision, variant in report.record.bundles.variants.items():
            write_atomically(files[precision], store.get(variant.file))
        text = json.dumps(report.to_json(), indent=2, ensure_ascii=False)
        write_atomically(files["report"], text.encode())
    except OSError as error:
        raise InputError(
            f"--output must be a folder that can be written, however: {output}: {error.strerror}; "
            "choose another"
        ) from None
    return files
