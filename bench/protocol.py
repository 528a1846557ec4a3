"""How times are taken: arms in turn, varied rows, per call and per block, hot and cold."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from slipstream.measurement.timing import OtherData, time_block, time_calls

__all__ = ["Arm", "Plan", "Times", "check", "cold", "hot", "progress"]

Micros = NDArray[np.float64]
Indices = NDArray[np.int64]

WARM_UP_CALLS = 200  # before the first block
BLOCK_WARM_UP_CALLS = 100  # before each block: another library has just run
CHECKED_ROWS = 256
CONSOLE = Console(stderr=True)


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    rounds: int  # blocks of each arm
    block_calls: int  # fewer where a block would take longer than `block_seconds`
    block_seconds: float
    cold_calls: int
    batch_rounds: int
    fresh_processes: int


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One way to get one answer.

    `inputs` makes the arguments of some rows before the clock runs; `call` is what is timed;
    `probability` reads the answer off what the call returned, after the clock has stopped.
    `tolerance` is how far a probability may lie from `reference` (N,).
    """

    name: str
    inputs: Callable[[Indices], list[Any]]
    call: Callable[[Any], Any]
    probability: Callable[[Any], float] = float
    reference: Micros | None = None
    tolerance: float = 1e-4
    ours: bool = False


@dataclass(frozen=True)
class Times:
    """Times of one arm in µs: each call's (rounds, calls), and each block's mean (rounds,)."""

    calls: Micros
    block_means: Micros


def check(arm: Arm) -> float:
    """The largest difference from the reference; a benchmark of a wrong model is worthless.

    Raises:
        RuntimeError: an answer differs by more than the arm's tolerance.
    """
    if arm.reference is None:
        return 0.0
    chosen = np.arange(CHECKED_ROWS)
    # The call's answer is read before the next call: some libraries reuse its memory.
    answers = [arm.probability(arm.call(each)) for each in arm.inputs(chosen)]
    difference = float(np.abs(np.array(answers) - arm.reference[chosen]).max())
    if not difference <= arm.tolerance:
        raise RuntimeError(
            f"{arm.name} must agree with the reference within {arm.tolerance}, "
            f"however: it differs by {difference}"
        )
    return difference


def hot(arms: Sequence[Arm], rows: int, plan: Plan, what: str) -> list[Times]:
    """Time calls in a row; each round, the arms take their blocks in a new order.

    Calls are timed one by one, then others as one block; no row is used twice in a turn.
    """
    random = np.random.default_rng(0)
    block_calls = [_block_calls(arm, plan) for arm in arms]
    calls: list[list[Micros]] = [[] for _ in arms]
    means: list[list[float]] = [[] for _ in arms]
    for _ in progress(range(plan.rounds), what):
        chosen = random.permutation(rows)
        for index in random.permutation(len(arms)):
            arm, count = arms[index], block_calls[index]
            warm_up, single, block = np.split(
                chosen[: BLOCK_WARM_UP_CALLS + 2 * count],
                [BLOCK_WARM_UP_CALLS, BLOCK_WARM_UP_CALLS + count],
            )
            time_block(arm.call, arm.inputs(warm_up[:count]))
            calls[index].append(time_calls(arm.call, arm.inputs(single)))
            means[index].append(time_block(arm.call, arm.inputs(block)))
    return [Times(np.stack(each), np.array(mean)) for each, mean in zip(calls, means, strict=True)]


def cold(arms: Sequence[Arm], rows: int, plan: Plan, what: str) -> list[Micros]:
    """Time single calls (calls, 1), each after other data passed through the caches.

    The row is made after it, just before the call: a request's row has just been parsed.
    """
    other = OtherData()
    random = np.random.default_rng(1)
    times: list[list[Micros]] = [[] for _ in arms]
    for _ in progress(range(plan.cold_calls), what):
        chosen = random.integers(rows, size=1)
        for index in random.permutation(len(arms)):
            other.pass_through()
            inputs = arms[index].inputs(chosen)
            times[index].append(time_calls(arms[index].call, inputs))
    return [np.stack(each) for each in times]


def progress(steps: Iterable[int], what: str) -> Iterable[int]:
    """A bar where there is a terminal, else one line; nothing where nothing is said."""
    if not CONSOLE.is_terminal and what:
        CONSOLE.print(f"bench: {what}", highlight=False)
    return track(
        steps, what, console=CONSOLE, transient=True, disable=not (what and CONSOLE.is_terminal)
    )


def _block_calls(arm: Arm, plan: Plan) -> int:
    """Warm up, and see how many calls a block can afford."""
    inputs = arm.inputs(np.arange(WARM_UP_CALLS))
    seconds = time_block(arm.call, inputs) / 1e6
    return max(20, min(plan.block_calls, int(plan.block_seconds / seconds)))
