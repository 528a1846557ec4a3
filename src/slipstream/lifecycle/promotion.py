"""Champion and challenger: may the new model replace the old one? Pure decisions."""

import json
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from slipstream.artifacts.references import DatasetRef, SplitRule
from slipstream.artifacts.values import Blob, Reference
from slipstream.evaluation.evidence import HARDLY
from slipstream.evaluation.scoring import Scoring
from slipstream.measurement import intervals
from slipstream.measurement.intervals import Interval
from slipstream.reporting.record import Decision
from slipstream.runtime import Bundle, InputError
from slipstream.runtime.text import listing, quote
from slipstream.runtime.types import Task

__all__ = ["Champion", "Fit", "check_schema", "check_split", "decide", "knows_the_answer"]


class Champion(Reference):
    """The current champion: its version, its file, its split, and its target's kind.

    Labels have `classes`; a regression of quantiles has their levels.
    """

    version: str
    bundle: Blob
    task: Task = "binary"
    classes: tuple[str, ...]
    quantiles: tuple[float, ...] = ()
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

# What data.types says to have a column read as the champion's was.
_TYPES = {"categorical": "category", "numeric": "numeric", "datetime": "datetime"}


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
    elif champion.quantiles != dataset.quantiles:
        drift.append(f"the quantiles were {champion.quantiles} and are {dataset.quantiles}")
    if drift:
        types = {
            column.name: _TYPES[column.kind]
            for column in champion.columns
            if kinds.get(column.name, column.kind) != column.kind and column.kind in _TYPES
        }
        way_out = f"set data.types = {_as_toml(types)}, " if types else ""
        raise InputError(
            "new data must have the columns and labels that the champion knows, however: "
            f"{'; '.join(drift)}; {way_out}fix the source, or train under another model name"
        )


def _as_toml(types: Mapping[str, str]) -> str:
    pairs = (f"{json.dumps(name)} = {json.dumps(kind)}" for name, kind in types.items())
    return f"{{ {', '.join(pairs)} }}"


def check_split(champion: SplitRule, today: SplitRule) -> tuple[str, ...]:
    """Check that today's test rows cannot be rows that the champion was trained on.

    Returns:
        Warnings: what could not be checked.

    Raises:
        InputError: the split's rule, seed, fractions or columns changed, or what a time is.
    """
    changes = [
        f"data.{name} was {getattr(champion, field)} and is {getattr(today, field)}"
        for name, field in _compared(champion, today).items()
        if getattr(champion, field) != getattr(today, field)
    ]
    columns, warnings = _compare_columns(champion, today)
    if changes or columns:
        raise InputError(
            "rows must be split as the champion's were, because it must not be tested on rows it "
            f"was trained on, however: {'; '.join(changes + columns)}; change it back (data.drop "
            "takes a column out of the split), or train under another model name"
        )
    then, now = _kind_of_time(champion.fitted_until), _kind_of_time(today.tested_from)
    if today.mode == "time" and then != now:
        raise InputError(
            "by time, column data.time must hold what it held for the champion, because its test "
            f"rows must be newer than what that was fitted on, however: it held {then} and holds "
            f"{now}; change it back, or train under another model name"
        )
    return warnings


def _compared(champion: SplitRule, today: SplitRule) -> dict[str, str]:
    """What must be the same, by its name in the config: by time, only what the times mean."""
    if champion.mode != today.mode:
        return {"split": "mode"}
    column = "split_column" if today.mode == "column" else today.mode
    chance = ("seed", "test_fraction", "validation_fraction")
    return {column: "column"} | ({} if today.mode == "time" else {each: each for each in chance})


def _compare_columns(champion: SplitRule, today: SplitRule) -> tuple[list[str], tuple[str, ...]]:
    """How the hashed columns differ, and what cannot be known."""
    if champion.columns is None:
        warning = (
            "the champion's version does not say which columns its split came from: the comparison "
            "is fair only if the columns, data.drop and what counts as an identifier are as "
            "they were"
        )
        return [], (warning,)
    if today.mode == "column":
        warning = (
            f"column {quote(today.column)} says which rows are for the test: the comparison is "
            "fair only if it never names a row that the champion was trained on"
        )
        return [], (warning,)
    warnings: tuple[str, ...] = ()
    if moved := sorted({*champion.dealt, *today.dealt}):
        names = listing(moved, most=5)
        warning = (
            f"rows of {names} are so few that some may have changed parts since the champion was "
            "trained"
        )
        warnings = (warning,)
    then, now = set(champion.columns), set(today.columns or ())
    new = [f"column {name!r} is new in the split" for name in sorted(now - then)]
    gone = [f"column {name!r} is no longer in the split" for name in sorted(then - now)]
    return new + gone, warnings


def _kind_of_time(instant: str | float | None) -> str:
    return {str: "dates", int: "numbers", float: "numbers"}.get(type(instant), "neither")


def knows_the_answer(copies: Sequence[str]) -> Decision | None:
    """Keep a champion that reads copies of the answer: its score is nothing to compare with.

    Args:
        copies: columns that the champion reads, and that are left out today.
    """
    if not copies:
        return None
    brief = (
        f"the champion reads {quote(copies[0])}, which today is left out as a copy of the answer"
    )
    return Decision(
        promoted=False,
        reason=f"{brief}, so the two cannot be compared; put the column into data.keep if it is "
        "known before the answer, else train under another model name",
        brief=brief,
    )


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
        may_be = lead.estimate >= HARDLY * float((rows * guess_losses).mean())
        is_better = "is not surely better" if may_be else "is no better"
        brief = f"the challenger {is_better} than guessing by its {scoring.loss_name}"
        reason = f"{brief}: it differs from guessing's by {-lead:+.4f} {unit} a row"
        return Decision(promoted=False, reason=reason, brief=brief, gain=lead)
    if champion_losses is None:
        return Decision(promoted=True, reason="there was no champion", gain=lead)
    gain = intervals.mean(rows * (champion_losses - challenger_losses))
    brief = f"the challenger's {scoring.loss_name} {_against(gain)} than the champion's"
    by = f"by {-gain if gain.high < 0 else gain:.4f}"
    reason = f"{brief}: {by} {unit} on {len(challenger_losses):,} test rows"
    return Decision(promoted=gain.low > 0, reason=reason, brief=brief, gain=gain)


def _against(gain: Interval) -> str:
    """What a loss is that is lower by a gain, where it is surely so."""
    if gain.low > 0:
        return "is lower"
    return "is higher" if gain.high < 0 else "is not surely lower"
