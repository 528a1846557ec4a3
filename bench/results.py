"""The figures of one run, as they are written to `latest.json`."""

from pydantic import BaseModel, ConfigDict

from bench.plan import Kind
from slipstream.measurement.intervals import Interval
from slipstream.measurement.machine import Machine

__all__ = [
    "AcrossSets",
    "ArmFigures",
    "BatchFigures",
    "Claim",
    "ColdFigures",
    "Figures",
    "Interval",
    "StartFigures",
]


class _Figures(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ArmFigures(_Figures):
    """Hot calls of one arm. Ratios are to our int8 row of the same size; differences, to float64.

    `block_us` is the time of a call in blocks timed as a whole, without a timer between calls.
    """

    size: str
    arm: str
    ours: bool
    p50_us: Interval
    p99_us: Interval
    block_us: Interval
    ratio: Interval
    block_ratio: Interval
    calls: int
    block_calls: int
    largest_difference: float


class ColdFigures(_Figures):
    """Calls that each found the caches full of something else."""

    size: str
    arm: str
    p50_us: Interval
    ratio: Interval
    calls: int


class BatchFigures(_Figures):
    """Tables of many rows; the ratio is to the fastest ONNX Runtime arm of the same size.

    The fastest is found by the medians; the ratio is the quotient of the two.
    """

    size: str
    rows: int
    arm: str
    rows_per_s: Interval
    ratio: Interval | None


class AcrossSets(_Figures):
    """Hot calls of both variants on one instruction set; the ratio is float32 over int8.

    `noise` is int8 over itself, from a second load of the file.
    """

    instruction_set: str
    size: str
    int8_p50_us: float
    float32_p50_us: float
    ratio: Interval
    noise: Interval


class StartFigures(_Figures):
    """Fresh processes: import, load and first prediction, after `import numpy`."""

    arm: str
    median_ms: float
    longest_ms: float
    processes: int


class Claim(_Figures):
    """What was to be shown, what was found, and whether it holds (None: it was not measured)."""

    claim: str
    found: str
    holds: bool | None


class Figures(_Figures):
    """Everything that one run measured."""

    kind: Kind
    date: str
    machine: Machine
    versions: dict[str, str]
    not_installed: tuple[str, ...]
    hot: tuple[ArmFigures, ...]
    noise: dict[str, Interval]  # by size: our int8 against itself
    dicts: tuple[ArmFigures, ...]  # the ratio is to the same model's list row
    cold: tuple[ColdFigures, ...]
    batches: tuple[BatchFigures, ...]
    instruction_sets: tuple[AcrossSets, ...]
    start: tuple[StartFigures, ...]
    tensors_ratio: dict[str, float]  # float32 over int8, by size
    weights_bytes: dict[str, int]  # float32, by size
    demo_tensors_ratio: float  # int8 over float32
