"""The figures as Markdown tables and as a picture."""

from collections.abc import Iterable, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from bench.markdown import claims_table, table
from bench.models import SIZES
from bench.results import ArmFigures, Claim, Figures, Interval

__all__ = ["page", "picture", "summary"]

SMALLEST = SIZES[0].name
OURS, OTHERS = "#d55e00", "#7f8fa6"
MICROSECONDS = "µs"
# What the README shows; the picture next to it has every arm.
SUMMARY_ARMS = (
    *("Slipstream float32", "Slipstream int8", "ONNX Runtime float32, IOBinding"),
    *("ONNX Runtime float32", "LightGBM C single-row-fast (ctypes)"),
    "scikit-learn pipeline, array",
)


def summary(figures: Figures, claims: Sequence[Claim]) -> str:
    """What the README shows below the picture: the arms that it names, and how many claims hold."""
    arms = [arm for arm in figures.hot if arm.size == SMALLEST and arm.arm in SUMMARY_ARMS]
    rows = (
        (f"**{arm.arm}**" if arm.ours else arm.arm, _interval(arm.p50_us), _interval(arm.ratio))
        for arm in sorted(arms, key=lambda arm: arm.p50_us.estimate)
    )
    holding = sum(claim.holds is True for claim in claims)
    conditions = (
        f"Network {SMALLEST}, called from Python, {figures.machine.cpu} "
        f"({figures.machine.instruction_set}), one thread, {figures.date}; 95 % intervals in "
        f"brackets. Of {len(claims)} claims, written down before anything was measured, {holding} "
        "hold: [all claims and tables](bench/results/latest.md)."
    )
    heading = ("one row in, one probability out", "p50 (µs)", "× Slipstream int8")
    return f"{table(heading, rows)}\n\n{conditions}"


def page(figures: Figures, claims: Sequence[Claim]) -> str:
    """Everything, as one page."""
    sizes = list(dict.fromkeys(arm.size for arm in figures.hot))
    parts = ["# Benchmark", _conditions(figures), "## Claims", claims_table(claims)]
    for size in sizes:
        weights = figures.weights_bytes[size]
        ratio = figures.tensors_ratio[size]
        noise = _interval(figures.noise[size], 3)
        weights_line = (
            f"{weights:,} bytes of float32 weights; all tensors of int8 are {ratio:.2f} × smaller. "
            f"Noise floor (int8 loaded again): {noise} ×."
        )
        parts += [f"## {size}, hot", weights_line, _hot_table(figures, size)]
    parts += ["## Raw values with categories, hot", _arms_table(figures.dicts)]
    parts += ["## Cold", _cold_table(figures), "## Tables of rows, rows a second"]
    parts += [_batch_table(figures), "## int8 and float32 by instruction set", _sets_table(figures)]
    parts += ["## Fresh process", _start_table(figures)]
    return "\n\n".join(parts) + "\n"


def picture(figures: Figures) -> Figure:
    """p50 as bars and p99 as marks, on a logarithmic axis, fastest first."""
    arms = [
        arm
        for arm in figures.hot
        if arm.size == SMALLEST and "A/A" not in arm.arm and not arm.arm.startswith("an empty")
    ]
    arms.sort(key=lambda arm: -arm.p50_us.estimate)
    drawn = Figure(figsize=(10, 1.6 + 0.36 * len(arms)), layout="constrained")
    axes = drawn.subplots()
    p50 = [arm.p50_us.estimate for arm in arms]
    p99 = [arm.p99_us.estimate for arm in arms]
    names = [arm.arm for arm in arms]
    axes.barh(names, p50, color=[OURS if arm.ours else OTHERS for arm in arms])
    axes.plot(p99, names, "|", color="black", markersize=11, markeredgewidth=1.6, label="p99")
    for arm, right in zip(arms, p99, strict=True):
        label = f"{_number(arm.p50_us.estimate)} {MICROSECONDS}"
        if not arm.ours:
            label += f"   {_number(arm.ratio.estimate)} ×"
        end = max(right, arm.p50_us.estimate)
        axes.annotate(label, (end, arm.arm), (6, 0), textcoords="offset points", va="center")
    axes.set(
        xscale="log",
        xlim=(min(p50) / 3, max(p99) * 12),
        xlabel="latency of one row, hot (µs, log scale): bar and number = p50, mark = p99",
        title=f"One row in, one probability out, from Python ({SMALLEST}, one thread)\n"
        f"{figures.machine.cpu}, {figures.machine.instruction_set}; "
        "× = how many times our int8's p50",
    )
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return drawn


def _conditions(figures: Figures) -> str:
    machine, noise = figures.machine, _interval(figures.noise[SMALLEST], 3)
    versions = ", ".join(f"{name} {number}" for name, number in figures.versions.items())
    text = (
        f"{machine.cpu}, {machine.backend} predictor on {machine.instruction_set}, one thread "
        f"unless it says two, {figures.date}, {machine.calls:,} calls an arm in interleaved blocks "
        f"(slow arms fewer). Times of single calls hold the timer's own {machine.timer_us:.3f} µs; "
        f"in brackets, 95 % intervals. Noise floor, our int8 against the same file loaded again: "
        f"{noise} ×. "
        f"Versions: {versions}."
    )
    if figures.not_installed:
        text += f" Not installed: {', '.join(figures.not_installed)}."
    if figures.kind == "quick":
        text += " **A smoke run: too few calls to believe.**"
    return text


def _hot_table(figures: Figures, size: str) -> str:
    arms = (arm for arm in figures.hot if arm.size == size)
    return _arms_table(sorted(arms, key=lambda arm: arm.p50_us.estimate))


def _arms_table(arms: Iterable[ArmFigures]) -> str:
    heading = ("", "p50 (µs)", "p99 (µs)", "whole blocks (µs a call)", "× ours", "× in blocks")
    return table(
        heading,
        (
            (
                f"**{arm.arm}**" if arm.ours else arm.arm,
                _interval(arm.p50_us),
                _interval(arm.p99_us),
                _interval(arm.block_us),
                _interval(arm.ratio),
                _interval(arm.block_ratio),
            )
            for arm in arms
        ),
    )


def _cold_table(figures: Figures) -> str:
    heading = ("", "p50 (µs)", "× ours", "calls")
    rows = (
        (arm.arm, _interval(arm.p50_us), _interval(arm.ratio), str(arm.calls))
        for arm in figures.cold
    )
    return table(heading, rows)


def _batch_table(figures: Figures) -> str:
    heading = ("network", "rows", "", "rows/s", "× fastest ONNX Runtime")
    rows = (
        (
            each.size,
            f"{each.rows:,}",
            each.arm,
            _interval(each.rows_per_s),
            "" if each.ratio is None else _interval(each.ratio),
        )
        for each in figures.batches
    )
    return table(heading, rows)


def _sets_table(figures: Figures) -> str:
    heading = (
        "instruction set",
        "network",
        "int8 p50 (µs)",
        "float32 p50 (µs)",
        "float32 / int8",
        "A/A",
    )
    rows = (
        (
            each.instruction_set,
            each.size,
            _number(each.int8_p50_us),
            _number(each.float32_p50_us),
            _interval(each.ratio),
            _interval(each.noise, 3),
        )
        for each in figures.instruction_sets
    )
    return table(heading, rows)


def _start_table(figures: Figures) -> str:
    heading = ("after `import numpy`", "median (ms)", "longest (ms)", "processes")
    rows = (
        (each.arm, f"{each.median_ms:.1f}", f"{each.longest_ms:.1f}", str(each.processes))
        for each in figures.start
    )
    return table(heading, rows)


def _interval(value: Interval, decimals: int | None = None) -> str:
    low, high = (_number(end, decimals) for end in (value.low, value.high))
    return f"{_number(value.estimate, decimals)} [{low}, {high}]"


def _number(value: float, decimals: int | None = None) -> str:
    if decimals is None:
        decimals = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{decimals}f}"
