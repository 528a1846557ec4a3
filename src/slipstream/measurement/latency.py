"""Latency, measured honestly: varied rows, one thread, interleaved arms, a noise floor.

Every call is timed by itself; the timer's own cost is measured beside it and not taken off. Arms
take turns in blocks, so that a change of the machine's speed meets them all. An A/A arm (one of
them again) shows how far two measurements of the same thing differ.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from slipstream.data.sampling import spread
from slipstream.measurement import intervals
from slipstream.measurement.figures import LatencyFigures
from slipstream.measurement.intervals import Interval
from slipstream.measurement.machine import Machine, this_machine
from slipstream.measurement.timing import WARM_UP_CALLS, OtherData, Times, quiet_process, time_calls
from slipstream.runtime import Predictor

__all__ = ["WARM_UP_CALLS", "Arm", "Latency", "arm", "measure", "time_hot"]

VARIED_ROWS = 2048


BLOCK_CALLS = 100


HOT_SECONDS = 1.0


LEAST_BLOCKS = 8


COLD_CALLS = 40


BATCH_ROWS = 1000


BATCHES = 5


QUANTILES = 200


@dataclass(frozen=True)
class Arm:
    """Something that answers rows, and the rows that it is asked: (N, k), each a list."""

    call: Callable[[Any], Any]
    rows: Sequence[Any]


@dataclass(frozen=True)
class Latency:
    """What was timed, by the arms' names: hot calls (blocks, calls), cold calls (calls,), in µs.

    `medians_us` is each arm's p50, over all hot calls and over every resample: whatever is said
    about p50s comes from it. `empty_us` are calls of a function that does nothing.
    """

    hot_us: Mapping[str, Times]
    medians_us: Mapping[str, Times]
    cold_us: Mapping[str, Times]
    empty_us: Times
    throughput_rows_per_s: Mapping[str, float]
    noise_ratio: Interval
    machine: Machine

    def figures(self, arm: str) -> LatencyFigures:
        """An arm's latency in short."""
        return LatencyFigures(
            p50_us=float(self.medians_us[arm][0]),
            p99_us=float(np.quantile(self.hot_us[arm], 0.99)),
            cold_p50_us=float(np.median(self.cold_us[arm])),
            throughput_rows_per_s=self.throughput_rows_per_s[arm],
        )

    def quantile(self, arm: str, share: float) -> Interval:
        """A quantile over an arm's hot calls."""
        return intervals.quantile(self.hot_us[arm], share)

    def quantiles_us(self, arm: str) -> tuple[float, ...]:
        """An arm's hot calls in brief: quantiles at equal steps, from the least to the largest."""
        points = np.linspace(0, 1, QUANTILES)
        return tuple(np.quantile(self.hot_us[arm], points).tolist())

    def p50_ratio(self, above: str, below: str) -> Interval:
        """How many times as long one arm takes as another: the quotient of their p50s."""
        return intervals.interval(self.medians_us[above] / self.medians_us[below])

    @property
    def empty_p99_us(self) -> Interval:
        """The p99 of calls that do nothing: no model's is below it."""
        return intervals.quantile(self.empty_us, 0.99)


def measure(predictors: Mapping[str, Predictor], table: pd.DataFrame, twice: str) -> Latency:
    """Measure predictors on raw rows, about two seconds in all.

    Args:
        predictors: what to measure, by name.
        table: raw rows with at least the features of each; at most 2,048 are used.
        twice: the predictor that is measured again under another name, to see the noise.
    """
    arms = {name: arm(each, table) for name, each in predictors.items()}
    empty = Arm(id, arms[twice].rows)  # a C function that takes a row and does nothing with it
    with quiet_process():
        *hot, again, nothing = time_hot([*arms.values(), arms[twice], empty], HOT_SECONDS)
        cold = _cold(list(arms.values()))
        throughput = _throughput(predictors, table)
    medians_us = {
        name: intervals.quantiles(each, 0.5) for name, each in zip(arms, hot, strict=True)
    }
    return Latency(
        hot_us=dict(zip(arms, hot, strict=True)),
        medians_us=medians_us,
        cold_us=dict(zip(arms, cold, strict=True)),
        empty_us=nothing,
        throughput_rows_per_s=throughput,
        noise_ratio=intervals.interval(intervals.quantiles(again, 0.5) / medians_us[twice]),
        machine=this_machine(
            calls=again.size, cold_calls=cold[0].size, distinct_rows=len(arms[twice].rows)
        ),
    )


def arm(predictor: Predictor, table: pd.DataFrame) -> Arm:
    """A predictor with rows of a table, as a caller in Python has them."""
    batch = _varied(predictor, table)
    rows = batch.astype(object).where(batch.notna(), None).to_numpy().tolist()
    return Arm(predictor.predict_one, rows)


def _varied(predictor: Predictor, table: pd.DataFrame) -> pd.DataFrame:
    return spread(table[predictor.features], VARIED_ROWS)


def time_hot(
    arms: Sequence[Arm], seconds: float, timed: Callable[..., Times | float] = time_calls
) -> list[Times]:
    """Time calls in a row, in blocks that rotate through the arms; µs, (blocks, calls) an arm.

    An arm with rows of its own is asked those of the same numbers as the others. Rows are made anew
    before each block, as a request's row has just been parsed: otherwise the arms that share them
    find them in the caches, where the arm before has left them, and come out ahead.

    Args:
        arms: what to time.
        seconds: how long in all.
        timed: how a block is timed; by `time_block`, what comes back is (blocks,).
    """
    random = np.random.default_rng(0)
    start = time.perf_counter()
    for each in arms:
        time_calls(each.call, _cycle(each.rows, range(WARM_UP_CALLS)))
    call_seconds = (time.perf_counter() - start) / (len(arms) * WARM_UP_CALLS)
    affordable = seconds / (LEAST_BLOCKS * len(arms) * call_seconds)
    block_calls = max(10, min(BLOCK_CALLS, int(affordable)))
    blocks: list[list[Times | float]] = [[] for _ in arms]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(blocks[0]) < LEAST_BLOCKS:
        chosen = random.integers(VARIED_ROWS, size=block_calls)
        for index in random.permutation(len(arms)):
            rows = [list(row) for row in _cycle(arms[index].rows, chosen)]
            blocks[index].append(timed(arms[index].call, rows))
    return [np.stack(each) for each in blocks]


def _cold(arms: Sequence[Arm]) -> list[Times]:
    """Time single calls, each after other data passed through the caches and its row was made.

    A busy process answers a request in this state: its row has just been parsed, all else is cold.
    """
    other, random = OtherData(), np.random.default_rng(0)
    times: list[list[Times]] = [[] for _ in arms]
    for call in range(COLD_CALLS):
        for index in random.permutation(len(arms)):
            rows = arms[index].rows
            other.pass_through()
            row = list(rows[call % len(rows)])
            times[index].append(time_calls(arms[index].call, [row]))
    return [np.concatenate(each) for each in times]


def _cycle(rows: Sequence[Any], numbers: Iterable[int]) -> list[Any]:
    return [rows[number % len(rows)] for number in numbers]


def _throughput(predictors: Mapping[str, Predictor], table: pd.DataFrame) -> dict[str, float]:
    """Rows a second of each predictor, answering tables of 1,000 rows."""
    batches = {}
    for name, each in predictors.items():
        rows = _varied(each, table)
        batches[name] = rows.iloc[np.resize(np.arange(len(rows)), BATCH_ROWS)]
    seconds: dict[str, list[float]] = {name: [] for name in predictors}
    for _ in range(BATCHES):
        for name, each in predictors.items():
            start = time.perf_counter()
            each.predict(batches[name])
            seconds[name].append(time.perf_counter() - start)
    return {name: BATCH_ROWS / float(np.median(each)) for name, each in seconds.items()}
