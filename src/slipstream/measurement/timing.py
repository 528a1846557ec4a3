"""The clock: calls timed one by one or as a block, in a process that does nothing else."""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

__all__ = ["OtherData", "Times", "quiet_process", "time_block", "time_calls", "timer_us"]

Times = NDArray[np.float64]

OTHER_BYTES = 64 << 20  # more than the last level of cache holds of one process's data
TIMER_READINGS = 10_000


@contextmanager
def quiet_process() -> Iterator[None]:
    """One thread in numeric libraries, and no garbage collection."""
    collects = gc.isenabled()
    gc.disable()
    try:
        with threadpool_limits(1):
            yield
    finally:
        if collects:
            gc.enable()


class OtherData:
    """What a busy process reads between two calls: it leaves the caches full of something else."""

    def __init__(self) -> None:
        # Written, not only allocated: pages never written to are all one and the same in memory,
        # and reading them evicts next to nothing.
        self._data = np.ones(OTHER_BYTES // 8)

    def pass_through(self) -> None:
        """Read all of it."""
        self._data.max()


def time_calls(call: Callable[[Any], Any], inputs: Sequence[Any]) -> Times:
    """The time of each call in µs, (calls,); the timer's own cost is within."""
    now = time.perf_counter_ns
    times: list[int] = []
    keep = times.append
    for each in inputs:
        start = now()
        call(each)
        end = now()
        keep(end - start)
    return np.array(times) / 1000


def time_block(call: Callable[[Any], Any], inputs: Sequence[Any]) -> float:
    """The mean time of a call in µs, the loop's own cost within."""
    start = time.perf_counter_ns()
    for each in inputs:
        call(each)
    return (time.perf_counter_ns() - start) / len(inputs) / 1000


def timer_us() -> float:
    """What taking the time costs: the median difference of two readings, in µs."""
    now = time.perf_counter_ns
    differences = []
    for _ in range(TIMER_READINGS):
        start = now()
        end = now()
        differences.append(end - start)
    return float(np.median(differences)) / 1000
