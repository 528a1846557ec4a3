"""Champion and challenger: may the new model replace the old one? Pure decisions."""

import numpy as np
from numpy.typing import NDArray

from slipstream.artifacts.references import DatasetRef, SplitRule
from slipstream.artifacts.values import Blob, Reference
from slipstream.evaluation.scoring import Scoring
from slipstream.measurement import intervals
from slipstream.reporting.record import Decision
from slipstream.runtime import Bundle, InputError
from slipstream.runtime.types import Task

__all__ = ["Champion", "Fit", "check_schema", "check_split", "decide"]


class Champion(Reference):
    """The current champion: its version, its file, its target's kind and labels, its split."""

    version: str
    bundle: Blob
    task: Task = "binary"
    classes: tuple[str, ...]
    split: SplitRule

    @property
    def shape(self) -> str:
        return f"version {self.version}"


class Fit(Reference):
    """The champion can be compared on today's data; `warnings`: what could not be checked."""

    warnings: tuple[str, ...] = ()

    @property
    def shape(self) -> str:
        return "columns, labels and split are the champion's"


Floats = NDArray[np.float64]


def check_schema(champion: Bundle, dataset: DatasetRef) -> None:
    """Check that the new data has what the champion reads.

    Raises:
        InputError: a column is gone or has changed its kind, or the target or its labels have.
    """
    kinds = {column.name: column.kind for column in dataset.columns}
    drift = [
        f"column {column.name!r} is gone"
        if column.name not in kinds
        else f"column {column.name!r} was {column.kind} and is {kinds[column.name]}"
        for column in champion.columns
        if kinds.get(column.name) != column.kind
    ]
    if champion.task != dataset.task:
        drift.append(f"the target was {champion.task} and is {dataset.task}")
    elif set(champion.classes) != set(dataset.classes):
        drift.append(f"the labels were {champion.classes} and are {dataset.classes}")
    if drift:
        raise InputError(
            "new data must have the columns and labels that the champion knows, however: "
            f"{'; '.join(drift)}; fix the source, or train under another model name"
        )


def check_split(champion: SplitRule, today: SplitRule) -> tuple[str, ...]:
    """Check that today's test rows cannot be rows that the champion was trained on.

    Returns:
        Warnings: what could not be checked.

    Raises:
        InputError: the split's seed, fractions or columns changed.
    """
    changes = [
        f"data.{name} was {getattr(champion, name)} and is {getattr(today, name)}"
        for name in ("seed", "test_fraction", "validation_fraction")
        if getattr(champion, name) != getattr(today, name)
    ]
    warnings: tuple[str, ...] = ()
    if champion.columns is None:
        warning = (
            "the champion's version does not say which columns its split came from: the comparison "
            "is fair only if the columns, data.drop and what counts as an identifier are as "
            "they were"
        )
        warnings = (warning,)
    else:
        then, now = set(champion.columns), set(today.columns or ())
        changes += [f"column {name!r} is new in the split" for name in sorted(now - then)]
        changes += [f"column {name!r} is no longer in the split" for name in sorted(then - now)]
    if changes:
        raise InputError(
            "rows must be split as the champion's were, because it must not be tested on rows it "
            f"was trained on, however: {'; '.join(changes)}; change it back (data.drop takes a "
            "column out of the split), or train under another model name"
        )
    return warnings


def decide(
    scoring: Scoring,
    *,
    guess_losses: Floats,
    champion_losses: Floats | None,
    challenger_losses: Floats,
    weights: Floats | None = None,
) -> Decision:
    """Promote a challenger that is better than guessing, and surely better than the champion.

    Args:
        scoring: what the losses are called, and their unit.
        guess_losses: of a model that has learned nothing, on each test row (N,).
        champion_losses: of the champion, on the same rows (N,); None if there is no champion.
        challenger_losses: of the challenger, on the same rows (N,).
        weights: of these rows (N,), of mean 1; None if all count alike.
    """
    unit = scoring.loss_unit
    rows = 1.0 if weights is None else weights
    lead = intervals.mean(rows * (guess_losses - challenger_losses))
    if lead.low <= 0:
        brief = "the challenger is no better than guessing"
        return Decision(
            promoted=False, reason=f"{brief}: by {lead:.4f} {unit}", brief=brief, gain=lead
        )
    if champion_losses is None:
        return Decision(promoted=True, reason="there was no champion", gain=lead)
    gain = intervals.mean(rows * (champion_losses - challenger_losses))
    better = gain.low > 0
    brief = (
        f"the challenger's {scoring.loss_name} is {'lower' if better else 'not surely lower'} than "
        "the champion's"
    )
    reason = f"{brief}: by {gain:.4f} {unit} on {len(challenger_losses):,} test rows"
    return Decision(promoted=better, reason=reason, brief=brief, gain=gain)
