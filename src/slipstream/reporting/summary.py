"""The summary: one run, or one retraining, in Markdown for Prefect's page and for MLflow's."""

from collections.abc import Mapping, Sequence

from slipstream.artifacts.references import PARTS, DatasetRef, FeatureMask
from slipstream.config.data import DataConfig
from slipstream.config.optimize import OptimizeConfig
from slipstream.evaluation import drift as moved
from slipstream.evaluation.drift import Drift
from slipstream.evaluation.results import Benchmark
from slipstream.measurement.units import quantity, share
from slipstream.reporting.comparison import about_test_rows, figure_rows
from slipstream.reporting.front import FRONT_TITLES, about_front, front_rows
from slipstream.reporting.larger import (
    LARGER_TITLE,
    about_larger,
    larger_rows,
    larger_titles,
)
from slipstream.reporting.markdown import bullets, escape, table
from slipstream.reporting.record import RunRecord, TrackedRun
from slipstream.reporting.report import Retraining
from slipstream.reporting.selection import PATH_TITLES, about_path, path_rows
from slipstream.reporting.thresholds import LABEL_TITLES, about_threshold, threshold_rows
from slipstream.runtime.quantiles import listed
from slipstream.runtime.text import listing

__all__ = ["retraining_summary", "run_summary"]

MOST_NOTES = 50
MOST_DRIFTED = 10
MOST_LABELS = 5


def run_summary(record: RunRecord, tracked: TrackedRun | None = None) -> str:
    """One run: the verdict, what came in, what was left out and why, both variants, links."""
    return _page(
        record.config.title,
        _verdict(record),
        *_findings(record, record.warnings),
        _links({"MLflow run": tracked.link} if tracked else {}),
    )


def retraining_summary(retraining: Retraining, config: OptimizeConfig) -> str:
    """One retraining: the decision, how far the data has moved, and what the run found out."""
    record = retraining.report.record if retraining.report else None
    drift = retraining.drift.warnings if retraining.drift else ()
    notes = [each for each in retraining.warnings if each not in drift]
    links = {"MLflow run": retraining.report.tracked.link} if retraining.report else {}
    if retraining.page:
        links[f"version {retraining.version} of the model"] = retraining.page
    return _page(
        f"{config.title} · retrain",
        _decision(retraining),
        _drift(retraining.drift),
        *([_section("Verdict", _verdict(record))] if record else []),
        *(
            _findings(record, notes)
            if record
            else (_came_in(config.data, retraining.dataset, None), _notes(notes))
        ),
        _links(links),
    )


def _page(title: str, *parts: str) -> str:
    return "\n\n".join(filter(None, (f"# {escape(title)}", *parts))) + "\n"


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if body else ""


def _verdict(record: RunRecord) -> str:
    verdict = record.comparison.verdict
    text = f"**Winner: {verdict.winner or 'none'}.** {escape(_capital(verdict.reason))}."
    if doubt := record.comparison.doubt:
        reason = verdict.reason.removeprefix(f"{verdict.winner} is {doubt}: ")
        text = f"**Winner: {verdict.winner}, but {doubt}**: {escape(reason)}."
    if record.alternatives:
        text += f"\n\nSmaller models, not trained: {escape(record.alternatives.conclusion)}."
    return text


def _decision(retraining: Retraining) -> str:
    if retraining.report is None:
        return f"**{escape(_capital(retraining.reason))}.**"
    if retraining.promoted:
        return f"**Version {retraining.version} promoted**: {escape(retraining.reason)}."
    return f"**{_capital(retraining.shape)}**: {escape(retraining.reason)}."


def _findings(record: RunRecord, notes: Sequence[str]) -> tuple[str, ...]:
    return (
        _came_in(record.config.data, record.dataset, record.mask),
        _notes(notes),
        _section("How many columns", _path(record.mask, record.p50_us_of_k)),
        _section("Search", _front(record)),
        _section("Comparison", _comparison(record.benchmark)),
        _section("Labels", _labels(record)),
        _section(LARGER_TITLE, _larger(record)),
    )


def _came_in(data: DataConfig, dataset: DatasetRef, mask: FeatureMask | None) -> str:
    total = sum(dataset.rows.values())
    parts = ", ".join(f"{dataset.rows[part]:,} for {part}" for part in PARTS)
    rows = [
        ("source", escape(data.path)),
        ("rows", f"{total:,} ({parts})"),
        ("target", f"{escape(repr(dataset.target))}, {_answers(dataset)}"),
        ("columns", f"{len(dataset.columns):,}{_dropped(data)}"),
    ]
    if data.weight:
        rows.append(("rows count by", escape(repr(data.weight))))
    if mask:
        read = f"{len(mask.features):,} of them: {listing(mask.features)}"
        rows.append(("the model reads", escape(read)))
    return _section("What came in", "\n".join(f"- **{name}**: {fact}" for name, fact in rows))


def _answers(dataset: DatasetRef) -> str:
    """What the target's cells are."""
    if not dataset.classes:
        mean, deviation = quantity(dataset.mean), quantity(dataset.deviation)
        asked = f", of which {listed(dataset.quantiles)} are predicted" if dataset.quantiles else ""
        return f"numbers of mean {mean} and standard deviation {deviation}{asked}"
    shares = dict(zip(dataset.classes, dataset.class_shares, strict=True))
    if dataset.task == "binary":
        return _share(dataset.classes[1], shares)
    ranked = sorted(shares, key=lambda label: -shares[label])
    if len(ranked) <= MOST_LABELS:
        return ", ".join(_share(label, shares) for label in ranked)
    ends = f"from {_share(ranked[0], shares)} to {_share(ranked[-1], shares)}"
    return f"{len(ranked):,} labels, {ends}"


def _share(label: str, shares: Mapping[str, float]) -> str:
    return f"{share(shares[label])} {escape(repr(label))}"


def _dropped(data: DataConfig) -> str:
    return escape(f", without {listing(data.drop)} (data.drop)") if data.drop else ""


def _notes(notes: Sequence[str]) -> str:
    shown = bullets(f"{_capital(note)}." for note in notes[:MOST_NOTES])
    more = len(notes) - MOST_NOTES
    return _section("Notes", shown + (f"\n- and {more:,} more, in the log" if more > 0 else ""))


def _front(record: RunRecord) -> str:
    if record.found is None:
        return ""
    larger = record.benchmark.larger
    rows = [tuple(map(escape, row)) for row in front_rows(record.found, larger)]
    return f"{table(FRONT_TITLES, rows)}\n\n{_capital(escape(about_front(record.found)))}."


def _path(mask: FeatureMask, p50_us_of_k: Mapping[int, float]) -> str:
    if not mask.path:
        return ""
    rows = [tuple(map(escape, row)) for row in path_rows(mask, p50_us_of_k)]
    return f"{table(PATH_TITLES, rows)}\n\n{_capital(about_path(mask))}."


def _comparison(benchmark: Benchmark) -> str:
    figures = table(("", "float32", "int8", "change"), figure_rows(benchmark))
    return f"{figures}\n\n{about_test_rows(benchmark)}."


def _labels(record: RunRecord) -> str:
    rows = threshold_rows(record.benchmark)
    if not rows:
        return ""
    note = about_threshold(record.benchmark, record.config.evaluation)
    return f"{table(LABEL_TITLES, rows)}\n\n{note}."


def _larger(record: RunRecord) -> str:
    rows = larger_rows(record.benchmark)
    if not rows or record.teacher is None:
        return ""
    titles = larger_titles(record.benchmark)
    return f"{table(titles, rows)}\n\n{escape(about_larger(record.teacher))}."


def _drift(drift: Drift | None) -> str:
    if drift is None:
        return ""
    rows = [
        (escape(drift.title(name)), f"{psi:.3f}", moved.reading(psi))
        for name, psi in drift.ranked[:MOST_DRIFTED]
    ]
    exceeded = "".join(f"**Beyond the limit: {escape(each)}.**\n\n" for each in drift.warnings)
    figures = f"{escape(_capital(drift.shape))}.\n\n{table(('feature', 'PSI', 'reading'), rows)}"
    more = len(drift.psi) - MOST_DRIFTED
    rest = f"\n\n{more:,} more are in the artifact *drift*." if more > 0 else ""
    return _section("Has the data moved?", exceeded + figures + rest)


def _capital(sentence: str) -> str:
    """A sentence with a capital, unless it begins with a name such as int8 or features.k."""
    return (
        sentence[:1].upper() + sentence[1:]
        if sentence.split(" ", maxsplit=1)[0].isalpha()
        else sentence
    )


def _links(links: dict[str, str]) -> str:
    return _section("Links", "\n".join(f"- [{name}]({url})" for name, url in links.items()))
