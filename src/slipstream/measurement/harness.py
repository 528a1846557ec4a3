"""How latencies are taken: arms in turn, varied rows, hot and cold.

A run of the pipeline and the benchmark against other libraries both measure with this module, so
their figures mean the same thing. Arms take turns in blocks, in a new random order each round, so
that a change of the machine's speed meets them all. A block's inputs are made just before it, since
a request's row has just been parsed; arms that shared them would find them in the caches, where the
arm before has left them, and come out ahead.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipstream.measurement.timing import OtherData, Times, time_block, time_calls

__all__ = ["WARM_UP_CALLS", "Arm", "Blocks", "Timing", "table_arm", "time_cold", "time_hot"]

Timing = Callable[[Callable[[Any], Any], Sequence[Any]], Times | float]

WARM_UP_CALLS = 200
WARM_UP_SHARE = 0.1  # of a block's calls, before it: another arm has just run


@dataclass(frozen=True)
class Arm:
    """One way to get an answer.

    `call` is what is timed; `make` makes its argument from the index of one of `rows` distinct
    rows, before the clock starts.
    """

    call: Callable[[Any], Any]
    make: Callable[[int], Any]
    rows: int

    def inputs(self, chosen: NDArray[np.int64]) -> list[Any]:
        """The arguments for some rows, made now."""
        return [self.make(index) for index in chosen.tolist()]


@dataclass(frozen=True)
class Blocks:
    """The length of a block: this many calls, or as many as fit into this many seconds."""

    calls: int
    seconds: float


def table_arm(call: Callable[[Any], Any], table: Any) -> Arm:
    """An arm whose every call answers the same table of rows."""
    return Arm(call, lambda _: table, rows=1)


def time_hot(
    arms: Sequence[Arm],
    rounds: Iterable[object],
    blocks: Blocks,
    timed: Timing = time_calls,
) -> list[Times]:
    """Time calls in a row; each round gives every arm one block.

    Args:
        arms: what to time; in a round, all of them are asked rows of the same indices.
        rounds: one block of each arm for each of these.
        blocks: how long a block is.
        timed: `time_calls` times each call, `time_block` the block as a whole.

    Returns:
        Times in µs for each arm, (rounds, calls) from `time_calls`, (rounds,) from `time_block`.
    """
    random = np.random.default_rng(0)
    counts = [_block_calls(arm, blocks) for arm in arms]
    times: list[list[Times | float]] = [[] for _ in arms]
    for _ in rounds:
        order = random.permutation(min(arm.rows for arm in arms))
        for index in random.permutation(len(arms)):
            arm, count = arms[index], counts[index]
            warm_up = int(WARM_UP_SHARE * count)
            chosen = np.resize(order, warm_up + count)
            for each in arm.inputs(chosen[:warm_up]):
                arm.call(each)
            times[index].append(timed(arm.call, arm.inputs(chosen[warm_up:])))
    return [np.stack(each) for each in times]


def time_cold(arms: Sequence[Arm], rounds: Iterable[object]) -> list[Times]:
    """Time single calls, each after other data passed through the caches and its row was made.

    A busy process answers a request in this state: its row has just been parsed, all else is cold.

    Returns:
        Times in µs for each arm, (rounds,).
    """
    other, random = OtherData(), np.random.default_rng(1)
    times: list[list[Times]] = [[] for _ in arms]
    for _ in rounds:
        chosen = random.integers(min(arm.rows for arm in arms), size=1)
        for index in random.permutation(len(arms)):
            other.pass_through()
            times[index].append(time_calls(arms[index].call, arms[index].inputs(chosen)))
    return [np.concatenate(each) for each in times]


def _block_calls(arm: Arm, blocks: Blocks) -> int:
    """Warm up, for no longer than a block may take, and see how many calls fit into a block."""
    times_us: list[float] = []
    end = time.perf_counter() + blocks.seconds
    for index in range(WARM_UP_CALLS):
        times_us.append(time_block(arm.call, [arm.make(index % arm.rows)]))
        if time.perf_counter() > end:
            break
    return max(1, min(blocks.calls, int(blocks.seconds * 1e6 / np.median(times_us))))
