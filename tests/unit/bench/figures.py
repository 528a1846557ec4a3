"""Figures of a benchmark of scores that never ran."""

from bench.quality import ours, peers
from bench.quality.results import SHOWN, ArmFigures, Quality, Split
from slipstream.measurement.intervals import Interval
from slipstream.measurement.machine import Machine
from slipstream.runtime.types import Task

__all__ = ["FIVE", "INT8", "NOTHING", "arm", "quality", "split"]

INT8 = ours.name_of("int8", ours.CHOSEN)
FIVE = ours.name_of("int8", ours.FIVE)
NOTHING = Interval(estimate=0.0, low=-0.1, high=0.1)
# p50 in µs, and how much better than LightGBM's defaults, in the unit of `SHOWN`.
ARMS = {
    peers.LIGHTGBM: (8.0, 0.0),
    peers.TUNED: (25.0, 0.4),
    peers.MLP: (2000.0, -1.0),
    peers.LINEAR: (1900.0, -1.02),
    ours.name_of("float32", ours.CHOSEN): (0.38, 0.3),
    FIVE: (0.25, -2.0),
    INT8: (0.4, 0.3),
    ours.name_of("int8", ours.ALL): (0.5, 0.31),
}
START = {"binary": 0.9, "multiclass": 0.8, "regression": 20.0}


def arm(
    name: str,
    task: Task = "binary",
    *,
    gain: float = 0.0,
    difference: Interval | None = NOTHING,
    p50_us: float = 1.0,
    columns: int = 9,
) -> ArmFigures:
    """An arm whose score is so much better than where LightGBM starts."""
    shown, start = SHOWN[task], START[task]
    score = start + gain / 100 if shown.larger_is_better else start * (1 - gain / 100)
    return ArmFigures(
        arm=name,
        scores={shown.score: score},
        difference=difference,
        seconds={"ingest": 1.0, "train": 20.0},
        p50_us=Interval(estimate=p50_us, low=p50_us, high=p50_us),
        size_bytes=1000,
        columns=columns,
        note="9-64-64-1",
    )


def split(
    table: str, task: Task = "binary", seed: int = 0, rows: int = 9000, gain: float = 0.0
) -> Split:
    """All arms on one split of a table; our int8 model and the others gain so much more."""
    arms = tuple(
        arm(name, task, gain=better + (gain if name == INT8 else 0.0), p50_us=p50_us)
        for name, (p50_us, better) in ARMS.items()
    )
    parts = {"train": rows - 200, "validation": 100, "test": 100}
    return Split(table=table, task=task, seed=seed, rows=parts, columns=14, arms=arms)


def quality(*splits: Split, skipped: dict[str, str] | None = None) -> Quality:
    """A run that measured these."""
    machine = Machine(
        cpu="a CPU",
        instruction_sets=(),
        backend="numpy",
        instruction_set=None,
        threads=1,
        timer_us=0.04,
        warm_up_calls=200,
        calls=2000,
        cold_calls=0,
        distinct_rows=512,
    )
    return Quality(
        date="2026-01-01",
        machine=machine,
        versions={"lightgbm": "4"},
        skipped=skipped or {},
        splits=splits,
    )
