"""What the choice of columns rests on: a score of each, and what is lost with fewer of them."""

from slipstream.artifacts.values import Value

__all__ = ["Compared", "FeatureScore", "PathStep"]


class FeatureScore(Value):
    """How important a column is.

    `is_noise` is whether it says no more of the target than chance; `twin_of` names a column that
    says the same.
    """

    name: str
    score: float
    kept: bool
    is_noise: bool = False
    twin_of: str = ""


class Compared(Value):
    """A network's validation score, and what it loses to the best that it is compared with.

    `lost` is how much of the best score is lost, `error` the standard error of that difference, and
    `is_worse` whether the mean loss rises by more than chance explains.
    """

    score: float
    lost: float
    error: float
    is_worse: bool = False


class PathStep(Compared):
    """So many columns on the path of elimination, and what a network loses without the others.

    `dropped` are the columns that went since the step before; at the first step, those beyond what
    a model can hold. `loss` is the mean of the validation rows' losses.
    """

    k: int
    dropped: tuple[str, ...]
    loss: float
