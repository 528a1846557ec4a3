"""What is said of the columns that a model reads belongs to the mask it is trained with."""

import numpy as np
import pandas as pd
import pytest

from slipstream.artifacts.references import FeatureMask, PreparedRef
from slipstream.artifacts.selection import FeatureScore, PathStep
from slipstream.features import notes
from slipstream.features.notes import column_notes, noise_notes, twin_notes
from slipstream.runtime.columns import Column
from tests.unit.features.test_dates import fit

NAMES = ("best", "again", "zip", "when", "noise")  # from the one that is dropped last


def mask_at(k: int) -> FeatureMask:
    """A path on which the columns go from the last to the first: one a twin, one noise."""
    scores = tuple(
        FeatureScore(
            name=name,
            score=1.0,
            kept=True,
            is_noise=name == "noise",
            twin_of="best" if name == "again" else "",
        )
        for name in NAMES
    )
    path = tuple(
        PathStep(k=k, dropped=NAMES[k : k + 1], loss=0, score=0, lost=0, error=0)
        for k in range(len(NAMES), 0, -1)
    )
    return FeatureMask(method="elimination", scores=scores, rows=9, path=path).at(k)


def notes_at(k: int, units: int = 8) -> tuple[str, ...]:
    """All notes of the mask with k columns."""
    when = fit(pd.date_range("2025-01-01", periods=100, freq="D"))
    zips = tuple(f"{code:04}" for code in range(100))
    columns = [
        *(
            Column(name=name, kind="numeric", allows_missing=False, edges=np.array([0.0, 1.0]))
            for name in ("best", "again")
        ),
        Column(name="zip", kind="categorical", allows_missing=False, categories=zips),
        when,
        Column(
            name="noise",
            kind="numeric",
            allows_missing=False,
            edges=np.array([0.0, 1.0]),
            direction=1,
        ),
    ]
    prepared = PreparedRef.model_construct(cut=("zip",))
    return column_notes(mask_at(k), prepared, columns, units)


@pytest.mark.parametrize(
    ("says", "at"),
    [
        ("no better than noise in the training part: 'noise'; features.k = 4 leaves", {5}),
        ("column 'again' is a twin of 'best': one of them is enough", {1}),
        ("column 'when' is a date or time", {4, 5}),
        ("column 'noise' is in features.monotone and was not selected", {1, 2, 3, 4}),
        ("column 'zip' has more than 100 categories", {3, 4, 5}),
        ("column 'zip' makes the model large: 100 categories", {3, 4, 5}),
    ],
)
def test_notes_are_of_the_columns_that_are_read(
    says: str, at: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever another number of columns called for, only what holds of this one is said."""
    monkeypatch.setattr(notes, "LARGE_TABLE", 50)
    assert {k for k in range(1, 6) if any(says in each for each in notes_at(k))} == at


def test_a_large_table_is_as_large_as_its_first_layer_makes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The note counts the units that the network has."""
    monkeypatch.setattr(notes, "LARGE_TABLE", 50)
    (note,) = (each for each in notes_at(3, units=5000) if "large" in each)
    assert "with 5000 units in the first hidden layer, that is 0.5 MB as int8 and 2.0 MB" in note


def test_the_twin_that_is_kept_is_the_one_to_compare_with() -> None:
    """Where the worse of two twins is kept, the note is about the better one."""
    mask = mask_at(5)
    kept = tuple(each.model_copy(update={"kept": each.name != "best"}) for each in mask.scores)
    (note,) = twin_notes(mask.model_copy(update={"scores": kept}))
    assert note.startswith("column 'best' is a twin of 'again'")


def test_without_a_path_no_noise_is_kept_at_k_0() -> None:
    """Columns that were scored one by one are kept for their score, unless k asks for more."""
    mask = mask_at(5).model_copy(update={"path": ()})
    assert noise_notes(mask)[0].endswith("features.k = 0 leaves such columns out")
