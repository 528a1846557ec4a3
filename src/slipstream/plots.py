"""The figures that a run leaves in MLflow."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, ScalarFormatter

from slipstream.drift import Drift
from slipstream.references import Epoch, FeatureMask
from slipstream.results import Benchmark
from slipstream.runtime.types import Precision

__all__ = ["drift_figure", "feature_figure", "history_figure", "latency_figure"]

COLOURS = {"float32": "#0072b2", "int8": "#d55e00", "kept": "#0072b2", "dropped": "#bbbbbb"}
MOST_BARS = 30


def history_figure(history: Sequence[Epoch], best_epoch: int) -> Figure:
    """Loss and accuracy per epoch, for the training and the validation part."""
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    epochs = [epoch.epoch for epoch in history]
    for axes, name, label in zip(
        figure.subplots(1, 2),
        ("loss", "accuracy"),
        ("binary cross-entropy (nats)", "accuracy (share of rows)"),
        strict=True,
    ):
        for part, style in (("train", "o-"), ("val", "s--")):
            values = [getattr(epoch, f"{part}_{name}") for epoch in history]
            title = "training" if part == "train" else "validation"
            axes.plot(epochs, values, style, markersize=3, label=title)
        axes.axvline(best_epoch, color="grey", linewidth=1, linestyle=":", label="kept epoch")
        axes.set(xlabel="epoch", ylabel=label, title=name.capitalize())
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
    names = [score.name.replace("$", r"\$") for score in ranked]  # a name is no formula
    axes.barh(names, [score.score for score in ranked], color=colours)
    axes.invert_yaxis()
    unit = "mutual information with the target (nats)"
    axes.set(
        xlabel=unit if mask.method == "mutual_info" else "F statistic against the target",
        title=f"Feature mask: {len(mask.features)} of {len(mask.scores)} columns kept (blue)"
        + (f", best {MOST_BARS} shown" if len(mask.scores) > MOST_BARS else ""),
    )
    axes.grid(axis="x", alpha=0.3)
    return figure


def drift_figure(drift: Drift) -> Figure:
    """How far each feature has moved since the champion's training, most first."""
    ranked = sorted(drift.psi.items(), key=lambda item: -item[1])[:MOST_BARS]
    figure = Figure(figsize=(8, 1.6 + 0.28 * len(ranked)), layout="constrained")
    axes = figure.subplots()
    names = [name.replace("$", r"\$") for name, _ in ranked]  # a name is no formula
    axes.barh(names, [psi for _, psi in ranked], color=COLOURS["kept"])
    for psi, meaning in ((0.1, "shifting"), (0.25, "shifted")):
        axes.axvline(psi, color="grey", linestyle=":", label=f"{psi}: {meaning}")
    axes.invert_yaxis()
    axes.set(
        xlabel="population stability index (nats)",
        title=f"Drift since training: {drift.outside_share:.1%} of {drift.rows:,} rows outside "
        f"calibration, {drift.outside_share_then:.1%} in training",
    )
    axes.set_xlim(0, max(0.3, 1.05 * drift.largest_psi))
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="lower right")
    return figure


def latency_figure(benchmark: Benchmark) -> Figure:
    """How long calls take: the share answered within a time, for both variants."""
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    for precision, quantiles in benchmark.latency_quantiles_us.items():
        _draw_latency(axes, precision, quantiles, benchmark.metrics[precision])
    axes.set(
        xlabel="latency of one row, hot (µs, log scale)",
        ylabel="share of calls answered (%)",
        title=f"{benchmark.machine.cpu}, {benchmark.machine.backend} predictor, one thread",
        xscale="log",
    )
    longest = 3 * max(metrics["latency_p99_us"] for metrics in benchmark.metrics.values())
    shortest = min(min(quantiles) for quantiles in benchmark.latency_quantiles_us.values())
    axes.set_xlim(shortest * 0.9, longest)  # what lies beyond is the machine's own noise
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter(ScalarFormatter())
    axes.grid(alpha=0.3, which="both")
    axes.legend(loc="lower right")
    return figure


def _draw_latency(
    axes: object, precision: Precision, quantiles: Sequence[float], metrics: Mapping[str, float]
) -> None:
    shares = [100 * index / (len(quantiles) - 1) for index in range(len(quantiles))]
    p50, p99 = metrics["latency_p50_us"], metrics["latency_p99_us"]
    label = f"{precision}: p50 {p50:.1f} µs, p99 {p99:.1f} µs"
    axes.plot(quantiles, shares, color=COLOURS[precision], label=label)  # type: ignore[attr-defined]
    axes.plot([p50, p99], [50, 99], "o", color=COLOURS[precision])  # type: ignore[attr-defined]
