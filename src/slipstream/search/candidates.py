"""Smaller models than a run's own: shapes to try, and what was measured of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from slipstream.artifacts.values import Reference, Value
from slipstream.runtime.types import Precision

__all__ = ["Alternative", "Alternatives", "Candidate", "candidates"]


class Alternative(Value):
    """A smaller model of random weights, measured; `excess` says how it breaks the budget."""

    k: int
    hidden: tuple[int, ...]
    precision: Precision
    latency_p50_us: float
    latency_p99_us: float
    bundle_bytes: int
    excess: str


class Alternatives(Reference):
    """What would fit the budget where the run's own model does not, or else what is closest.

    `own` is the run's shape, measured in the same blocks as the smaller ones.
    """

    own: tuple[Alternative, ...]
    measured: tuple[Alternative, ...]
    conclusion: str

    @property
    def shape(self) -> str:
        fit = sum(not each.excess for each in self.measured)
        return f"{fit} of {len(self.measured)} smaller models fit the budget"


@dataclass(frozen=True)
class Candidate:
    """A shape to try."""

    k: int
    hidden: tuple[int, ...]


def candidates(k: int, hidden: Sequence[int]) -> tuple[Candidate, ...]:
    """Smaller shapes than a run's own: fewer columns, narrower layers, one layer fewer, and both.

    Columns: all k, a half, one. Layers: as they are, half as wide, a quarter, without the last.
    """
    widths = [tuple(hidden), *(tuple(max(1, each // by) for each in hidden) for by in (2, 4))]
    if len(hidden) > 1:
        widths.append(tuple(hidden[:-1]))
    shapes = (Candidate(each, width) for each in (k, max(1, k // 2), 1) for width in widths)
    return tuple(each for each in dict.fromkeys(shapes) if each != Candidate(k, tuple(hidden)))
