from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipstream.artifacts.references import FeatureMask
from slipstream.artifacts.selection import PathStep
from slipstream.artifacts.store import Store
from slipstream.config.budget import BudgetConfig
from slipstream.config.data import DataConfig
from slipstream.config.features import FeaturesConfig
from slipstream.config.search import SearchConfig
from slipstream.data.ingestion import ingest
from slipstream.features import selection
from slipstream.features.notes import noise_notes, twin_notes
from slipstream.features.preprocessing import preprocess
from slipstream.search.elimination import choose_k, eliminate
from slipstream.search.search import sensible
from slipstream.search.shapes import Asked

ROWS = 4000
TARGETS = ("label", "number", "three labels")


def mask_of(columns: dict[str, object], folder: Path, k: int = 0, **data: object) -> FeatureMask:
    """What elimination keeps of a table whose target `y` is among the columns."""
    path = folder / "rows.parquet"
    pd.DataFrame(columns).to_parquet(path)
    store = Store(folder / "store")
    dataset = ingest(DataConfig(path=str(path), target="y", **data), store)
    prepared = preprocess(dataset, "piecewise", 24, store)
    return eliminate(prepared, None, FeaturesConfig(k=k, method="elimination"), 0.001, store)


def redundant(kind: str = "label") -> dict[str, object]:
    """Two columns that decide, together only, a copy of one with noise, and noise."""
    random = np.random.default_rng(3)
    x, y, *noise = random.normal(size=(5, ROWS))
    signal = 2 * x * np.sign(y) + x
    target = {
        "label": np.where(signal + random.normal(0, 0.3, ROWS) > 0, "yes", "no"),
        "number": signal + random.normal(0, 0.3, ROWS),
        "three labels": np.array(["a", "b", "c"])[np.digitize(signal, [-1, 1])],
    }[kind]
    columns = {"copy": x + random.normal(0, 0.2, ROWS), "noise a": noise[0], "x": x, "y sign": y}
    return {**columns, "noise b": noise[1], "y": target}


@pytest.mark.parametrize("kind", TARGETS)
def test_the_real_columns_of_a_redundant_table_are_found(kind: str, tmp_path: Path) -> None:
    """Two columns that matter together only are kept, and noise is not."""
    mask = mask_of(redundant(kind), tmp_path)
    assert {"x", "y sign"} <= set(mask.features) <= {"copy", "x", "y sign"}
    assert mask.at(2).features == ["x", "y sign"]


def test_quantiles_are_selected_for_too(tmp_path: Path) -> None:
    """The measure of quantiles is their pinball loss; the columns are the same."""
    mask = mask_of(redundant("number"), tmp_path, quantiles=[0.1, 0.5, 0.9])
    assert mask.measure == "relative pinball loss"
    assert mask.at(2).features == ["x", "y sign"]
    assert not any("noise" in each for each in mask.features)


def test_the_path_goes_from_all_columns_down_to_one(tmp_path: Path) -> None:
    """Each step has fewer columns, each but the last column goes once, and masks are nested."""
    mask = mask_of(redundant(), tmp_path)
    sizes = [step.k for step in mask.path]
    assert sizes == sorted(sizes, reverse=True) == [5, 4, 3, 2, 1]
    dropped = [name for step in mask.path for name in step.dropped]
    assert len(set(dropped)) == len(dropped) == 4
    smaller: set[str] = set()
    for k in reversed(sizes):
        kept = set(mask.at(k).features)
        assert len(kept) == k
        assert smaller < kept
        smaller = kept


def test_columns_beyond_what_a_model_can_hold_are_on_no_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They go first, so that no number of columns brings them back."""
    monkeypatch.setattr(selection, "MAX_FEATURES", 3)
    mask = mask_of(redundant(), tmp_path)
    assert [step.k for step in mask.path] == [3, 2, 1]
    assert len(mask.path[0].dropped) == 2
    assert [len(mask.at(k).features) for k in (3, 2, 1)] == [3, 2, 1]


def test_exact_copies_cost_nothing(tmp_path: Path) -> None:
    """Of two identical columns one stays, and the note says that the other is its twin."""
    random = np.random.default_rng(1)
    x, z, noise = random.normal(size=(3, ROWS))
    target = np.where(x + z + noise > 0, "yes", "no")
    mask = mask_of({"again": x, "x": x, "z": z, "y": target}, tmp_path)
    assert len({"again", "x"} & set(mask.features)) == 1
    assert [each for each in twin_notes(mask) if "one of them is enough" in each] != []


def test_k_is_kept_and_noise_in_it_is_named(tmp_path: Path) -> None:
    """K = 4 keeps four columns, and says which of them are no better than noise."""
    mask = mask_of(redundant(), tmp_path, k=4)
    assert len(mask.features) == 4
    (note,) = noise_notes(mask)
    assert "no better than noise" in note
    assert "'noise " in note
    assert "'y sign'" not in note


def test_nothing_to_learn_is_said(tmp_path: Path) -> None:
    """Where the target is chance, elimination warns as scoring does."""
    random = np.random.default_rng(0)
    noise = {name: random.normal(size=400) for name in "abc"}
    mask = mask_of({**noise, "y": random.choice(["yes", "no"], 400)}, tmp_path)
    assert any("no column is better than noise" in each for each in noise_notes(mask))


def test_a_number_with_which_the_loss_is_worse_is_not_chosen() -> None:
    """However little score is lost. The search tries smaller ones too, in case they do better."""
    path = [
        PathStep(k=k, dropped=(), loss=0, score=1, lost=0, error=0, is_worse=k < 3)
        for k in range(5, 0, -1)
    ]
    assert choose_k(path, 0.001) == 3
    assert sensible(path, Asked(SearchConfig(), BudgetConfig(), most=0)) == [3, 1]


@given(
    st.lists(st.floats(0, 0.1), min_size=1, max_size=20),
    st.floats(0, 0.2),
    st.floats(0, 0.05),
)
def test_k_is_the_smallest_within_tolerance_or_noise(
    losses: list[float], error: float, tolerance: float
) -> None:
    """What is chosen loses no more than is allowed, and everything smaller does."""
    losses[0] = 0.0  # some step is the best
    path = [
        PathStep(k=len(losses) - place, dropped=(), loss=0, score=0, lost=lost, error=error)
        for place, lost in enumerate(losses)
    ]
    k = choose_k(path, tolerance)
    limit = max(tolerance, error / 2)
    assert next(step for step in path if step.k == k).lost <= limit
    assert all(step.lost > limit for step in path if step.k < k)
