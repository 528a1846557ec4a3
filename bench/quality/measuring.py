"""All arms on one split of one table: fit, check, score, compare, time."""

from collections.abc import Collection, Iterator
from time import perf_counter
from typing import Any

from numpy.typing import NDArray

from bench.peer_rows import peer_rows
from bench.pipeline import start
from bench.progress import CONSOLE
from bench.quality.fitted import Fitted
from bench.quality.ours import ours
from bench.quality.peers import LIGHTGBM, LINEAR, MLP, PEERS, TUNED
from bench.quality.results import SHOWN, ArmFigures, Split
from bench.quality.teacher import TEACHER, teacher
from bench.tables import Table
from slipstream.artifacts.store import Store
from slipstream.config.parsing import parse_config
from slipstream.evaluation.scoring import SCORING
from slipstream.measurement.harness import Blocks, time_hot
from slipstream.measurement.intervals import Interval, median
from slipstream.measurement.timing import quiet_process
from slipstream.runtime.types import Task

__all__ = ["ARMS", "BLOCKS", "ROUNDS", "difference", "measure"]

# What the command line calls them.
ARMS = {
    "lightgbm": LIGHTGBM,
    "tuned": TUNED,
    "mlp": MLP,
    "linear": LINEAR,
    "teacher": TEACHER,
    "ours": "Slipstream",
}
ROUNDS = 20
BLOCKS = Blocks(calls=1000, seconds=0.02)  # as long as those of `make bench`


def measure(table: Table, seed: int, arms: Collection[str], store: Store) -> Split:
    """Fit and measure some of `ARMS` on a table, split by a seed.

    Raises:
        InputError: the table breaks a rule.
    """
    asked = {"data": {"path": table.path, "target": table.target, **table.data, "seed": seed}}
    if not {"teacher", "ours"} & set(arms):
        asked["training"] = {"distill": "off"}  # nobody would learn from a teacher
    config = parse_config(asked)
    begun = start(config, store)
    dataset = begun.dataset
    rows = peer_rows(dataset, [column.name for column in dataset.columns], store)

    def fit() -> Iterator[Fitted]:
        yield from (make(rows) for name, make in PEERS.items() if _is_in(name, arms))
        if "teacher" in arms and (found := teacher(begun, store)):
            yield found
        if "ours" in arms:
            yield from ours(begun, config, store)

    fitted = list(_reported(f"{table.name}, split {seed}", fit()))
    return Split(
        table=table.name,
        task=dataset.task,
        seed=seed,
        rows=dict(dataset.rows),
        columns=len(dataset.columns),
        arms=tuple(_figures(dataset.task, rows.test_target, fitted)),
    )


def difference(
    task: Task, target: NDArray[Any], before: NDArray[Any], after: NDArray[Any]
) -> Interval:
    """How much better the answers after are than those before, in the unit of `SHOWN`, paired."""
    scoring, shown = SCORING[task], SHOWN[task]
    if shown.larger_is_better:
        return _times(100, scoring.changes(target, before, after, accuracy=True)[shown.score])
    change = scoring.baseline_change(target, before, after, None)
    reference = scoring.quality(target, before, None)["test_relative_rmse"]
    return -_times(100 / reference, change)


def _times(factor: float, interval: Interval) -> Interval:
    low, estimate, high = (
        factor * each for each in (interval.low, interval.estimate, interval.high)
    )
    return Interval(estimate=estimate, low=low, high=high)


def _is_in(name: str, arms: Collection[str]) -> bool:
    return name in {ARMS[each] for each in arms}


def _reported(what: str, fitted: Iterator[Fitted]) -> Iterator[Fitted]:
    """Say what each took, and check its one-row call."""
    begun = perf_counter()
    for each in fitted:
        each.check()
        CONSOLE.print(f"{what}: {each.name}, {perf_counter() - begun:.1f} s", highlight=False)
        yield each
        begun = perf_counter()


def _figures(task: Task, target: NDArray[Any], fitted: list[Fitted]) -> Iterator[ArmFigures]:
    with quiet_process():
        times = time_hot([each.one_row for each in fitted], range(ROUNDS), BLOCKS)
    reference = {each.name: each.answers for each in fitted}.get(LIGHTGBM)
    for each, taken in zip(fitted, times, strict=True):
        yield ArmFigures(
            arm=each.name,
            scores=dict(SCORING[task].quality(target, each.answers, None)),
            difference=None
            if reference is None
            else difference(task, target, reference, each.answers),
            seconds=dict(each.seconds),
            p50_us=median(taken),
            size_bytes=each.size_bytes,
            columns=each.columns,
            note=each.note,
        )
