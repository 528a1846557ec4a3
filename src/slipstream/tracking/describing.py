"""What MLflow's pages say about a model and its versions, in Markdown."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from slipstream.evaluation.results import ScoreName
from slipstream.measurement.units import microseconds, size
from slipstream.reporting.comparison import SCORE_LABELS, write_score
from slipstream.reporting.markdown import escape
from slipstream.tracking.history import Event

__all__ = ["Variant", "describe_model", "describe_version", "may_replace"]

# How generated descriptions begin: any other one was written by a user, and stays.
GENERATED = re.compile("(int8|float32|unknown variant): |The champion is version ")

SCORES: tuple[ScoreName, ...] = (
    *("test_auc", "test_pr_auc", "test_log_loss", "test_accuracy", "test_macro_f1"),
    *("test_r2", "test_rmse", "test_mae"),
    *("test_d2_pinball", "test_pinball", "test_coverage_gap"),
)


@dataclass(frozen=True)
class Variant:
    """What MLflow has about the model of a version; empty if its run was deleted.

    `leading_score` is the metric that says most for its classes.
    """

    precision: str
    metrics: Mapping[str, float]
    leading_score: str


def may_replace(description: str | None) -> bool:
    """Whether a description is generated or empty."""
    return not description or GENERATED.match(description) is not None


def describe_version(variant: Variant, history: tuple[Event, ...]) -> str:
    """A version: its variant, its figures, and what happened to it."""
    lines = [f"- {each.date}: {escape(each.sentence)}" for each in history]
    precision = variant.precision or "unknown variant"
    return "\n".join([f"{precision}: {_figures(variant)}.", "", *lines])


def describe_model(name: str, champion: str, variant: Variant, since: Event) -> str:
    """A registered model: which version is champion, since when, why, and how to load it."""
    return (
        f"The champion is version {champion}, {variant.precision}: {_figures(variant)}.\n\n"
        f"{since.date}: {escape(since.sentence)}.\n\n"
        f"`` slipstream.load({f'models:/{name}@champion'!r}) `` loads it, "
        "`slipstream models` lists the decisions.\n"
    )


def _figures(variant: Variant) -> str:
    """Scores, the leading one first, speed and size in one line; unknown figures are left out."""
    metrics = variant.metrics
    scores = sorted(SCORES, key=lambda each: each != variant.leading_score)
    parts = [
        f"{SCORE_LABELS[each]} {write_score(each, metrics[each])}"
        for each in scores
        if each in metrics
    ]
    if "latency_p99_us" in metrics:
        p50, p99 = metrics["latency_p50_us"], metrics["latency_p99_us"]
        parts.append(f"one row in {microseconds(p50)} (p99 {microseconds(p99)})")
    if "bundle_bytes" in metrics:
        parts.append(f"file {size(metrics['bundle_bytes'])}")
    return ", ".join(parts) or "no figures"
