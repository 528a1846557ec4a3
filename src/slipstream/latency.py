"""Latency, measured honestly: varied rows, one thread, interleaved arms, a noise floor.

Every call is timed by itself; the timer's own cost is measured beside it and not taken off. Arms
take turns in blocks, so that a change of the machine's speed meets them all. An A/A arm (one of
them again) shows how far two measurements of the same thing differ.
"""

import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from slipstream import intervals
from slipstream.results import Interval, Machine
from slipstream.runtime import Predictor, backend, instruction_set
from slipstream.snapshot import spread
from slipstream.timing import OtherData, Times, quiet_process, time_calls, timer_us

__all__ = ["Arm", "Latency", "arm", "measure", "this_machine", "time_hot"]

VARIED_ROWS = 2048
WARM_UP_CALLS = 200
BLOCK_CALLS = 100
HOT_SECONDS = 0.7
LEAST_BLOCKS = 8
COLD_CALLS = 40
BATCH_ROWS = 1000
BATCHES = 5
QUANTILES = 200
INSTRUCTION_SETS = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "asimd", "asimddp", "i8mm")


@dataclass(frozen=True)
class Arm:
    """Something that answers rows, and the rows that it is asked: (N, k), each a list."""

    predictor: Predictor
    batch: pd.DataFrame
    rows: Sequence[Any]


@dataclass(frozen=True)
class Latency:
    """What was timed, by the arms' names: hot calls (blocks, calls), cold calls (calls,), in µs."""

    hot_us: Mapping[str, Times]
    cold_us: Mapping[str, Times]
    throughput_rows_per_s: Mapping[str, float]
    noise_ratio: Interval
    machine: Machine

    def metrics(self, arm: str) -> dict[str, float]:
        """An arm's figures, with MLflow's keys."""
        return {
            "latency_p50_us": float(np.quantile(self.hot_us[arm], 0.5)),
            "latency_p99_us": float(np.quantile(self.hot_us[arm], 0.99)),
            "latency_cold_p50_us": float(np.median(self.cold_us[arm])),
            "throughput_rows_per_s": self.throughput_rows_per_s[arm],
        }

    def quantile(self, arm: str, share: float) -> Interval:
        """A quantile over an arm's hot calls."""
        return intervals.quantile(self.hot_us[arm], share)

    def quantiles_us(self, arm: str) -> tuple[float, ...]:
        """An arm's hot calls in brief: quantiles at equal steps, from the least to the largest."""
        points = np.linspace(0, 1, QUANTILES)
        return tuple(np.quantile(self.hot_us[arm], points).tolist())

    def p50_ratio(self, above: str, below: str) -> Interval:
        """How many times as long one arm takes as another."""
        return intervals.median_ratio(self.hot_us[above], self.hot_us[below])


def measure(predictors: Mapping[str, Predictor], table: pd.DataFrame, twice: str) -> Latency:
    """Measure predictors on raw rows, about two seconds in all.

    Args:
        predictors: what to measure, by name.
        table: raw rows with at least the features of each; at most 2,048 are used.
        twice: the predictor that is measured again under another name, to see the noise.
    """
    arms = {name: arm(each, table) for name, each in predictors.items()}
    with quiet_process():
        hot = time_hot([*arms.values(), arms[twice]], HOT_SECONDS)
        cold = _cold(list(arms.values()))
        throughput = _throughput(list(arms.values()))
    hot_us = dict(zip(arms, hot, strict=False))  # all but the repeated one
    return Latency(
        hot_us=hot_us,
        cold_us=dict(zip(arms, cold, strict=True)),
        throughput_rows_per_s=dict(zip(arms, throughput, strict=True)),
        noise_ratio=intervals.median_ratio(hot[-1], hot_us[twice]),
        machine=this_machine(
            calls=hot[0].size, cold_calls=cold[0].size, distinct_rows=len(arms[twice].rows)
        ),
    )


def arm(predictor: Predictor, table: pd.DataFrame) -> Arm:
    """A predictor with rows of a table, as a caller in Python has them."""
    batch = spread(table[predictor.features], VARIED_ROWS)
    rows = batch.astype(object).where(batch.notna(), None).to_numpy().tolist()
    return Arm(predictor, batch, rows)


def time_hot(
    arms: Sequence[Arm], seconds: float, timed: Callable[..., Times | float] = time_calls
) -> list[Times]:
    """Time calls in a row, in blocks that rotate through the arms; µs, (blocks, calls) an arm.

    An arm with rows of its own is asked those of the same numbers as the others.

    Args:
        arms: what to time.
        seconds: how long in all.
        timed: how a block is timed; by `time_block`, what comes back is (blocks,).
    """
    random = np.random.default_rng(0)
    start = time.perf_counter()
    for each in arms:
        time_calls(each.predictor.predict_one, _cycle(each.rows, range(WARM_UP_CALLS)))
    call_seconds = (time.perf_counter() - start) / (len(arms) * WARM_UP_CALLS)
    affordable = seconds / (LEAST_BLOCKS * len(arms) * call_seconds)
    block_calls = max(10, min(BLOCK_CALLS, int(affordable)))
    blocks: list[list[Times | float]] = [[] for _ in arms]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(blocks[0]) < LEAST_BLOCKS:
        chosen = random.integers(VARIED_ROWS, size=block_calls)
        for index in random.permutation(len(arms)):
            rows = _cycle(arms[index].rows, chosen)
            blocks[index].append(timed(arms[index].predictor.predict_one, rows))
    return [np.stack(each) for each in blocks]


def _cold(arms: Sequence[Arm]) -> list[Times]:
    """Time single calls, each after other data passed through the caches and its row was made.

    A busy process answers a request in this state: its row has just been parsed, all else is cold.
    """
    other, random = OtherData(), np.random.default_rng(0)
    times: list[list[Times]] = [[] for _ in arms]
    for call in range(COLD_CALLS):
        for index in random.permutation(len(arms)):
            predictor, rows = arms[index].predictor, arms[index].rows
            other.pass_through()
            row = list(rows[call % len(rows)])
            times[index].append(time_calls(predictor.predict_one, [row]))
    return [np.concatenate(each) for each in times]


def _cycle(rows: Sequence[Any], numbers: Iterable[int]) -> list[Any]:
    return [rows[number % len(rows)] for number in numbers]


def _throughput(arms: Sequence[Arm]) -> list[float]:
    """Rows a second of each arm, answering tables of 1,000 rows."""
    batches = [each.batch.iloc[np.resize(np.arange(len(each.batch)), BATCH_ROWS)] for each in arms]
    seconds: list[list[float]] = [[] for _ in arms]
    for _ in range(BATCHES):
        for index, each in enumerate(arms):
            start = time.perf_counter()
            each.predictor.predict(batches[index])
            seconds[index].append(time.perf_counter() - start)
    return [BATCH_ROWS / float(np.median(each)) for each in seconds]


def this_machine(*, calls: int, cold_calls: int, distinct_rows: int) -> Machine:
    """The CPU, what it can do, and what runs on it."""
    cpu, flags = platform.processor() or platform.machine(), set[str]()
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            cpu = value.strip()
        elif key.strip() in ("flags", "Features"):
            flags |= set(value.split())
    return Machine(
        cpu=cpu,
        instruction_sets=tuple(name for name in INSTRUCTION_SETS if name in flags),
        backend=backend,
        instruction_set=instruction_set,
        threads=1,
        timer_us=timer_us(),
        warm_up_calls=WARM_UP_CALLS,
        calls=calls,
        cold_calls=cold_calls,
        distinct_rows=distinct_rows,
    )
