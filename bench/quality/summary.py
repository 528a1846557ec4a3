"""What the splits of a table say together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from bench.quality.results import SHOWN, ArmFigures, Quality, Shown, Split
from slipstream.measurement.intervals import Interval
from slipstream.runtime.types import Task

__all__ = ["LARGE", "Arm", "TableSummary", "across", "large", "summaries"]

LARGE = 5000  # rows: from here on, a split's score is more than noise


@dataclass(frozen=True)
class Arm:
    """An arm over the splits of a table: means with their ranges, in the units of `SHOWN`.

    `better` and `worse` count the splits whose 95 % interval of the difference excludes 0; `p50_us`
    is the median of the splits'.
    """

    arm: str
    score: Interval
    difference: Interval | None
    better: int
    worse: int
    p50_us: float
    seconds: dict[str, float]
    size_bytes: int
    columns: tuple[int, ...]
    notes: tuple[str, ...]

    @property
    def all_seconds(self) -> float:
        """Everything that it took."""
        return sum(self.seconds.values())


@dataclass(frozen=True)
class TableSummary:
    """A table, and its arms by their names."""

    table: str
    task: Task
    rows: int
    columns: int
    splits: int
    arms: dict[str, Arm]

    @property
    def shown(self) -> Shown:
        """The score that is shown."""
        return SHOWN[self.task]


def summaries(quality: Quality) -> list[TableSummary]:
    """Every table, in the order in which they were measured."""
    names = dict.fromkeys(split.table for split in quality.splits)
    return [_table([each for each in quality.splits if each.table == name]) for name in names]


def large(tables: Iterable[TableSummary]) -> list[TableSummary]:
    """The tables whose scores are worth a picture: those of many rows, or all if none has."""
    there = list(tables)
    return [each for each in there if each.rows >= LARGE] or there


def across(values: Sequence[float]) -> Interval:
    """The mean of the splits' values, with their range."""
    return Interval(estimate=fmean(values), low=min(values), high=max(values))


def _table(splits: Sequence[Split]) -> TableSummary:
    first = splits[0]
    names = dict.fromkeys(arm.arm for split in splits for arm in split.arms)
    found = {
        name: [arm for split in splits for arm in split.arms if arm.arm == name] for name in names
    }
    return TableSummary(
        table=first.table,
        task=first.task,
        rows=sum(first.rows.values()),
        columns=first.columns,
        splits=len(splits),
        arms={name: _arm(first.task, arms) for name, arms in found.items()},
    )


def _arm(task: Task, splits: Sequence[ArmFigures]) -> Arm:
    differences = [each.difference for each in splits if each.difference is not None]
    return Arm(
        arm=splits[0].arm,
        score=across([each.scores[SHOWN[task].score] for each in splits]),
        difference=across([each.estimate for each in differences]) if differences else None,
        better=sum(each.low > 0 for each in differences),
        worse=sum(each.high < 0 for each in differences),
        p50_us=median(each.p50_us.estimate for each in splits),
        seconds={
            stage: fmean(each.seconds[stage] for each in splits) for stage in splits[0].seconds
        },
        size_bytes=round(median(each.size_bytes for each in splits)),
        columns=tuple(sorted({each.columns for each in splits})),
        notes=tuple(dict.fromkeys(each.note for each in splits if each.note)),
    )
