"""Records of runs that never ran: only what a person sees of them."""

from typing import Any

from slipstream.artifacts.references import (
    Bundles,
    ColumnSchema,
    DatasetRef,
    FeatureMask,
    NetworkRef,
    PreparedRef,
    SplitRule,
)
from slipstream.artifacts.selection import FeatureScore
from slipstream.artifacts.values import Blob
from slipstream.config.parsing import parse_config
from slipstream.evaluation.drift import Drift
from slipstream.evaluation.results import Benchmark, Comparison, VariantMetrics, Verdict
from slipstream.measurement.figures import LatencyFigures, SizeFigures
from slipstream.reporting.record import Decision, RunRecord, TrackedRun
from slipstream.reporting.report import Report, Retraining

NASTY = "in|come *x*\n<b>"
CONFIG = parse_config(
    {
        "data": {"path": "customers.csv", "target": "churned", "drop": ["id"]},
        "features": {"k": 5},
        "search": "off",
    }
)


def dataset(**changes: Any) -> DatasetRef:
    values = {
        "table": Blob(sha256="0" * 64, suffix=".parquet", size_bytes=1),
        "columns": tuple(ColumnSchema(name=name, kind="numeric") for name in ("age", NASTY, "z")),
        "target": "churned",
        "task": "binary",
        "classes": ("no", "yes"),
        "class_shares": (0.75, 0.25),
        "split": SplitRule(seed=0, test_fraction=0.2, validation_fraction=0.2),
        "rows": {"train": 1800, "validation": 600, "test": 600},
        "warnings": (f"column {NASTY!r} is left out: it is constant",),
    }
    return DatasetRef(**{**values, **changes})


def metrics(
    *, weights_bytes: int = 4000, p50_us: float = 0.21, accuracy: float = 0.9
) -> VariantMetrics:
    return VariantMetrics(
        scores={
            "test_auc": 0.9612,
            "test_pr_auc": 0.4321,
            "test_log_loss": 0.2,
            "test_accuracy": accuracy,
            "test_recall_at_1pct_fpr": 0.3,
            "test_precision_at_top_1pct": 0.8,
        },
        latency=LatencyFigures(
            p50_us=p50_us, p99_us=0.35, cold_p50_us=2.4, throughput_rows_per_s=4.4e6
        ),
        size=SizeFigures(weights_bytes=weights_bytes, tensors_bytes=6000, bundle_bytes=9000),
    )


def benchmark(
    positive_rows: int = 150, int8_p50_us: float = 0.21, accuracy: float = 0.9
) -> Benchmark:
    """Of 600 test rows; float32's weights are four times as large as int8's."""
    return Benchmark.model_construct(
        metrics={
            "float32": metrics(weights_bytes=16000, accuracy=accuracy),
            "int8": metrics(p50_us=int8_p50_us, accuracy=accuracy),
        },
        test_rows=600,
        positive_rows=positive_rows,
        changed_answers=2,
    )


def record(winner: str | None = "int8", *reasons: str, **changes: Any) -> RunRecord:
    values = {
        "config": CONFIG,
        "dataset": dataset(),
        "prepared": PreparedRef.model_construct(warnings=()),
        "network": NetworkRef.model_construct(warnings=()),
        "bundles": Bundles.model_construct(warnings=(), temperature=None),
        "mask": FeatureMask(
            method="mutual_info",
            scores=(
                FeatureScore(name="age", score=0.5, kept=True),
                FeatureScore(name=NASTY, score=0.4, kept=True),
                FeatureScore(name="z", score=0.0, kept=False),
            ),
            rows=3000,
            warnings=("features.k is 5, but there are only 3 columns",),
        ),
        "comparison": Comparison(
            verdict=Verdict(winner=winner, reasons=reasons or ("int8 is smaller",)),
        ),
        "benchmark": benchmark(),
        "alternatives": None,
        "noticed": (),
    }
    return RunRecord.model_construct(**{**values, **changes})


def tracked() -> TrackedRun:
    return TrackedRun(
        run_id="abc",
        experiment_id="1",
        tracking_uri="sqlite:///x.db",
        server="http://127.0.0.1:5000",
        variants={},
    )


def drift(*warnings: str, **psi: float) -> Drift:
    return Drift(
        psi=psi or {"age": 0.02, NASTY: 1.55, "z": 0.15},
        outside_share=0.204,
        outside_share_then=0.01,
        rows=1800,
        warnings=warnings,
    )


def retraining(
    decision: Decision, of: RunRecord | None, moved: Drift | None = None, *warnings: str
) -> Retraining:
    report = Report.model_construct(record=of, stages=(), tracked=tracked()) if of else None
    return Retraining.model_construct(
        **dict(decision),
        name="customers",
        page=f"http://127.0.0.1:5000/#/models/customers/versions/{decision.version}"
        if decision.version
        else "",
        dataset=of.dataset if of else dataset(),
        drift=moved,
        report=report,
        warnings=(*(of.warnings if of else dataset().warnings), *warnings),
    )
