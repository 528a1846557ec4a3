from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipstream.artifacts.references import PARTS, ColumnSchema
from slipstream.artifacts.store import Store
from slipstream.config.parsing import parse_config
from slipstream.data.ingestion import ingest
from slipstream.data.snapshot import Snapshot
from slipstream.features import preprocessing
from slipstream.features.edges import TrainingTarget
from slipstream.features.preprocessing import (
    fit_column,
    load_columns,
    normalise,
)
from slipstream.runtime import load_file
from tests.conftest import Trained, train_on

NUMBER = ColumnSchema(name="x", kind="numeric")
WORD = ColumnSchema(name="w", kind="categorical")


def fit_number(values: list[float], bins: int = 1):
    series = pd.Series(values, dtype=float)
    target = np.arange(len(series)) % 2
    return fit_column(NUMBER, series, TrainingTarget(target, "binary"), bins)


def test_minmax_maps_the_training_range_to_0_and_1() -> None:
    """Plain min-max: the smallest value is 0, the largest 1, the middle in between."""
    column = fit_number([10, 20, 15, 12.5])
    z = normalise(column, pd.Series([10, 20, 15, 12.5]))
    np.testing.assert_allclose(z, [0, 1, 0.5, 0.25])


def test_outliers_do_not_squeeze_the_rest() -> None:
    """One absurd value in five hundred leaves the others where they were, and saturates."""
    values = [float(value % 100) for value in range(500)] + [1e12]
    z = normalise(fit_number(values), pd.Series([0.0, 50.0, 99.0, 1e12, -1e12]))
    np.testing.assert_allclose(z, [0, 50 / 99, 1, 1, 0], atol=0.02)


@given(
    st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=60),
    st.sampled_from([1, 4, 24]),
    st.lists(st.floats(allow_nan=False), min_size=1, max_size=10),
)
def test_normalised_numbers_stay_in_order_within_0_and_1(
    train: list[float], bins: int, values: list[float]
) -> None:
    """Whatever was trained on, every value lands in [0, 1], in order, infinities included."""
    column = fit_number(train, bins)
    assert (np.diff(column.edges) > 0).all()
    z = normalise(column, pd.Series(sorted(values)))
    assert ((z >= 0) & (z <= 1)).all()
    assert (np.diff(z) >= 0).all()


def test_bins_follow_the_target() -> None:
    """Piecewise edges lie where the target changes, and there are at most as many as asked."""
    values = np.linspace(0, 100, 1000)
    target = ((values > 30) & (values < 40)).astype(int)
    column = fit_column(NUMBER, pd.Series(values), TrainingTarget(target, "binary"), 8)
    assert len(column.edges) <= 9
    for place in (30, 40):
        assert np.abs(column.edges - place).min() < 0.2


@pytest.mark.parametrize("task", ["regression", "quantiles"])
@pytest.mark.parametrize("unit", [1e-30, 1e-12, 1e-8, 1e12, 1e29])
def test_bins_do_not_depend_on_the_unit_of_the_target(task: str, unit: float) -> None:
    """Amounts in grams and in gigatonnes, seconds and nanoseconds, are learned alike."""
    values = pd.Series(np.linspace(0, 100, 1000))
    noise = np.random.default_rng(0).normal(size=1000)
    numbers = np.where(values > 30, 9.0, 1.0) + np.where(values > 60, 4.0, 0) + noise
    edges, others = (
        fit_column(NUMBER, values, TrainingTarget(numbers * each, task), 4).edges
        for each in (1, unit)
    )
    assert np.abs(edges - 30).min() < 0.2
    assert np.array_equal(edges, others)


def test_bins_of_quantiles_follow_the_spread_too() -> None:
    """Where a column moves the spread only, its edges are where the spread changes."""
    random = np.random.default_rng(0)
    values = random.uniform(0, 1, 4000)
    numbers = random.normal(size=4000) * np.where(values < 0.7, 1, 6)
    schema = ColumnSchema(name="x", kind="numeric")
    target = TrainingTarget(numbers, "quantiles")
    edges = fit_column(schema, pd.Series(values), target, bins=2).edges
    assert edges is not None
    assert edges[1:-1] == pytest.approx([0.7], abs=0.01)


def test_missing_values_are_explicit() -> None:
    """Missing stays apart from every number, and the column remembers whether it saw any."""
    column = fit_number([1.0, np.nan, 3.0])
    assert column.allows_missing
    assert np.isnan(normalise(column, pd.Series([np.nan]))).all()
    assert not fit_number([1.0, 3.0]).allows_missing
    assert np.isnan(normalise(fit_number([1.0, 3.0]), pd.Series([np.nan]))).all()


def test_categories_have_slots_for_unknown_and_missing() -> None:
    """Codes are the sorted training categories, then unknown, then missing."""
    words = pd.Series(["b", "a", "b"], dtype=object)
    column = fit_column(WORD, words, TrainingTarget(np.zeros(3, int), "binary"), 24)
    codes = normalise(column, pd.Series(["a", "b", "c", None], dtype=object))
    assert codes.tolist() == [0, 1, 2, 3]


def test_columns_without_training_values_can_be_fitted() -> None:
    """A column that is empty or constant in the training part still normalises."""
    for values in ([np.nan, np.nan], [5.0, 5.0]):
        z = normalise(fit_number(values, 24), pd.Series([5.0, 7.0]))
        assert ((z >= 0) & (z <= 1)).all()


def test_a_model_takes_missing_values_that_only_test_rows_have(tmp_path: Path) -> None:
    """Where the data misses values outside the training part, the model accepts missing ones."""
    from slipstream.evaluation.benchmark import benchmark

    random = np.random.default_rng(1)
    frame = pd.DataFrame({"a": random.normal(size=300), "b": random.normal(size=300)})
    frame["y"] = (frame["a"] > 0).astype(int)
    path = tmp_path / "t.csv"
    frame.to_csv(path, index=False)
    config = parse_config({"data": {"path": str(path), "target": "y"}, "training": {"epochs": 1}})
    store = Store(tmp_path / "store")
    rows = Snapshot(ingest(config.data, store), store).rows("test")
    frame.loc[frame["a"] == rows["a"].iloc[0], "b"] = np.nan
    frame.to_csv(path, index=False)
    trained = train_on(config, store)
    train = Snapshot(trained.dataset, store).rows("train")
    if not train["b"].isna().any():  # the row's part follows its cells, and may have changed
        assert benchmark(trained.dataset, trained.bundles, store).test_rows > 0
    model = load_file(store.path(trained.bundles.int8.file))
    assert 0 <= model.predict_one({"a": 1.0}) <= 1


def test_only_the_training_part_is_fitted(mixed: Trained) -> None:
    """Edges and categories come from training rows: no other part reaches beyond [0, 1]."""
    train = Snapshot(mixed.dataset, mixed.store).rows("train")
    for column in load_columns(mixed.prepared, mixed.store):
        if column.edges is None:
            assert set(column.categories) == set(train[column.name].dropna())
        elif column.kind == "numeric":
            assert column.edges[0] >= train[column.name].min()
            assert column.edges[-1] <= train[column.name].max()
    prepared = Snapshot(mixed.prepared, mixed.store)
    assert {part: len(prepared.rows(part)) for part in PARTS} == mixed.dataset.rows


@pytest.mark.parametrize("kind", ["numeric", "boolean", "categorical"])
def test_fitted_columns_survive_the_store(mixed: Trained, kind: str) -> None:
    """A fitted column of every kind is read back as it was written."""
    columns = load_columns(mixed.prepared, mixed.store)
    assert any(column.kind == kind for column in columns)


def test_categories_beyond_the_most_are_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rarest are unknown, and what is prepared names the column."""
    codes = np.random.default_rng(0).integers(0, 300, 3000)
    frame = pd.DataFrame({"zip": [f"z{code}" for code in codes], "y": codes % 2})
    frame.to_csv(tmp_path / "t.csv", index=False)
    config = parse_config({"data": {"path": str(tmp_path / "t.csv"), "target": "y"}})
    store = Store(tmp_path / "store")
    dataset = ingest(config.data, store)
    assert preprocessing.preprocess(dataset, "piecewise", 64, store).cut == ()
    monkeypatch.setattr(preprocessing, "MAX_CATEGORIES", 100)
    prepared = preprocessing.preprocess(dataset, "piecewise", 64, store)
    assert prepared.cut == ("zip",)
    (column,) = preprocessing.load_columns(prepared, store)
    assert len(column.categories) == 100
