"""The latency of predictors on the rows of a table, with intervals and a noise floor.

Each call is timed on its own; the timer's own cost is measured next to it and not subtracted. One
of the predictors is measured twice, from two copies in memory (an A/A comparison), which shows how
far two measurements of the same thing differ.
"""

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from slipstream.data.sampling import spread
from slipstream.measurement import intervals
from slipstream.measurement.figures import LatencyFigures
from slipstream.measurement.harness import Arm, Blocks, Timing, table_arm, time_cold, time_hot
from slipstream.measurement.intervals import Interval
from slipstream.measurement.machine import Machine, this_machine
from slipstream.measurement.timing import Times, quiet_process, time_block, time_calls
from slipstream.runtime import Predictor

__all__ = ["VARIED_ROWS", "Latency", "measure", "row_arm", "time_for"]

VARIED_ROWS = 2048
BLOCK_CALLS = 100
HOT_SECONDS = 1.0
LEAST_ROUNDS = 8
COLD_CALLS = 40
TABLE_ROWS = 1000
TABLE_ROUNDS = 5
TABLES = Blocks(calls=1, seconds=0.02)
QUANTILES = 200


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
        twice: the predictor that is measured again from a second copy, to see the noise.
    """
    arms = {name: row_arm(each, table) for name, each in predictors.items()}
    copy = Predictor(predictors[twice].bundle, backend=predictors[twice].backend)
    empty = Arm(id, arms[twice].make, arms[twice].rows)  # a C function that does nothing
    with quiet_process():
        *hot, again, nothing = time_for(HOT_SECONDS, [*arms.values(), row_arm(copy, table), empty])
        cold = time_cold(list(arms.values()), range(COLD_CALLS))
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
            calls=again.size, cold_calls=cold[0].size, distinct_rows=arms[twice].rows
        ),
    )


def row_arm(predictor: Predictor, table: pd.DataFrame) -> Arm:
    """A predictor that answers rows of a table, as lists: what a caller in Python has."""
    varied = spread(table[predictor.features], VARIED_ROWS)
    rows = varied.astype(object).where(varied.notna(), None).to_numpy().tolist()
    return Arm(predictor.predict_one, lambda index: list(rows[index]), rows=len(rows))


def time_for(seconds: float, arms: Sequence[Arm], timed: Timing = time_calls) -> list[Times]:
    """Time hot calls for so many seconds in all, or for eight rounds where those take longer.

    Blocks are short, so that the arms take many turns; `timed` and the answer are `time_hot`'s.
    """
    blocks = Blocks(BLOCK_CALLS, seconds / (LEAST_ROUNDS * len(arms)))
    return time_hot(arms, _rounds(seconds), blocks, timed)


def _rounds(seconds: float) -> Iterator[int]:
    end = time.perf_counter() + seconds
    for number in itertools.count():
        if number >= LEAST_ROUNDS and time.perf_counter() > end:
            return
        yield number


def _throughput(predictors: Mapping[str, Predictor], table: pd.DataFrame) -> dict[str, float]:
    """Rows a second of each predictor, answering tables of 1,000 rows."""
    arms = []
    for each in predictors.values():
        rows = spread(table[each.features], VARIED_ROWS)
        arms.append(table_arm(each.predict, rows.iloc[np.resize(np.arange(len(rows)), TABLE_ROWS)]))
    times_us = time_hot(arms, range(TABLE_ROUNDS), TABLES, time_block)
    return {
        name: 1e6 * TABLE_ROWS / float(np.median(each))
        for name, each in zip(predictors, times_us, strict=True)
    }
