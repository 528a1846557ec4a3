"""The picture: how good each model is, and how long it takes for one row."""

from collections.abc import Sequence
from math import ceil

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from bench.quality.ours import ALL, CHOSEN, FIVE, name_of
from bench.quality.peers import LIGHTGBM, LINEAR, MLP, TUNED
from bench.quality.summary import Arm, TableSummary

__all__ = ["picture"]

OURS, TREES, OTHERS = "#d55e00", "#0072b2", "#6b7280"  # also apart for the colour-blind
STYLES = {
    LIGHTGBM: (TREES, "s"),
    TUNED: (TREES, "D"),
    MLP: (OTHERS, "^"),
    LINEAR: (OTHERS, "v"),
}
PATH = [name_of("int8", each) for each in (FIVE, CHOSEN, ALL)]
ACROSS = 2
LABEL_GAP = 0.07  # of the height of a panel
NEAR = 0.2  # of its width


def picture(tables: Sequence[TableSummary]) -> Figure:
    """One panel a table: score against the p50 of one row; up and to the left is better."""
    down = ceil(len(tables) / ACROSS)
    drawn = Figure(figsize=(11, 0.9 + 3.4 * down), layout="constrained")
    panels = list(drawn.subplots(down, ACROSS, squeeze=False, sharex=True).flat)
    for axes, table in zip(panels, tables, strict=False):
        _panel(axes, table)
    for axes in panels[len(tables) :]:
        axes.set_visible(False)
    drawn.get_layout_engine().set(hspace=0.06, wspace=0.04)
    drawn.suptitle("Score against the time to answer one row: up and to the left is better")
    return drawn


def _panel(axes: Axes, table: TableSummary) -> None:
    shown = table.shown
    path = [table.arms[name] for name in PATH if name in table.arms]
    others = [table.arms[name] for name in STYLES if name in table.arms]
    _ours(axes, table)
    for arm in others:
        _point(axes, arm, *STYLES[arm.arm])
    if LIGHTGBM in table.arms:
        level = table.arms[LIGHTGBM].score.estimate
        axes.axhline(level, color=TREES, linewidth=0.8, linestyle=(0, (4, 4)), zorder=0)
    latencies = [arm.p50_us for arm in (*path, *others)]
    axes.set(
        xscale="log",
        xlim=(min(latencies) / 2.5, max(latencies) * 3),
        xlabel="time to answer one row (p50, µs, log scale)",
        ylabel=shown.name if shown.larger_is_better else f"{shown.name} (axis reversed)",
    )
    axes.set_title(f"{table.table}: {shown.name}, {table.rows:,} rows", loc="left", fontsize=11)
    if not shown.larger_is_better:
        axes.invert_yaxis()
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.grid(alpha=0.25)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    _label_others(axes, others)


def _point(axes: Axes, arm: Arm, colour: str, marker: str) -> None:
    """An arm's mean score, with the range over the splits."""
    score = arm.score
    axes.errorbar(
        arm.p50_us,
        score.estimate,
        [[score.estimate - score.low], [score.high - score.estimate]],
        marker=marker,
        markersize=8,
        color=colour,
        elinewidth=1,
        capsize=2,
    )


def _ours(axes: Axes, table: TableSummary) -> None:
    """Our models from few columns to all, joined; each says how many columns it reads."""
    arms = [table.arms[name] for name in PATH if name in table.arms]
    points = [(arm.p50_us, arm.score.estimate) for arm in arms]
    axes.plot(*zip(*points, strict=True), color=OURS, linewidth=1.5)
    for arm, point in zip(arms, points, strict=True):
        chosen = arm.arm == PATH[1]
        _point(axes, arm, OURS, "o")
        text = " or ".join(map(str, arm.columns))
        if chosen:
            text = f"Slipstream int8,\n{text} columns chosen"
        axes.annotate(
            text,
            point,
            (0, 12) if chosen else (0, -12),
            textcoords="offset points",
            ha="center",
            va="bottom" if chosen else "top",
            color=OURS,
            fontsize=9,
            fontweight="bold" if chosen else "normal",
        )


def _label_others(axes: Axes, arms: Sequence[Arm]) -> None:
    """Name each point next to it; names of neighbours are moved apart."""
    to_axes = axes.transData + axes.transAxes.inverted()
    places = [tuple(to_axes.transform((arm.p50_us, arm.score.estimate))) for arm in arms]
    placed: list[tuple[float, float]] = []
    for arm, (x, y) in sorted(zip(arms, places, strict=True), key=lambda each: each[1][1]):
        near = [other for at, other in placed if abs(at - x) < NEAR]
        height = max([y, *(other + LABEL_GAP for other in near)])
        placed.append((x, height))
        right = x > 0.75
        axes.annotate(
            arm.arm,
            (x - 0.015 if right else x + 0.015, height),
            xycoords="axes fraction",
            ha="right" if right else "left",
            va="center",
            color=STYLES[arm.arm][0],
            fontsize=9,
        )
