"""What a search found: the models that it tried, which of them are on the front, and its choice."""

import itertools
from collections.abc import Mapping, Sequence

from slipstream.artifacts.references import FeatureMask
from slipstream.artifacts.selection import Compared
from slipstream.artifacts.values import Reference, Value
from slipstream.config.budget import BudgetConfig
from slipstream.evaluation.results import LargerName
from slipstream.runtime.types import Precision
from slipstream.search.measures import as_good

__all__ = ["Found", "Point", "Trained", "choose", "cost_of", "fits", "front", "halve"]

LOOK_UP = 2500  # multiply-adds that take about as long as one column's look-up
MARGIN = 1.15  # a p99 is measured again after training, and varies by about this factor


class Trained(Compared):
    """A shape, trained for a while.

    `cost` is the work of an answer, which unlike its time is the same whenever it is measured.
    """

    k: int
    hidden: tuple[int, ...]
    cost: int


class Point(Value):
    """A variant of a trained shape, with the latency and size that were measured of its kind."""

    k: int
    hidden: tuple[int, ...]
    precision: Precision
    score: float
    latency_p50_us: float
    latency_p99_us: float
    bundle_bytes: int
    is_on_front: bool = False


class Found(Reference):
    """The choice of a search: the columns and the hidden layers of the model to train.

    `points` are what it compared, in order of latency; `trainings` how many networks it trained.
    `larger` are the scores of models that were not to be chosen, on the same rows as theirs.
    `p50_us_of_k` is the latency of int8 with the chosen hidden layers, for numbers of columns from
    the path of elimination.
    """

    mask: FeatureMask
    hidden: tuple[int, ...]
    measure: str
    points: tuple[Point, ...]
    larger: Mapping[LargerName, float] = {}
    p50_us_of_k: Mapping[int, float] = {}
    trainings: int
    seconds: float
    reason: str
    warnings: tuple[str, ...] = ()

    @property
    def shape(self) -> str:
        """The choice, and what it took."""
        layers = " x ".join(map(str, self.hidden))
        columns = f"{len(self.mask.features)} columns, hidden {layers}"
        return f"{columns}; {self.trainings} short trainings in {self.seconds:.0f} s"


def cost_of(lookups: int, widths: Sequence[int]) -> int:
    """The work of one answer, in multiply-adds.

    Args:
        lookups: how many numbers are looked up in the table.
        widths: of each hidden layer, then the number of outputs.
    """
    layers = sum(a * b for a, b in itertools.pairwise(widths))
    return lookups * (LOOK_UP + widths[0]) + layers


def front(points: Sequence[Point], *, lower_is_better: bool) -> list[bool]:
    """Which points no other is at least as good as in score and p50, and better in one."""
    sign = 1 if lower_is_better else -1
    figures = [(sign * each.score, each.latency_p50_us) for each in points]
    return [
        not any(other[0] <= own[0] and other[1] <= own[1] and other != own for other in figures)
        for own in figures
    ]


def halve(trained: Sequence[Trained], least: int) -> list[Trained]:
    """The better half, but so many at least: fronts of loss and cost first, then the least loss.

    Successive halving (Jamieson and Talwalkar 2016), by more than one aim.
    """
    kept: list[Trained] = []
    left = list(trained)
    wanted = max(least, -(-len(left) // 2))
    while left and len(kept) < wanted:
        best = [each for each in left if not any(_dominates(other, each) for other in left)]
        best.sort(key=lambda each: (each.lost, each.cost))
        kept += best[: wanted - len(kept)]
        left = [each for each in left if each not in best]
    return kept


def choose(trained: Sequence[Trained], tolerance: float) -> Trained:
    """The cheapest that is as good as the best."""
    return min(as_good(trained, tolerance), key=lambda each: (each.cost, each.lost))


def fits(p99_us: float, bundle_bytes: int, budget: BudgetConfig) -> bool:
    """Whether a model keeps within the budget of latency and size, with a margin for the clock."""
    is_fast = not budget.p99_us or p99_us * MARGIN <= budget.p99_us
    return is_fast and (not budget.size_bytes or bundle_bytes <= budget.size_bytes)


def _dominates(one: Trained, other: Trained) -> bool:
    """Whether one costs no more, and loses less by more than chance: short trainings are noisy."""
    at_least = one.lost + other.error <= other.lost and one.cost <= other.cost
    return at_least and (one.lost, one.cost) != (other.lost, other.cost)
