"""A run in a sentence, for the list of runs, and a retraining in a paragraph, for the terminal."""

from collections.abc import Sequence

from slipstream.evaluation.verdict import has_rare_positives
from slipstream.measurement.units import microseconds, size
from slipstream.reporting.record import RunRecord
from slipstream.reporting.report import Retraining

__all__ = ["headline", "retraining_headline", "retraining_sentences"]


def headline(record: RunRecord) -> str:
    """A run in one sentence: int8 wins: 4 x smaller, AUC 0.961; 2 notes."""
    verdict = record.comparison.verdict
    told = _winner(record) if verdict.winner else _first(verdict.reason)
    return f"{told}{_count(record.warnings)}"


def retraining_headline(retraining: Retraining) -> str:
    """A retraining in one sentence: version 3 promoted: AUC 0.961; drift: …; 2 notes."""
    drift = retraining.drift.warnings if retraining.drift else ()
    others = [each for each in retraining.warnings if each not in drift]
    told = "".join(f"; {each}" for each in drift)
    return f"{_outcome(retraining)}{told}{_count(others)}"


def retraining_sentences(retraining: Retraining) -> list[str]:
    """A retraining in a paragraph: model, version, decision, figures, drift, where to look."""
    report = retraining.report
    version = f"version {retraining.version}" if retraining.version else ""
    if report is None:
        champion = f" ({version})" if version else ""
        told = [f"{retraining.name}: {retraining.reason}{champion}."]
    else:
        outcome = f"{version} promoted" if retraining.promoted else retraining.shape
        other = f", {version} is not better" if version and not retraining.promoted else ""
        told = [f"{retraining.name}: {outcome}{other}: {retraining.reason}."]
    if report and report.record.comparison.verdict.winner:
        winner = report.record.comparison.verdict.winner
        metrics = report.record.comparison.metrics[winner]
        told.append(
            f"{_winner(report.record)}; p50 {microseconds(metrics['latency_p50_us'])}, p99 "
            f"{microseconds(metrics['latency_p99_us'])}, {size(metrics['bundle_bytes'])}."
        )
    if retraining.drift:
        told.append(f"Drift: {retraining.drift.shape}.")
    page = retraining.page or (report.tracked.link if report else "")
    return [*told, *([f"Its page in MLflow: {page}"] if page else [])]


def _outcome(retraining: Retraining) -> str:
    if retraining.report is None or not retraining.met_budget:
        return _first(retraining.reason)
    why = retraining.reason.partition(": by")[0]  # the interval stands in the summary
    if retraining.promoted:
        return f"version {retraining.version} promoted: {why}; {_score(retraining.report.record)}"
    return f"{retraining.shape}: {why}"


def _first(reason: str) -> str:
    """The first sentence: the list of runs has no room for more."""
    return reason.partition(". ")[0]


def _winner(record: RunRecord) -> str:
    winner = record.comparison.verdict.winner
    metrics = record.comparison.metrics
    ratio = metrics["float32"]["weights_bytes"] / metrics["int8"]["weights_bytes"]
    smaller = f"{ratio:.3g} x smaller, " if winner == "int8" else ""
    return f"{winner} wins: {smaller}{_score(record)}"


def _score(record: RunRecord) -> str:
    """The metric that says most for these classes."""
    winner = record.comparison.verdict.winner
    assert winner is not None
    key, name = ("test_auc", "AUC")
    if has_rare_positives(record.benchmark):
        key, name = ("test_pr_auc", "PR-AUC")
    return f"{name} {record.comparison.metrics[winner][key]:.4f}"


def _count(notes: Sequence[str]) -> str:
    return f"; {len(notes)} note{'s' if len(notes) > 1 else ''}" if notes else ""
