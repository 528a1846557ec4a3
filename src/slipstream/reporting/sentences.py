"""A run in a sentence, for the list of runs, and a retraining in a paragraph, for the terminal."""

from collections.abc import Sequence

from slipstream.measurement.units import microseconds, size
from slipstream.reporting.comparison import SCORE_LABELS, leading_score, write_score
from slipstream.reporting.record import RunRecord
from slipstream.reporting.report import Retraining
from slipstream.runtime.types import Precision

__all__ = ["headline", "retraining_headline", "retraining_sentences"]


def headline(record: RunRecord) -> str:
    """A run in one sentence: int8 wins: 4 x smaller, AUC 0.961; 2 notes."""
    verdict = record.comparison.verdict
    outcome = _winner(record, verdict.winner) if verdict.winner else verdict.reasons[0]
    return f"{outcome}{_count(record.warnings)}"


def retraining_headline(retraining: Retraining) -> str:
    """A retraining in one sentence: version 3 promoted: AUC 0.961; drift: …; 2 notes."""
    drift = retraining.drift.warnings if retraining.drift else ()
    others = [each for each in retraining.warnings if each not in drift]
    moved = "".join(f"; {each}" for each in drift)
    return f"{_outcome(retraining)}{moved}{_count(others)}"


def retraining_sentences(retraining: Retraining) -> list[str]:
    """A retraining in a paragraph: model, version, decision, figures, drift, where to look."""
    report = retraining.report
    version = f"version {retraining.version}" if retraining.version else ""
    if report is None:
        champion = f" ({version})" if version else ""
        sentences = [f"{retraining.name}: {retraining.reason}{champion}."]
    else:
        outcome = f"{version} promoted" if retraining.promoted else retraining.shape
        other = f", {version} is not better" if version and not retraining.promoted else ""
        sentences = [f"{retraining.name}: {outcome}{other}: {retraining.reason}."]
    winner = report.record.comparison.verdict.winner if report else None
    if report and winner:
        metrics = report.record.benchmark.metrics[winner]
        sentences.append(
            f"{_winner(report.record, winner)}; p50 {microseconds(metrics.latency.p50_us)}, p99 "
            f"{microseconds(metrics.latency.p99_us)}, {size(metrics.size.bundle_bytes)}."
        )
    if retraining.drift:
        sentences.append(f"Drift: {retraining.drift.shape}.")
    page = retraining.page or (report.tracked.link if report else "")
    return [*sentences, *([f"Its page in MLflow: {page}"] if page else [])]


def _outcome(retraining: Retraining) -> str:
    brief = retraining.brief or retraining.reason
    if retraining.report is None or not retraining.met_budget:
        return brief
    record = retraining.report.record
    if retraining.promoted and record.comparison.verdict.winner:
        score = _score(record, record.comparison.verdict.winner)
        return f"version {retraining.version} promoted: {brief}; {score}"
    return f"{retraining.shape}: {brief}"


def _winner(record: RunRecord, winner: Precision) -> str:
    metrics = record.benchmark.metrics
    ratio = metrics["float32"].size.weights_bytes / metrics["int8"].size.weights_bytes
    smaller = f"{ratio:.3g} x smaller, " if winner == "int8" else ""
    doubt = record.comparison.doubt
    wins = f"{winner} wins, but is {doubt}" if doubt else f"{winner} wins"
    return f"{wins}: {smaller}{_score(record, winner)}"


def _score(record: RunRecord, winner: Precision) -> str:
    leading = leading_score(record.benchmark)
    value = record.benchmark.metrics[winner].scores[leading]
    return f"{SCORE_LABELS[leading]} {write_score(leading, value)}"


def _count(notes: Sequence[str]) -> str:
    return f"; {len(notes)} note{'s' if len(notes) > 1 else ''}" if notes else ""
