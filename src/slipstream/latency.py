"""Latency, measured honestly: varied rows, one thread, interleaved arms, a noise floor.

Every call is timed by itself; the timer's own cost is measured beside it and not taken off. Arms
take turns in blocks, so that a change of the machine's speed meets them all. An A/A arm (int8
again) shows how far two measurements of the same thing differ.
"""

import gc
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from threadpoolctl import threadpool_limits

from slipstream.results import Interval, Machine
from slipstream.runtime import Predictor, backend, instruction_set
from slipstream.runtime.types import Precision
from slipstream.snapshot import spread

__all__ = [
    "EVICTION_BYTES",
    "Latency",
    "measure",
    "median_ratio",
    "quantile",
    "this_machine",
    "without_garbage_collection",
]

Times = NDArray[np.float64]
Arm = Callable[[Any], float]

VARIED_ROWS = 2048
WARM_UP_CALLS = 200
BLOCK_CALLS = 100
HOT_SECONDS = 0.7
LEAST_BLOCKS = 8
COLD_CALLS = 40
EVICTION_BYTES = 64 << 20  # more than the last level of cache holds of one process's data
RESAMPLES = 200
BATCH_ROWS = 1000
BATCHES = 5
QUANTILES = 200
INSTRUCTION_SETS = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "asimd", "asimddp", "i8mm")


@dataclass(frozen=True)
class Latency:
    """The measured figures; `metrics` has MLflow's keys."""

    metrics: Mapping[Precision, Mapping[str, float]]
    p50_us: Mapping[Precision, Interval]
    p99_us: Mapping[Precision, Interval]
    p50_ratio: Interval
    noise_ratio: Interval
    quantiles_us: Mapping[Precision, tuple[float, ...]]
    machine: Machine


def measure(predictors: Mapping[Precision, Predictor], table: pd.DataFrame) -> Latency:
    """Measure both variants on raw rows, about 1.5 seconds in all.

    Args:
        predictors: the float32 and the int8 predictor.
        table: raw rows with at least their features; at most 2,048 are used.
    """
    features = predictors["int8"].features
    sample = spread(table[features], VARIED_ROWS)
    rows = sample.astype(object).where(sample.notna(), None).to_numpy().tolist()
    arms = [predictors["float32"].predict_one, predictors["int8"].predict_one]
    with threadpool_limits(1), without_garbage_collection():
        hot = _hot([*arms, arms[1]], rows)  # three arms of (blocks, calls), in µs
        cold = _cold(arms, rows)
        throughput = _throughput([each.predict for each in predictors.values()], sample)
        timer_us = float(np.median(_time_calls(_no_answer, rows[:1] * WARM_UP_CALLS)))
    p50 = {each: quantile(hot[index], 0.5) for index, each in enumerate(predictors)}
    p99 = {each: quantile(hot[index], 0.99) for index, each in enumerate(predictors)}
    points = np.linspace(0, 1, QUANTILES)
    return Latency(
        metrics={
            precision: {
                "latency_p50_us": p50[precision].estimate,
                "latency_p99_us": p99[precision].estimate,
                "latency_cold_p50_us": float(np.median(cold[index])),
                "throughput_rows_per_s": throughput[index],
            }
            for index, precision in enumerate(predictors)
        },
        p50_us=p50,
        p99_us=p99,
        p50_ratio=median_ratio(hot[1], hot[0]),
        noise_ratio=median_ratio(hot[2], hot[1]),
        quantiles_us={
            precision: tuple(np.quantile(hot[index], points).tolist())
            for index, precision in enumerate(predictors)
        },
        machine=this_machine(timer_us, hot[0].size, cold[0].size),
    )


def _hot(arms: Sequence[Arm], rows: Sequence[Any]) -> list[Times]:
    """Time calls in a row, in blocks that rotate through the arms."""
    random = np.random.default_rng(0)
    start = time.perf_counter()
    for arm in arms:
        _time_calls(arm, [rows[index % len(rows)] for index in range(WARM_UP_CALLS)])
    call_seconds = (time.perf_counter() - start) / (len(arms) * WARM_UP_CALLS)
    affordable = HOT_SECONDS / (LEAST_BLOCKS * len(arms) * call_seconds)
    block_calls = max(10, min(BLOCK_CALLS, int(affordable)))
    blocks: list[list[Times]] = [[] for _ in arms]
    end = time.perf_counter() + HOT_SECONDS
    while time.perf_counter() < end or len(blocks[0]) < LEAST_BLOCKS:
        chosen = [rows[index] for index in random.integers(len(rows), size=block_calls)]
        for arm in random.permutation(len(arms)):
            blocks[arm].append(_time_calls(arms[arm], chosen))
    return [np.stack(each) for each in blocks]


def _cold(arms: Sequence[Arm], rows: Sequence[Any]) -> list[Times]:
    """Time single calls, each after the core's caches were filled with something else."""
    other = np.zeros(EVICTION_BYTES // 8)
    times: list[list[Times]] = [[] for _ in arms]
    for call in range(COLD_CALLS):
        for index, arm in enumerate(arms):
            other.max()
            times[index].append(_time_calls(arm, [rows[call % len(rows)]]))
    return [np.concatenate(each) for each in times]


def _time_calls(arm: Arm, rows: Sequence[Any]) -> Times:
    now = time.perf_counter_ns
    times = np.empty(len(rows))
    for index, row in enumerate(rows):
        start = now()
        arm(row)
        times[index] = now() - start
    return times / 1000


def _no_answer(_: Any) -> float:
    return 0.0


def _throughput(arms: Sequence[Callable[[Any], Any]], sample: pd.DataFrame) -> list[float]:
    """Rows a second of each arm, answering tables of 1,000 rows."""
    batch = sample.iloc[np.resize(np.arange(len(sample)), BATCH_ROWS)]
    seconds: list[list[float]] = [[] for _ in arms]
    for _ in range(BATCHES):
        for index, arm in enumerate(arms):
            start = time.perf_counter()
            arm(batch)
            seconds[index].append(time.perf_counter() - start)
    return [BATCH_ROWS / float(np.median(each)) for each in seconds]


def quantile(times: Times, share: float) -> Interval:
    """A quantile over all calls, with its 95 % bootstrap interval over blocks (blocks, calls)."""
    random = np.random.default_rng(0)
    resampled = [
        np.quantile(times[random.integers(len(times), size=len(times))], share)
        for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Interval(estimate=float(np.quantile(times, share)), low=float(low), high=float(high))


def median_ratio(above: Times, below: Times) -> Interval:
    """Median ratio of two arms' block medians, with its 95 % bootstrap interval over blocks."""
    ratios = np.median(above, axis=1) / np.median(below, axis=1)
    interval = stats.bootstrap(
        (ratios,), np.median, n_resamples=2000, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    return Interval(
        estimate=float(np.median(ratios)), low=float(interval.low), high=float(interval.high)
    )


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Collect garbage now, and not while a block runs."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def this_machine(timer_us: float, calls: int, cold_calls: int) -> Machine:
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
        timer_us=timer_us,
        warm_up_calls=WARM_UP_CALLS,
        calls=calls,
        cold_calls=cold_calls,
    )
