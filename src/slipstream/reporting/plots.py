"""The figures that a run leaves in MLflow."""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from slipstream.artifacts.references import FeatureMask, NetworkRef
from slipstream.evaluation.drift import SHIFTED, STABLE, Drift, reading
from slipstream.evaluation.results import Benchmark, Waterfall, WaterfallStep
from slipstream.measurement.breakdown import resolved
from slipstream.measurement.figures import LatencyFigures
from slipstream.measurement.intervals import Interval
from slipstream.measurement.units import microseconds, share
from slipstream.reporting.waterfall import (
    StepRow,
    altogether,
    score_titles,
    shown_scores,
    step_rows,
    write_parts,
)
from slipstream.runtime.text import escape
from slipstream.runtime.types import Precision, Task

__all__ = [
    "drift_figure",
    "feature_figure",
    "history_figure",
    "latency_figure",
    "waterfall_figure",
]

COLOURS = {"float32": "#0072b2", "int8": "#d55e00", "kept": "#0072b2", "dropped": "#bbbbbb"}
STEP_COLOURS = {
    "where it starts": "#999999",
    "helped": "#0072b2",
    "did not help, or cost score": "#d55e00",
}
PART_COLOURS = {
    "call": "#999999",
    "look-up": "#56b4e9",
    "first layer": "#0072b2",
    "hidden layers": "#009e73",
    "output": "#e69f00",
}
SEVERAL: Mapping[str, Any] = {"facecolor": "#ffffff", "edgecolor": "#555555", "hatch": "///"}
# How a feature's drift is drawn, by what its PSI is commonly taken for.
DRIFT_COLOURS = {"stable": "#999999", "moderate": "#e69f00", "shifted": "#d55e00"}
MOST_BARS = 30
REMARK_CHARACTERS = 200
# What an epoch reports, as the axes name it.
LOSSES: Mapping[Task, str] = {
    "binary": "binary cross-entropy (nats)",
    "multiclass": "cross-entropy (nats)",
    "regression": "squared error (variances of the target)",
    "quantiles": "pinball loss (standard deviations of the target)",
}
WATCHED = {"accuracy": "accuracy (share of rows)", "r2": "R² (share of variance explained)"}
TITLES = {"r2": "R²"}


def history_figure(network: NetworkRef, task: Task) -> Figure:
    """Loss, and what else was watched, per epoch, for the training and the validation part."""
    history = network.history
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    epochs = [epoch.epoch for epoch in history]
    names = list(history[0].train)
    labels = {"loss": LOSSES[task], **WATCHED}
    if network.target_scale == "log1p":
        figure.suptitle("of log(1 + target), which this network learned")
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        for part, style in (("train", "o-"), ("val", "s--")):
            values = [epoch.metrics[f"{part}_{name}"] for epoch in history]
            title = "training" if part == "train" else "validation"
            axes.plot(epochs, values, style, markersize=3, label=title)
        axes.axvline(
            network.best_epoch, color="grey", linewidth=1, linestyle=":", label="kept epoch"
        )
        axes.set(xlabel="epoch", ylabel=labels[name], title=TITLES.get(name, name.capitalize()))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    return figure


def feature_figure(mask: FeatureMask) -> Figure:
    """The score of every column, best first; the kept ones stand out."""
    ranked = sorted(mask.scores, key=lambda score: -score.score)[:MOST_BARS]
    figure = Figure(figsize=(8, 1.2 + 0.28 * len(ranked)), layout="constrained")
    axes = figure.subplots()
    colours = [COLOURS["kept" if score.kept else "dropped"] for score in ranked]
    names = [_plain(score.name) for score in ranked]
    axes.barh(names, [score.score for score in ranked], color=colours)
    axes.invert_yaxis()
    unit = "mutual information with the target (nats)"
    axes.set(
        xlabel="F statistic against the target" if mask.method == "anova_f" else unit,
        title=f"Feature mask: {len(mask.features)} of {len(mask.scores)} columns kept (blue)"
        + (f", best {MOST_BARS} shown" if len(mask.scores) > MOST_BARS else ""),
    )
    axes.grid(axis="x", alpha=0.3)
    return figure


def drift_figure(drift: Drift) -> Figure:
    """How far each feature and the target have moved since the champion's training, most first."""
    ranked = drift.ranked[:MOST_BARS]
    figure = Figure(figsize=(8, 1.6 + 0.28 * len(ranked)), layout="constrained")
    axes = figure.subplots()
    names = [_plain(drift.title(name)) for name, _ in ranked]
    axes.barh(
        names,
        [psi for _, psi in ranked],
        color=[DRIFT_COLOURS[reading(psi)] for _, psi in ranked],
    )
    axes.axvline(STABLE, color=DRIFT_COLOURS["moderate"], linestyle="--")
    axes.axvline(SHIFTED, color=DRIFT_COLOURS["shifted"], linestyle="-")
    axes.invert_yaxis()
    axes.set(
        xlabel="population stability index (nats)",
        title=f"Drift since training: {share(drift.outside_share)} of {drift.rows:,} rows outside "
        f"calibration, {share(drift.outside_share_then)} in training",
    )
    axes.set_xlim(0, max(0.3, 1.05 * drift.largest_psi))
    axes.grid(axis="x", alpha=0.3)
    bounds: dict[str, tuple[Literal["", "-", "--"], str]] = {
        "stable": ("", f"below {STABLE}"),
        "moderate": ("--", f"{STABLE} to {SHIFTED}"),
        "shifted": ("-", f"above {SHIFTED}"),
    }
    handles = [
        Line2D([], [], color=DRIFT_COLOURS[level], linestyle=style, marker="s", label=label)
        for level, (style, bound) in bounds.items()
        for label in [f"{level}: PSI {bound}"]
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    return figure


def _plain(name: str) -> str:
    """A column's name, in which matplotlib finds no formula and no control character."""
    return escape(name).replace("$", r"\$")


def latency_figure(benchmark: Benchmark) -> Figure:
    """How long calls take: the share answered within a time, for both variants."""
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    for precision, quantiles in benchmark.latency_quantiles_us.items():
        _draw_latency(axes, precision, quantiles, benchmark.metrics[precision].latency)
    axes.set(
        xlabel="latency of one row, hot (µs, log scale)",
        ylabel="share of calls answered (%)",
        title=f"{benchmark.machine.cpu}, {benchmark.machine.runs} predictor, one thread",
        xscale="log",
    )
    longest = 3 * max(metrics.latency.p99_us for metrics in benchmark.metrics.values())
    shortest = min(min(quantiles) for quantiles in benchmark.latency_quantiles_us.values())
    axes.set_xlim(shortest * 0.9, longest)  # what lies beyond is the machine's own noise
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7), numticks=20))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    return figure


def _draw_latency(
    axes: Axes, precision: Precision, quantiles: Sequence[float], latency: LatencyFigures
) -> None:
    shares = [100 * index / (len(quantiles) - 1) for index in range(len(quantiles))]
    p50, p99 = latency.p50_us, latency.p99_us
    label = f"{precision}: p50 {microseconds(p50)}, p99 {microseconds(p99)}"
    axes.plot(quantiles, shares, color=COLOURS[precision], label=label)
    axes.plot([p50, p99], [50, 99], "o", color=COLOURS[precision])


def waterfall_figure(waterfall: Waterfall) -> Figure:
    """Latency, size and score after each step, what it did in words, and where the time goes."""
    figure = Figure(figsize=(14, 9.5), layout="constrained")
    steps = waterfall.steps
    figure.suptitle(f"From {steps[0].name} to {steps[-1].name}: {altogether(steps)}")
    rows = figure.subfigures(3, 1, height_ratios=(5, 2.2, 2.8), squeeze=False)
    above, words, below = rows[:, 0]
    for axes, panel in zip(above.subplots(1, 3, sharey=True), _panels(steps), strict=True):
        _draw_steps(axes, steps, panel)
    meanings: list[Artist] = [
        Patch(color=colour, label=label) for label, colour in STEP_COLOURS.items()
    ]
    above.legend(handles=meanings, loc="outside lower center", ncols=3, frameon=False)
    _write_remarks(words.subplots(), steps)
    _draw_parts(below.subplots(), waterfall.parts_us)
    parts: list[Artist] = [
        *(Patch(color=colour, label=part) for part, colour in PART_COLOURS.items()),
        Patch(**SEVERAL, label="parts that cannot be separated"),
    ]
    below.legend(handles=parts, loc="outside lower center", ncols=len(parts), frameon=False)
    return figure


@dataclass(frozen=True)
class _Panel:
    """One figure of every step: its axis, its value, how it is written, how it is drawn."""

    label: str
    value: Callable[[WaterfallStep], float]
    written: Callable[[StepRow], str]
    bar: bool = True
    logarithmic: bool = False


def _panels(steps: Sequence[WaterfallStep]) -> tuple[_Panel, ...]:
    score, title = shown_scores(steps)[0], score_titles(steps)[0]
    return (
        _Panel("latency p50, hot (µs)", lambda step: step.latency_p50_us, lambda row: row.p50),
        _Panel(
            "weights (bytes, log scale)",
            lambda step: step.weights_bytes,
            lambda row: row.weights,
            logarithmic=True,
        ),
        _Panel(
            f"test {title}", lambda step: step.scores[score], lambda row: row.scores[0], bar=False
        ),
    )


def _draw_steps(axes: Axes, steps: Sequence[WaterfallStep], panel: _Panel) -> None:
    values = [panel.value(step) for step in steps]
    colours = [_step_colour(index, step) for index, step in enumerate(steps)]
    if panel.bar:
        axes.barh(range(len(steps)), values, color=colours, height=0.5)
    else:
        axes.scatter(values, range(len(steps)), color=colours, s=60)
    if panel.logarithmic:
        axes.set_xscale("log")
        axes.set_xlim(min(values) / 10, max(values) * 2)
    for index, row in enumerate(step_rows(steps)):
        at, transform = (0.02, index - 0.38), axes.get_yaxis_transform()
        axes.text(*at, panel.written(row), transform=transform, va="center", fontsize=10)
    axes.set_yticks(range(len(steps)), [f"{step.name}\n{step.network}" for step in steps])
    axes.set_ylim(len(steps) - 0.5, -0.6)
    axes.set_xlabel(panel.label)
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)


def _step_colour(index: int, step: WaterfallStep) -> str:
    start, helped, not_helped = STEP_COLOURS.values()
    return start if index == 0 else helped if step.helped else not_helped


def _write_remarks(axes: Axes, steps: Sequence[WaterfallStep]) -> None:
    """What each step did, in words and in its colour."""
    axes.set_axis_off()
    for index, step in enumerate(steps[1:], start=1):
        text = textwrap.fill(f"{step.name}: {step.remark}", REMARK_CHARACTERS)
        at = (0, 1.35 - 0.42 * index)
        axes.text(*at, text, color=_step_colour(index, step), fontsize=10, va="top")


def _draw_parts(axes: Axes, parts_us: Mapping[Precision, Mapping[str, Interval]]) -> None:
    """One stacked bar a variant, as long as a whole prediction."""
    for row, (precision, parts) in enumerate(parts_us.items()):
        start = 0.0
        for names, us in resolved(parts):
            look = SEVERAL if len(names) > 1 else {"color": PART_COLOURS[names[0]]}
            axes.barh(precision, us, left=start, height=0.5, **look)
            start += us
        at, transform = (0.005, row - 0.42), axes.get_yaxis_transform()
        axes.text(*at, write_parts(parts), transform=transform, fontsize=10, va="center")
    axes.set_ylim(len(parts_us) - 0.5, -0.7)
    axes.set_xlabel("time of one prediction by its parts (µs, means of whole blocks of calls)")
