"""What MLflow's pages say about a model and its versions, in Markdown."""

import re
from collections.abc import Mapping

from slipstream.measurement.units import microseconds, size
from slipstream.reporting.markdown import escape
from slipstream.tracking.history import Event

__all__ = ["describe_model", "describe_version", "may_replace"]

# How generated descriptions begin: any other one was written by a user, and stays.
GENERATED = re.compile("(int8|float32|unknown variant): |The champion is version ")

_FIGURES = (
    ("test_auc", "AUC {:.4f}"),
    ("test_pr_auc", "PR-AUC {:.4f}"),
    ("test_log_loss", "log-loss {:.4f}"),
    ("test_accuracy", "accuracy {:.4f}"),
)


def may_replace(description: str | None) -> bool:
    """Whether a description is generated or empty."""
    return not description or GENERATED.match(description) is not None


def describe_version(
    precision: str, metrics: Mapping[str, float], history: tuple[Event, ...]
) -> str:
    """A version: its variant, its figures, and what happened to it."""
    lines = [f"- {each.date}: {escape(each.sentence)}" for each in history]
    return "\n".join([f"{precision or 'unknown variant'}: {_figures(metrics)}.", "", *lines])


def describe_model(
    name: str, champion: str, precision: str, metrics: Mapping[str, float], since: Event
) -> str:
    """A registered model: which version is champion, since when, why, and how to load it."""
    return (
        f"The champion is version {champion}, {precision}: {_figures(metrics)}.\n\n"
        f"{since.date}: {escape(since.sentence)}.\n\n"
        f"`` slipstream.load({f'models:/{name}@champion'!r}) `` loads it, "
        "`slipstream models` lists the decisions.\n"
    )


def _figures(metrics: Mapping[str, float]) -> str:
    """Score, speed and size in one line; unknown figures are left out."""
    parts = [form.format(metrics[key]) for key, form in _FIGURES if key in metrics]
    if "latency_p99_us" in metrics:
        p50, p99 = metrics["latency_p50_us"], metrics["latency_p99_us"]
        parts.append(f"one row in {microseconds(p50)} (p99 {microseconds(p99)})")
    if "bundle_bytes" in metrics:
        parts.append(f"file {size(metrics['bundle_bytes'])}")
    return ", ".join(parts) or "no figures"
