"""The figures as a page of Markdown, and as the README's picture and sentence."""

from collections.abc import Iterator, Sequence
from statistics import fmean

from bench.markdown import claims_table, table
from bench.quality import ours
from bench.quality.claims import check
from bench.quality.peers import LIGHTGBM
from bench.quality.results import SHOWN, Quality
from bench.quality.summary import LARGE, Arm, TableSummary, large, summaries
from bench.trees import SECONDS, TRIALS
from slipstream.runtime.types import Task

__all__ = ["page", "summary"]

OURS = ours.name_of("int8", ours.CHOSEN)
PICTURE = "docs/pictures/quality.png"
HEADING = (
    *("", "score", "to LightGBM's defaults", "better, worse", "p50 (µs)", "×"),
    *("training (s)", "bytes", "columns", "model"),
)


def summary(quality: Quality) -> str:
    """What the README shows: one sentence, and the picture."""
    tables = [each for each in large(summaries(quality)) if {OURS, LIGHTGBM} <= each.arms.keys()]
    ratios = [each.arms[LIGHTGBM].p50_us / each.arms[OURS].p50_us for each in tables]
    scores = " and its ".join(_changes(tables))
    fastest, slowest = f"{max(ratios):.0f}", f"{min(ratios):.0f}"
    times = fastest if fastest == slowest else f"{slowest} to {fastest}"
    sentence = (
        f"Trained with its defaults on {_listing(tables)}, Slipstream's int8 model answers a row "
        f"{times} times as fast as LightGBM's C call. Against LightGBM's defaults on all columns, "
        f"its {scores}{' on average' if len(tables) > 1 else ''}."
    )
    alternative = (
        "Score against the time to answer one row, for Slipstream, LightGBM, a scikit-learn MLP "
        f"and a linear model. {sentence}"
    )
    return f"{sentence}\n\n![{alternative}]({PICTURE})"


def page(quality: Quality) -> str:
    """Everything, as one page."""
    there = summaries(quality)
    parts = ["# Quality", _conditions(quality), "## Claims", claims_table(check(quality))]
    for each in there:
        shown = each.shown
        about = (
            f"{each.rows:,} rows, {each.columns} columns, splits: {each.splits}. Score: "
            f"{shown.name}; differences in {shown.unit}, positive where the score is better."
        )
        arms = table(HEADING, (_row(arm, each) for arm in each.arms.values()))
        parts += [f"## {each.table}", about, arms]
    parts += ["## Seconds of our stages", "int8, chosen k; means over the splits.", _stages(there)]
    if quality.skipped:
        skipped = "\n".join(f"- {name}: {why}" for name, why in quality.skipped.items())
        parts += ["## Not measured", skipped]
    return "\n\n".join(parts) + "\n"


def _changes(tables: Sequence[TableSummary]) -> Iterator[str]:
    """How much each kind of target's score differs, in the mean over the tables that have it."""
    tasks: tuple[Task, ...] = ("binary", "multiclass", "regression")
    for task in tasks:
        shown = SHOWN[task]
        gains = [
            shown.gain(each.arms[LIGHTGBM].score.estimate, each.arms[OURS].score.estimate)
            for each in tables
            if each.task == task
        ]
        if gains:
            mean = fmean(gains)
            size = f"{abs(mean) / 100:.4f}" if shown.larger_is_better else f"{abs(mean):.1f} %"
            higher = (mean > 0) == shown.larger_is_better
            yield f"{shown.name} is {size} {'higher' if higher else 'lower'}"


def _listing(tables: Sequence[TableSummary]) -> str:
    count = len(tables)
    least, most = min(each.rows for each in tables), max(each.rows for each in tables)
    if count == 1:
        return f"a table of {least:,} rows"
    return f"{count} tables of {least:,} to {most:,} rows"


def _conditions(quality: Quality) -> str:
    machine, seeds = quality.machine, sorted({split.seed for split in quality.splits})
    versions = ", ".join(f"{name} {number}" for name, number in quality.versions.items())
    return (
        f"{machine.cpu}, {machine.runs}, {quality.date}; {versions}. Every arm is fitted on the "
        f"same training and validation rows and scored on the same test rows of "
        f"each split (`data.seed` {', '.join(map(str, seeds))}). A score is the mean over "
        "the splits, with its range in brackets; *better, worse* counts the splits in which the "
        "95 % interval of the difference to LightGBM's defaults, paired by row, excludes 0. "
        f"Scores of tables below {LARGE:,} rows are mostly chance. p50: one row from Python, one "
        "thread, arms in turns; × is to our int8 model at the chosen k. LightGBM reads a row of "
        "float64 with categories as codes through its single-row-fast C call, scikit-learn a frame "
        "of one row, ours a list with categories as text. Tuned: the best of "
        f"{TRIALS} random configurations by validation loss (leaves, learning rate, rows a leaf, "
        f"columns, L2; none begun after {SECONDS:.0f} s), fitted again on all rows. Bytes: our "
        "bundle's file, LightGBM's text, of scikit-learn the weights."
    )


def _row(arm: Arm, of: TableSummary) -> list[str]:
    digits, chosen = of.shown.digits, of.arms.get(OURS)
    is_reference = arm.arm == LIGHTGBM or arm.difference is None
    columns = "–".join(dict.fromkeys(map(str, (arm.columns[0], arm.columns[-1]))))
    return [
        f"**{arm.arm}**" if arm.arm.startswith("Slipstream") else arm.arm,
        f"{arm.score:.{digits}f}",
        "" if is_reference else f"{arm.difference:+.2f}",
        "" if is_reference else f"{arm.better}, {arm.worse}",
        f"{arm.p50_us:,.2f}",
        "" if chosen is None else f"{arm.p50_us / chosen.p50_us:,.1f}",
        f"{arm.all_seconds:,.1f}",
        f"{arm.size_bytes:,}",
        columns,
        "; ".join(arm.notes),
    ]


def _stages(tables: Sequence[TableSummary]) -> str:
    arms = {each.table: each.arms[OURS] for each in tables if OURS in each.arms}
    stages = list(dict.fromkeys(stage for arm in arms.values() for stage in arm.seconds))
    rows = (
        [
            name,
            *(f"{arm.seconds[stage]:.1f}" if stage in arm.seconds else "" for stage in stages),
            f"{arm.all_seconds:.1f}",
        ]
        for name, arm in arms.items()
    )
    return table(["", *stages, "everything"], rows)
