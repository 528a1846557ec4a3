"""One row on its way through both variants, layer by layer."""

from collections.abc import Mapping
from typing import Any

from slipstream.artifacts.values import Reference, Value
from slipstream.runtime.types import Precision, Task

__all__ = ["LayerTrace", "RowTrace"]


class LayerTrace(Value):
    """One layer's values for one row, in real units."""

    name: str
    values: tuple[float, ...]


class RowTrace(Reference):
    """One test row on its way through both variants, and their answers.

    An answer is what `predict_one` gives: a number, for more than two labels the probability of
    each of `classes`, or the answer for each of `quantiles`. `label` is the truth as text.
    """

    row: Mapping[str, Any]
    label: str
    task: Task = "binary"
    classes: tuple[str, ...] = ()
    quantiles: tuple[float, ...] = ()
    layers: Mapping[Precision, tuple[LayerTrace, ...]]
    answers: Mapping[Precision, float | tuple[float, ...]]

    @property
    def shape(self) -> str:
        # Not the answer: the winner, if any, is not known yet.
        given = {
            "binary": "1 probability",
            "multiclass": f"{len(self.classes)} probabilities",
            "regression": "1 number",
            "quantiles": f"{len(self.quantiles)} quantiles",
        }
        return f"1 row x {len(self.row)} columns -> {given[self.task]}"

    def to_json(self, winner: Precision | None) -> dict[str, Any] | None:
        """The winner's trace and answer; None if no variant won."""
        if winner is None:
            return None
        return {
            "precision": winner,
            "row": dict(self.row),
            "label": self.label,
            "layers": [layer.model_dump(mode="json") for layer in self.layers[winner]],
            "answer": self.answers[winner],
        }
