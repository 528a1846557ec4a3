"""What a run found as tables for Prefect's artifacts: a title and a cell for each column."""

from collections.abc import Sequence

from slipstream.evaluation.drift import Drift, reading
from slipstream.evaluation.results import Benchmark, WaterfallStep
from slipstream.measurement.units import microseconds, size
from slipstream.reporting.comparison import figure_rows
from slipstream.reporting.markdown import escape
from slipstream.reporting.waterfall import score_titles, step_rows
from slipstream.search.candidates import Alternatives

__all__ = ["alternatives_table", "comparison_table", "drift_table", "steps_table"]


def comparison_table(benchmark: Benchmark) -> list[dict[str, str]]:
    """The comparison as rows of a table."""
    return [row._asdict() for row in figure_rows(benchmark)]


def steps_table(steps: Sequence[WaterfallStep]) -> list[dict[str, str]]:
    """The steps as rows of a table, with their change from the step before."""
    return [
        {
            "step": row.step,
            "network": row.network,
            "p50": row.p50,
            "weights": row.weights,
            **dict(zip(score_titles(steps), row.scores, strict=True)),
        }
        for row in step_rows(steps)
    ]


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
    """The drift as rows of a table of Markdown cells: what moved most comes first."""
    return [
        {"feature": escape(drift.title(name)), "psi": round(psi, 4), "reading": reading(psi)}
        for name, psi in drift.ranked
    ]
