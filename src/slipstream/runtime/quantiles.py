"""Quantiles: a level is the share of rows whose target is at or below the answer for it."""

from collections.abc import Sequence

__all__ = ["MOST_LEVELS", "fault", "listed", "name", "names"]

MOST_LEVELS = 100
MOST_SHOWN = 9


def name(level: float) -> str:
    """What the answer for a level is called: q50 is the median, q97.5 belongs to 0.975."""
    return f"q{100 * level:.10g}"


def names(levels: Sequence[float]) -> list[str]:
    """What the answers for several levels are called, in order."""
    return [name(each) for each in levels]


def listed(levels: Sequence[float]) -> str:
    """The names of the answers, for a sentence; of many the first, the last and how many."""
    called = names(levels)
    if len(called) <= MOST_SHOWN:
        return ", ".join(called)
    return f"{called[0]} to {called[-1]} ({len(called)} quantiles)"


def fault(levels: Sequence[float]) -> str:
    """What of levels in ascending order cannot be used, in words; empty if all can."""
    if len(levels) > MOST_LEVELS:
        return f"there are {len(levels):,}"
    outside = [each for each in levels if not 0 < each < 1]
    if outside:
        return f"{outside[0]:g} is not"
    called = names(levels)
    twice = [each for each in levels if called.count(name(each)) > 1]
    return f"{twice[0]:g} is there twice" if twice else ""
