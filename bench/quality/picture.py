"""The picture: how good each model is, and how long it takes for one row."""

from collections.abc import Sequence
from math import ceil

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from bench.quality.ours import ALL, CHOSEN, FIVE, name_of
from bench.quality.peers import LIGHTGBM, LINEAR, MLP, TUNED
from bench.quality.summary import Arm, TableSummary
from bench.quality.teacher import TEACHER

__all__ = ["picture"]

OURS, TREES, OTHERS = "#d55e00", "#0072b2", "#6b7280"  # also apart for the colour-blind
OWN_STYLE = (OURS, "o")
STYLES = {
    LIGHTGBM: (TREES, "s"),
    TUNED: (TREES, "D"),
    MLP: (OTHERS, "^"),
    LINEAR: (OTHERS, "v"),
    TEACHER: (OTHERS, "*"),
}
PATH = [name_of("int8", each) for each in (FIVE, CHOSEN, ALL)]
ACROSS = 2
ROOM = (40, 2.5)  # for names, to the left of the fastest and to the right of the slowest
# Of a panel's width: a character, the distance of a name, and from where names are to the left. Of
# its height: the distance of two names.
CHARACTER, LABEL_SPACE, RIGHT, LABEL_GAP = 0.0125, 0.02, 0.88, 0.065
MOST_STEPS = 24  # quarters of that distance, by which a name may be moved
TITLE = (
    "Score against the time to answer one row: up and to the left is better\n"
    "(Slipstream int8 with its number of columns; 19 ×: takes 19 times as long)"
)


def picture(tables: Sequence[TableSummary]) -> Figure:
    """One panel a table: score against the p50 of one row; up and to the left is better."""
    across = min(ACROSS, len(tables))
    down = ceil(len(tables) / across)
    drawn = Figure(figsize=(5.5 * across, 1.1 + 3.3 * down), layout="constrained")
    panels = list(drawn.subplots(down, across, squeeze=False).flat)
    times = [arm.p50_us for table in tables for arm in _arms(table)]
    for axes, table in zip(panels, tables, strict=False):
        axes.set(xscale="log", xlim=(min(times) / ROOM[0], max(times) * ROOM[1]))
        _panel(axes, table)
    for axes in panels[len(tables) :]:
        axes.set_visible(False)
    drawn.suptitle(TITLE)
    drawn.supxlabel("time to answer one row (median, µs, log scale)", fontsize=11)
    return drawn


def _panel(axes: Axes, table: TableSummary) -> None:
    shown = table.shown
    if LIGHTGBM in table.arms:
        level = table.arms[LIGHTGBM].score.estimate
        axes.axhline(level, color=TREES, linewidth=0.8, linestyle=(0, (4, 4)), zorder=0)
    for arm in _arms(table):
        _point(axes, arm)
    points = [(arm.p50_us, arm.score.estimate) for arm in _arms(table) if arm.arm in PATH]
    axes.plot(*zip(*points, strict=True), color=OURS, linewidth=1.5)
    axes.set_ylabel(shown.name if shown.larger_is_better else f"{shown.name} (axis reversed)")
    axes.set_title(f"{table.table} ({table.rows:,} rows)", loc="left", fontsize=11)
    axes.margins(y=0.14)
    if not shown.larger_is_better:
        axes.invert_yaxis()
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.grid(alpha=0.2)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    _label(axes, table)


def _arms(table: TableSummary) -> list[Arm]:
    """Those that are drawn and were measured."""
    return [table.arms[name] for name in (*PATH, *STYLES) if name in table.arms]


def _point(axes: Axes, arm: Arm) -> None:
    """An arm's mean score, with the range over the splits."""
    score, (colour, marker) = arm.score, STYLES.get(arm.arm, OWN_STYLE)
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


def _name(arm: Arm, table: TableSummary) -> str:
    """What is written next to a point.

    Of ours, how many columns it reads; of the others, how many times as long they take as our
    chosen model.
    """
    chosen = table.arms.get(PATH[1])
    columns = "–".join(dict.fromkeys(map(str, (arm.columns[0], arm.columns[-1]))))
    if arm is chosen:
        return f"Slipstream, {columns}"
    if arm.arm in PATH:
        return f"all {columns}" if arm.arm == PATH[-1] else columns
    if chosen is None or arm.arm == TEACHER:  # its time is that of a part of it
        return arm.arm
    times = float(f"{arm.p50_us / chosen.p50_us:.2g}")
    return f"{arm.arm}, {times:,.0f} ×"


def _label(axes: Axes, table: TableSummary) -> None:
    """Name each point next to it, ours to the left; moved where it would cover another."""
    axes.autoscale_view()
    to_axes = axes.transData + axes.transAxes.inverted()
    arms = _arms(table)
    points = [tuple(to_axes.transform((arm.p50_us, arm.score.estimate))) for arm in arms]
    # What is in the way, as its ends and its height: the points, then the names as they are placed.
    taken = [(x - LABEL_SPACE / 2, x + LABEL_SPACE / 2, y) for x, y in points]
    for arm, (x, y) in sorted(zip(arms, points, strict=True), key=lambda each: each[1][1]):
        text, left = _name(arm, table), arm.arm in PATH or x > RIGHT
        width = CHARACTER * len(text)
        start = x - LABEL_SPACE - width if left else x + LABEL_SPACE
        height = _free(y, [at for low, high, at in taken if low < start + width and start < high])
        taken.append((start, start + width, height))
        axes.annotate(
            text,
            (start + width if left else start, height),
            xycoords="axes fraction",
            ha="right" if left else "left",
            va="center",
            color=STYLES.get(arm.arm, OWN_STYLE)[0],
            fontsize=9,
            fontweight="bold" if arm.arm == PATH[1] else "normal",
            bbox={"boxstyle": "square,pad=0.1", "color": "white"},
            zorder=1.5,
        )


def _free(height: float, taken: Sequence[float]) -> float:
    """The height nearest to this one that is within the panel and a gap away from all taken."""
    steps = sorted(range(-MOST_STEPS, MOST_STEPS + 1), key=lambda step: (abs(step), -step))
    heights = [height + step * LABEL_GAP / 4 for step in steps]
    return next(
        (
            each
            for each in heights
            if 0 < each < 1 and all(abs(each - at) >= LABEL_GAP for at in taken)
        ),
        height,
    )
