"""How many columns a model needs: the path of elimination as rows of a table, and as a figure."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from slipstream.artifacts.references import FeatureMask, PathStep
from slipstream.runtime.text import listing

__all__ = ["PATH_TITLES", "about_path", "path_figure", "path_rows"]

PATH_TITLES = ("columns", "left out", "validation score", "lost")
MOST_ROWS = 20
MOST_NAMES = 3


def path_rows(mask: FeatureMask) -> list[tuple[str, ...]]:
    """The path from one column up: how many, which went last, the score, and what is lost."""
    kept = len(mask.features)
    return [
        (
            f"{step.k:,}{' (kept)' if step.k == kept else ''}",
            listing(list(step.dropped), most=MOST_NAMES),
            f"{step.score:.4f}",
            f"{step.lost:.4f} ± {step.error:.4f}",
        )
        for step in _thinned(mask.path, kept)
    ]


def about_path(mask: FeatureMask) -> str:
    """What the table's figures are."""
    return (
        f"{mask.measure} on validation rows, of one network that is kept from seeing the columns "
        "left out; lost: against the best of the path, ± one standard error. A network trained on "
        "so few columns does better"
    )


def path_figure(mask: FeatureMask) -> Figure:
    """The validation score at each number of columns."""
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    sizes, scores = [step.k for step in mask.path], [step.score for step in mask.path]
    axes.errorbar(
        sizes, scores, [step.error for step in mask.path], marker="o", color="#0072b2", capsize=2
    )
    axes.axvline(len(mask.features), color="#d55e00", linestyle="--", label="kept")
    axes.set(
        xlabel="columns that the network sees",
        ylabel=f"{mask.measure} on validation rows",
        title=f"Backward elimination: {len(mask.features)} of {len(mask.scores)} columns kept",
    )
    axes.legend()
    axes.grid(alpha=0.3)
    return figure


def _thinned(path: Sequence[PathStep], kept: int) -> list[PathStep]:
    """At most so many steps, the fewest columns first: the kept one, and those of few columns."""
    ascending = sorted(path, key=lambda step: step.k)
    step = -(-len(ascending) // MOST_ROWS)
    return [
        each
        for place, each in enumerate(ascending)
        if place % step == 0 or each.k == kept or place == len(ascending) - 1
    ]
