"""What a person sees at the end of a run."""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich import box, markup
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.status import Status
from rich.table import Table
from rich.text import Text

from slipstream.artifacts.references import Epoch, NetworkRef, TeacherRef
from slipstream.artifacts.traces import RowTrace
from slipstream.evaluation.results import Benchmark, Waterfall
from slipstream.measurement.units import microseconds, quantity, size
from slipstream.reporting.comparison import about_test_rows, figure_rows
from slipstream.reporting.front import FRONT_TITLES, about_front, front_rows
from slipstream.reporting.larger import (
    LARGER_TITLE,
    about_larger,
    larger_rows,
    larger_titles,
)
from slipstream.reporting.record import RunRecord, Stage
from slipstream.reporting.report import Report, Retraining
from slipstream.reporting.sentences import retraining_sentences
from slipstream.reporting.thresholds import LABEL_TITLES, about_threshold, threshold_rows
from slipstream.reporting.waterfall import altogether, score_titles, step_rows, write_parts
from slipstream.runtime import quantiles
from slipstream.runtime.text import escape, shorten
from slipstream.runtime.types import Precision
from slipstream.search.candidates import Alternatives
from slipstream.search.found import Found

__all__ = ["Screen", "show_report", "show_retraining", "starting"]

# The stages that take what the one before them made; the first takes the source.
CHAIN = ("ingest", "preprocess", "select", "train")
CHART_LEVELS = 5
CHART_WIDTH = 40
SHOWN_VALUES = 6
SHOWN_LABELS = 3
SHOWN_QUANTILES = 9
MOST_EPOCHS = 12
TITLES = {"r2": "R²"}  # of what training watches


def starting(what: str) -> Status:
    """Show, while a block runs, that something is starting."""
    return Console(stderr=True).status(f"starting {what} …")


def show_report(report: Report, files: Mapping[str, Path]) -> None:
    """Print stages, epochs, comparison, waterfall, verdict, one row's trace, what to do next."""
    console = Screen()
    record = report.record
    for warning in record.warnings:
        console.print(f"[yellow]warning:[/] {_literal(warning)}", highlight=False)
    if record.warnings:
        console.print()
    console.print(_stages(record, report.stages))
    console.print(_epochs(record.network))
    console.print(_loss_chart(record.network.history))
    if record.found:
        console.print(_front(record.found, record.benchmark))
    console.print(_comparison(record.benchmark))
    if rows := threshold_rows(record.benchmark):
        console.print(_labels(rows, about_threshold(record.benchmark, record.config.evaluation)))
    if record.teacher and record.benchmark.larger:
        console.print(_larger(record.benchmark, record.teacher))
    console.print(_waterfall(record.benchmark.waterfall))
    console.print(_verdict(record), highlight=False)
    if record.alternatives:
        console.print(_alternatives(record.alternatives))
    if record.comparison.verdict.winner:
        trace = _row_trace(record.trace, record.comparison.verdict.winner)
        console.print(trace, highlight=False)
    console.print(_next_steps(report, files), highlight=False, soft_wrap=True)


def show_retraining(retraining: Retraining) -> None:
    """Print one paragraph: model, version, decision, figures, where to look."""
    paragraph = " ".join(retraining_sentences(retraining))
    Screen().print(_literal(paragraph), highlight=False, soft_wrap=True)


class Screen(Console):
    """A console that leaves it to its caller what happens when the reader has gone."""

    def on_broken_pipe(self) -> None:
        """Raise the error: rich would end the program with code 1, the code of a defect."""
        raise BrokenPipeError


def _table(*headers: str, title: str = "", numbers_from: int = 99) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
    for index, header in enumerate(headers):
        table.add_column(header, justify="right" if index >= numbers_from else "left")
    return table


def _stages(record: RunRecord, stages: Sequence[Stage]) -> RenderableType:
    table = _table("stage", "in -> out", "seconds", title="Stages", numbers_from=2)
    before = _literal(record.config.data.path)
    for stage in stages:
        seconds = "cached" if stage.cached else f"{stage.seconds:.2f}"
        shape = f"{before} -> {stage.shape}" if stage.stage in CHAIN else stage.shape
        table.add_row(stage.stage, shape, seconds)
        before = stage.shape if stage.stage in CHAIN else before
    return table


def _epochs(network: NetworkRef) -> RenderableType:
    history, best_epoch = network.history, network.best_epoch
    scale = ", on log(1 + target)" if network.target_scale == "log1p" else ""
    title = f"Training ({len(history)} epochs{scale}, the weights of epoch {best_epoch} are kept)"
    names = [TITLES.get(name, name) for name in history[0].train]
    table = _table(
        *("epoch", *names, *(f"validation {name}" for name in names)),
        title=title,
        numbers_from=0,
    )
    for epoch in _thinned(history, best_epoch):
        style = "bold" if epoch.epoch == best_epoch else None
        figures = (f"{figure:.4f}" for figure in epoch.metrics.values())
        table.add_row(str(epoch.epoch), *figures, style=style)
    return table


def _thinned(history: Sequence[Epoch], best_epoch: int) -> list[Epoch]:
    """At most a dozen epochs, the first, the last and the best among them."""
    step = -(-len(history) // MOST_EPOCHS)
    wanted = {1, best_epoch, len(history)}
    return [each for each in history if each.epoch in wanted or each.epoch % step == 0]


def _loss_chart(history: Sequence[Epoch]) -> RenderableType:
    """Training loss: one row a level, and in it a star for each epoch that is not below it."""
    count = min(len(history), CHART_WIDTH)
    steps = max(count - 1, 1)  # from the first epoch to the last, both of them shown
    shown = [history[round(each * (len(history) - 1) / steps)] for each in range(count)]
    top = max(epoch.train_loss for epoch in shown)
    bottom = min(epoch.train_loss for epoch in shown)
    lines = []
    for level in range(CHART_LEVELS, -1, -1):
        height = bottom + (top - bottom) * level / CHART_LEVELS
        stars = "".join("*" if epoch.train_loss >= height else " " for epoch in shown)
        lines.append(f"  {height:.2f} |{stars.rstrip()}")
    first, last = str(shown[0].epoch), str(shown[-1].epoch)
    gap = " " * max(1, len(shown) - len(first) - len(last))
    lines.append(
        f"       {first}{gap if len(shown) > 1 else ''}{last if len(shown) > 1 else ''} epochs"
    )
    return Group(Text("  training loss", style="bold"), Text("\n".join(lines)), Text(""))


def _front(found: Found, benchmark: Benchmark) -> RenderableType:
    table = _table(*FRONT_TITLES, title="Search", numbers_from=1)
    for row in front_rows(found, benchmark.larger):
        table.add_row(*row)
    return Group(table, _notes([about_front(found)]))


def _comparison(benchmark: Benchmark) -> RenderableType:
    table = _table("", "float32", "int8", "change", title="Comparison", numbers_from=1)
    for row in figure_rows(benchmark):
        table.add_row(*row)
    machine = benchmark.machine
    latency = (
        f"Latency: one row in, one answer out; {machine.calls:,} calls a variant on "
        f"{machine.distinct_rows:,} rows, one thread, {machine.runs} predictor on {machine.cpu}; "
        f"timer {microseconds(machine.timer_us)} included; int8 against itself x "
        f"{benchmark.noise_ratio:.3f}"
    )
    return Group(table, _notes([about_test_rows(benchmark), latency]))


def _labels(rows: Sequence[Sequence[str]], note: str) -> RenderableType:
    table = _table(*LABEL_TITLES, title="Labels", numbers_from=1)
    for row in rows:
        table.add_row(*row)
    return Group(table, _notes([note]))


def _larger(benchmark: Benchmark, teacher: TeacherRef) -> RenderableType:
    table = _table(*larger_titles(benchmark), title=LARGER_TITLE, numbers_from=1)
    for row in larger_rows(benchmark):
        table.add_row(*row)
    return Group(table, _notes([about_larger(teacher)]))


def _waterfall(waterfall: Waterfall) -> RenderableType:
    table = _table(
        *("step", "p50", "weights", *score_titles(waterfall.steps)),
        title="Waterfall (each step, and its change from the one before)",
        numbers_from=1,
    )
    for row in step_rows(waterfall.steps):
        table.add_row(row.step, row.p50, row.weights, *row.scores)
    first, *later = waterfall.steps
    notes = [
        f"{first.name}: {first.network}",
        *(f"{step.name}, {step.network}: {step.remark}" for step in later),
        f"altogether: {altogether(waterfall.steps)}",
        "Where the time goes, as means of blocks of calls; p50 is of single calls, with the timer",
        *(f"{each}: {write_parts(part)}" for each, part in waterfall.parts_us.items()),
    ]
    return Group(table, _notes(notes))


def _notes(notes: Sequence[str]) -> RenderableType:
    """Sentences below a table, each from the same margin."""
    return Padding(Text("\n".join(f"{note}." for note in notes), style="dim"), (0, 0, 1, 2))


def _alternatives(alternatives: Alternatives) -> RenderableType:
    table = _table(
        *("hidden", "precision", "k", "p50", "p99", "file", "budget"),
        title="What would fit (random weights, not trained)",
        numbers_from=2,
    )
    for each in (*alternatives.own, *alternatives.measured):
        whose = "this run: " if each in alternatives.own else ""
        table.add_row(
            *(" x ".join(str(width) for width in each.hidden), each.precision, str(each.k)),
            *(microseconds(each.latency_p50_us), microseconds(each.latency_p99_us)),
            *(size(each.bundle_bytes), f"{whose}{'no' if each.excess else 'fits'}"),
            style="dim" if each.excess else "green",
        )
    return Group(table, _notes([alternatives.conclusion]))


def _verdict(record: RunRecord) -> str:
    verdict, doubt = record.comparison.verdict, record.comparison.doubt
    colour = "red" if not verdict.winner else "yellow" if doubt else "green"
    wins = f"{verdict.winner} wins" if verdict.winner else "no winner"
    wins += f", but is {doubt}:" if doubt else "."
    reason = verdict.reason.removeprefix(f"{verdict.winner} is {doubt}: ")
    return f"[bold {colour}]Verdict: {wins}[/] {_literal(reason)}.\n"


def _row_trace(trace: RowTrace, winner: Precision) -> RenderableType:
    """The winner's way from a row to its answer; the other variant's is not shown."""
    table = _table(f"one test row, {winner}", "values", title="Prediction")
    raw = ", ".join(f"{shorten(name)}={_cell(value)}" for name, value in trace.row.items())
    table.add_row("input layer", _literal(raw))
    layers = trace.layers[winner]
    for layer in layers:
        is_output = layer is layers[-1]
        shown = _answer(trace, layer.values) if is_output else _values(layer.values)
        table.add_row(layer.name, shown)
    if trace.task in ("regression", "quantiles"):
        table.add_row("true value", quantity(float(trace.label)))
    else:
        table.add_row("true label", _literal(trace.label))
    return table


def _answer(trace: RowTrace, values: Sequence[float]) -> str:
    """A probability, a number, quantiles, or the most probable labels with their probabilities."""
    if trace.quantiles:
        answers = zip(quantiles.names(trace.quantiles), values, strict=True)
        texts = [f"{name} {quantity(value)}" for name, value in answers]
        more = ", …" if len(texts) > SHOWN_QUANTILES else ""
        return ", ".join(texts[:SHOWN_QUANTILES]) + more
    if trace.task == "regression":
        return quantity(values[0])
    if trace.task == "binary":
        return f"{values[0]:.4f}"
    ranked = sorted(zip(values, trace.classes, strict=True), key=lambda each: -each[0])
    shown = ", ".join(f"{shorten(label)} {value:.4f}" for value, label in ranked[:SHOWN_LABELS])
    return _literal(shown + (", …" if len(ranked) > SHOWN_LABELS else ""))


def _values(values: Sequence[float]) -> str:
    active = sum(value > 0 for value in values)
    shown = ", ".join(f"{value:.2f}" for value in values[:SHOWN_VALUES])
    more = ", …" if len(values) > SHOWN_VALUES else ""
    return f"{shown}{more}  ({active} of {len(values)} active)"


def _cell(value: object) -> str:
    if value is None:
        return "missing"
    return f"{value:g}" if isinstance(value, float) else shorten(value)


def _literal(text: str) -> str:
    """Text from elsewhere: neither rich nor the terminal interprets it."""
    return markup.escape(escape(text))


def _next_steps(report: Report, files: Mapping[str, Path]) -> str:
    bundle = shlex.quote(str(files[report.record.comparison.verdict.winner or "int8"]))
    data = report.record.config.data.path
    rows = shlex.quote(data) if Path(data).is_file() else "ROWS.csv"
    feature = next(iter(report.record.trace.row))
    uri = report.tracked.tracking_uri
    steps = {
        "report": str(files["report"]),
        "inspect": f"{_program('slipstream')} inspect {bundle}",
        "predict": f"{_program('slipstream')} predict {bundle} {rows}",
        "python": f"slipstream.load({bundle!r}).predict_one({{{feature!r}: …}})",
        "runs": f"{_program('mlflow')} server --app-name slipstream --backend-store-uri "
        f"{shlex.quote(uri)} --host 127.0.0.1 --port 5000",
        "": f"then open {report.tracked.link}",
        " ": f"all runs: {report.tracked.runs_page}",
    }
    if uri.startswith("http"):
        steps |= {"runs": report.tracked.link, "": ""}
    if not report.record.comparison.verdict.winner:
        steps |= {"predict": "", "python": ""}  # what does not fit is not to be used
    lines = (f"  {what:<8} {_literal(how)}" for what, how in steps.items() if how)
    return "[bold]Next[/]\n" + "\n".join(lines)


def _program(name: str) -> str:
    """How to start a console script of this installation from here."""
    return shlex.quote(os.path.relpath(Path(sys.executable).parent / name))
