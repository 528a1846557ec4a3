"""Champion and challenger: may the new model replace the old one? Pure decisions."""

import numpy as np
from numpy.typing import NDArray

from slipstream import intervals
from slipstream.references import DatasetRef
from slipstream.results import Decision, Interval
from slipstream.runtime import Bundle, InputError

__all__ = ["check_schema", "decide"]

Floats = NDArray[np.float64]
RESAMPLES = 2000
ROWS_A_BATCH = 100  # resamples at a time: bounds the memory


def check_schema(champion: Bundle, dataset: DatasetRef) -> None:
    """Check that the new data has what the champion reads.

    Raises:
        InputError: a column is gone or has changed its kind, or the labels are others.
    """
    kinds = {column.name: column.kind for column in dataset.columns}
    drift = [
        f"column {column.name!r} is gone"
        if column.name not in kinds
        else f"column {column.name!r} was {column.kind} and is {kinds[column.name]}"
        for column in champion.columns
        if kinds.get(column.name) != column.kind
    ]
    if set(champion.classes) != set(dataset.classes):
        drift.append(f"the labels were {champion.classes} and are {dataset.classes}")
    if drift:
        raise InputError(
            "new data must have the columns and labels that the champion knows, however: "
            f"{'; '.join(drift)}; mend the source, or train under another model name"
        )


def decide(
    *, guess_losses: Floats, champion_losses: Floats | None, challenger_losses: Floats
) -> Decision:
    """Promote a challenger that has learned something, and beats the champion beyond doubt.

    Args:
        guess_losses: log-loss of always answering the positive share, on each test row (N,).
        champion_losses: log-loss of the champion on the same rows (N,); None: there is none.
        challenger_losses: log-loss of the challenger on the same rows (N,).
    """
    lead = intervals.mean(guess_losses - challenger_losses)
    if lead.low <= 0:
        reason = f"the challenger is no better than guessing: by {_show(lead)}"
        return Decision(promoted=False, reason=reason, gain=lead)
    if champion_losses is None:
        return Decision(promoted=True, reason="there was no champion", gain=lead)
    gain = intervals.mean(champion_losses - challenger_losses)
    better = gain.low > 0
    reason = (
        f"the challenger's log-loss is {'lower' if better else 'not surely lower'} than the "
        f"champion's: by {_show(gain)} on {len(challenger_losses):,} test rows"
    )
    return Decision(promoted=better, reason=reason, gain=gain)


def _show(interval: Interval) -> str:
    return f"{interval.estimate:.4f} [{interval.low:.4f}, {interval.high:.4f}] nats"
