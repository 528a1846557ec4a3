"""What the stage `teach` returns."""

from collections.abc import Mapping
from typing import Any

from slipstream.artifacts.values import Blob, Reference

__all__ = ["TeacherRef"]


class TeacherRef(Reference):
    """What a larger model answers for every row, which a network learns from.

    `answers` has, on the scale of an answer, "answers" (N, O) of every row of the snapshot: those
    of the training part out of fold, all others the mean of the models of the folds. Unless there
    are very many labels, "peer" (T, O) are the answers of LightGBM with its defaults for the test
    part, and "early_peer" (V, O) those for the validation part, of one that was not fitted to it.
    `synthetic` has rows as in the prepared table and their answers, "soft 0", "soft 1" and so on.
    `final_answers` and `final_synthetic` are those of a teacher that was fitted to the validation
    part too, out of fold for both parts. `models` holds its trees and the peer's.

    `source` is "trained" or the file that the answers are from; `blend` is each candidate's share
    in the answers, `losses` its out-of-fold loss a row, and `loss` that of the blend, in
    `loss_unit`. `tested` is whether rows of the test part have answers, `is_trees` whether `models`
    gives them all.
    """

    answers: Blob
    final_answers: Blob
    models: Blob
    synthetic: Blob | None = None
    final_synthetic: Blob | None = None
    synthetic_rows: int = 0
    source: str = "trained"
    blend: Mapping[str, float] = {}
    losses: Mapping[str, float] = {}
    loss: float
    loss_unit: str
    tested: bool = True
    is_trees: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def shape(self) -> str:
        more = f", {self.synthetic_rows:,} synthetic rows" if self.synthetic else ""
        return f"out-of-fold loss {self.loss:.4f} {self.loss_unit}{more}"

    def to_json(self) -> dict[str, Any]:
        """What the report holds."""
        shown = {"source", "blend", "losses", "loss", "loss_unit", "synthetic_rows"}
        return self.model_dump(mode="json", include=shown)
