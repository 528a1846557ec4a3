"""What a run found as rows of tables: for Prefect's artifacts, the terminal and figures."""

from collections.abc import Sequence

from slipstream.evaluation.drift import Drift, reading
from slipstream.evaluation.results import Benchmark, WaterfallStep
from slipstream.evaluation.verdict import rows
from slipstream.measurement.units import difference, microseconds, size
from slipstream.reporting.markdown import escape
from slipstream.search.candidates import Alternatives

__all__ = ["alternatives_table", "comparison_table", "drift_table", "steps_table"]


def comparison_table(benchmark: Benchmark) -> list[dict[str, str]]:
    """The comparison as rows of a table."""
    return [
        dict(zip(("figure", "float32", "int8", "change"), row, strict=True))
        for row in rows(benchmark)
    ]


def steps_table(steps: Sequence[WaterfallStep]) -> list[dict[str, str]]:
    """The steps as rows of a table, with their change against the step before."""
    rows = []
    for before, step in zip([None, *steps], steps, strict=False):
        figures = {
            "p50": microseconds(step.latency_p50_us),
            "weights": size(step.weights_bytes),
            "AUC": f"{step.test_auc:.4f}",
            "log-loss": f"{step.test_log_loss:.4f}",
        }
        if before:
            changes = {
                "p50": f"x {step.latency_p50_us / before.latency_p50_us:.2f}",
                "weights": f"x {step.weights_bytes / before.weights_bytes:.2f}",
                "AUC": difference(step.test_auc - before.test_auc),
                "log-loss": difference(step.test_log_loss - before.test_log_loss),
            }
            figures = {key: f"{value} ({changes[key]})" for key, value in figures.items()}
        rows.append({"step": step.name, "network": step.network, **figures})
    return rows


def alternatives_table(alternatives: Alternatives) -> list[dict[str, str]]:
    """The alternatives as rows of a table."""
    return [
        {
            "model": "this run" if each in alternatives.own else "smaller",
            "k": str(each.k),
            "hidden": " x ".join(str(width) for width in each.hidden),
            "precision": each.precision,
            "p50": microseconds(each.latency_p50_us),
            "p99": microseconds(each.latency_p99_us),
            "file": size(each.bundle_bytes),
            "budget": f"no: {each.excess}" if each.excess else "fits",
        }
        for each in (*alternatives.own, *alternatives.measured)
    ]


def drift_table(drift: Drift) -> list[dict[str, float | str]]:
    """The drift as rows of a table of Markdown cells: the feature that moved most comes first."""
    return [
        {"feature": escape(name), "psi": round(psi, 4), "reading": reading(psi)}
        for name, psi in drift.ranked
    ]
