"""The test rows on which champion and challenger are compared: none that the champion may know."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from slipstream.artifacts.references import DatasetRef, SplitRule
from slipstream.artifacts.store import Store
from slipstream.data.snapshot import Instants, Snapshot
from slipstream.evaluation.evidence import HeldOut
from slipstream.evaluation.scoring import Scoring, scoring_at
from slipstream.reporting.record import Decision
from slipstream.runtime import Predictor
from slipstream.runtime.links import HALF

__all__ = ["MIN_ROWS", "Comparable", "comparable"]

MIN_ROWS = 50  # where rows are left out, fewer than this decide nothing

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Comparable(HeldOut):
    """Test rows, how answers to them are scored, and their times (N,) if split by time.

    `seen` is how many test rows are left out because a champion may have been fitted on them.
    """

    scoring: Scoring
    times: Instants | None
    seen: int = 0

    def unknown_to(self, champion: SplitRule) -> "Comparable":
        """The rows that are newer than all that a champion was fitted on; all, if not by time."""
        if self.times is None or champion.fitted_until is None:
            return self
        newer = self.times > np.asarray(champion.fitted_until, self.times.dtype)
        if newer.all():
            return self
        weights = None if self.weights is None else self.weights[newer]
        return replace(
            self,
            rows=self.rows[newer],
            target=self.target[newer],
            weights=weights if weights is None or not weights.any() else weights / weights.mean(),
            times=self.times[newer],
            seen=self.seen + int((~newer).sum()),
        )

    @property
    def counted(self) -> int:
        """How many rows count."""
        return len(self.target) if self.weights is None else int((self.weights > 0).sum())

    @property
    def is_too_little(self) -> bool:
        """Whether so many rows are left out that the others decide nothing."""
        return self.seen > 0 and self.counted < MIN_ROWS

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is left out of the comparison, and what that means."""
        if not self.seen:
            return ()
        known = (
            f"the split: {self.seen:,} of {self.seen + len(self.target):,} test rows are no newer "
            "than the newest row that the champion was fitted on, and are left out when the two "
            "are compared"
        )
        return (f"{known}; {self._too_few}" if self.is_too_little else known,)

    def refusal(self) -> Decision | None:
        """Keep the champion where too few rows are new to it; None where there are enough."""
        if not self.is_too_little:
            return None
        brief = f"only {self.counted:,} test rows are newer than what the champion was fitted on"
        return Decision(
            promoted=False,
            reason=f"{brief}, too few to compare the two ({MIN_ROWS} are needed); the next "
            "retraining with newer rows compares them",
            brief=brief,
        )

    def losses(self, model: Predictor) -> Floats:
        """What a model loses on each row (N,)."""
        return self.scoring.row_losses(self.target, model.predict(self.rows), self.weights)

    def guess_losses(self) -> Floats:
        """What a model that has learned nothing loses on each row (N,)."""
        guess = self.scoring.guess(self.target, self.weights)
        return self.scoring.row_losses(self.target, guess, self.weights)

    @property
    def _too_few(self) -> str:
        return (
            f"{self.counted:,} are newer, too few to compare them ({MIN_ROWS} are needed), so the "
            "champion stays this time"
        )


def comparable(dataset: DatasetRef, store: Store) -> Comparable:
    """All test rows of a snapshot."""
    snapshot = Snapshot(dataset, store)
    return Comparable(
        scoring=scoring_at(HALF, dataset.task, dataset.quantiles),
        rows=snapshot.rows("test"),
        target=snapshot.target("test").to_numpy(),
        weights=snapshot.weights("test"),
        times=snapshot.times("test"),
    )
