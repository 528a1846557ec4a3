"""Models under `features.monotone`: no two rows that differ in the column only contradict it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from slipstream.artifacts.store import Store
from slipstream.config.parsing import parse_config
from slipstream.features.preprocessing import load_columns
from slipstream.runtime import InputError, Predictor, load_file
from tests.conftest import Trained, train_on

PAIRS = 20_000
DIRECTIONS = {"up": 1, "down": -1, "against": 1}
TARGETS = {
    "binary": {"target": "churn"},
    "regression": {"target": "price"},
    "quantiles": {"target": "price", "quantiles": [0.1, 0.5, 0.9]},
}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three columns to be monotone, one of them against what the rows show; two that are free."""
    random = np.random.default_rng(4)
    count = 1500
    frame = pd.DataFrame(
        {
            "up": random.normal(size=count).round(2),
            "down": random.integers(0, 30, count),
            "against": random.uniform(-1, 1, count),
            "free": random.normal(size=count),
            "city": random.choice(["Bonn", "Oslo", "Rome"], count),
        }
    )
    bumpy = frame["up"] + np.sin(6 * frame["up"]) * (frame["city"] == "Oslo") + frame["free"] ** 2
    level = bumpy - frame["down"] / 10 - frame["against"] + random.normal(0, 0.3, count)
    frame["price"], frame["churn"] = 40 + 5 * level, level > 0
    frame.loc[::11, "up"] = np.nan
    path = tmp_path_factory.mktemp("monotone") / "t.csv"
    frame.to_csv(path, index=False)
    return path


def fitted(table: Path, folder: Path, task: str, monotone: dict[str, int]) -> Trained:
    others = {"churn", "price"} - {TARGETS[task]["target"]}
    values = {
        "data": {"path": str(table), "drop": sorted(others), **TARGETS[task]},
        "features": {"k": 10, "monotone": monotone},
        "model": {"hidden": [16, 16]},
        "training": {"epochs": 12, "distill": "off"},
    }
    return train_on(parse_config(values), Store(folder))


@pytest.fixture(scope="module", params=list(TARGETS))
def trained(
    request: pytest.FixtureRequest, table: Path, tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    return fitted(table, tmp_path_factory.mktemp("store"), request.param, DIRECTIONS)


def predictors(trained: Trained) -> list[Predictor]:
    variants = trained.bundles.variants
    return [load_file(trained.store.path(variants[each].file)) for each in ("float32", "int8")]


def values_of(trained: Trained, name: str, count: int, seed: int) -> np.ndarray:
    """Values near edges, anywhere between and beyond them: pairs are often close to each other."""
    random = np.random.default_rng(seed)
    column = {each.name: each for each in load_columns(trained.prepared, trained.store)}[name]
    edges = column.edges
    assert edges is not None
    chosen = random.choice(edges, count)
    kinds = [
        chosen,
        np.nextafter(chosen, random.choice([-np.inf, np.inf], count)),
        chosen + 1e-6 * random.normal(size=count),
        random.uniform(edges[0] - 1, edges[-1] + 1, count),
        random.choice([-np.inf, -1e300, 1e300, np.inf], count),
    ]
    return np.choose(random.integers(0, len(kinds), count), kinds)


def rows_of(trained: Trained, count: int) -> pd.DataFrame:
    random = np.random.default_rng(1)
    numbers = {
        each: values_of(trained, each, count, seed)
        for seed, each in enumerate((*DIRECTIONS, "free"))
    }
    return pd.DataFrame({**numbers, "city": random.choice(["Bonn", "Oslo", "Paris"], count)})


def violations(trained: Trained, model: Predictor, name: str, count: int) -> int:
    """How many of random pairs of rows, alike but for one column, contradict its direction."""
    rows = rows_of(trained, count)
    near = np.where(
        np.random.default_rng(2).random(count) < 0.5,
        np.nextafter(rows[name], np.inf),
        values_of(trained, name, count, seed=9),
    )
    lower, upper = np.minimum(rows[name], near), np.maximum(rows[name], near)
    answers = [
        model.predict(rows.assign(**{name: each})[model.features]) for each in (lower, upper)
    ]
    rise = DIRECTIONS[name] * (answers[1] - answers[0])
    return int((rise < 0).sum())


@pytest.mark.parametrize("name", list(DIRECTIONS))
def test_no_pair_contradicts_a_direction(trained: Trained, name: str) -> None:
    """In float32 and int8, at edges, a last bit from them, between and beyond them."""
    for model in predictors(trained):
        assert violations(trained, model, name, PAIRS) == 0


def test_a_row_alone_is_answered_as_in_a_table(trained: Trained) -> None:
    """So the direction holds for single calls too."""
    rows = rows_of(trained, 300)
    for model in predictors(trained):
        kept = rows[model.features]
        alone = [model.predict_one(row) for row in kept.to_dict("records")]
        assert np.array_equal(np.asarray(alone), model.predict(kept))


def test_a_constrained_model_learns(trained: Trained) -> None:
    """What agrees with the directions is learned, and the column against it does not matter."""
    rows = pd.DataFrame(
        {"up": [-1.0, 1.0], "down": 10, "against": 0.0, "free": 0.0, "city": "Bonn"}
    )
    for model in predictors(trained):
        low, high = np.atleast_2d(model.predict(rows[model.features]).T).T
        assert (high > low).all()


def test_without_the_constraint_the_direction_is_broken(table: Path, tmp_path: Path) -> None:
    """The check can fail: the same table is not monotone by itself."""
    free = fitted(table, tmp_path, "regression", {})
    for model in predictors(free):
        assert violations(free, model, "up", 2000) > 0
        assert violations(free, model, "against", 2000) > 0


@pytest.mark.parametrize(
    ("monotone", "message"),
    [
        ({"city": 1}, "columns of numbers, however: 'city' is of the kind categorical"),
        ({"ups": 1}, "'ups' is not one; did you mean 'up'"),
    ],
)
def test_what_has_no_order_is_refused(
    table: Path, tmp_path: Path, monotone: dict[str, int], message: str
) -> None:
    """Categories, and names that no column has."""
    with pytest.raises(InputError, match=message):
        fitted(table, tmp_path, "binary", monotone)


def test_several_labels_are_refused(table: Path, tmp_path: Path) -> None:
    """Their probabilities cannot all rise."""
    data = {"path": str(table), "target": "city", "drop": ["churn", "price"]}
    config = parse_config({"data": data, "features": {"monotone": {"up": 1}}})
    with pytest.raises(InputError, match="must be empty where there are more than two labels"):
        train_on(config, Store(tmp_path))


def test_a_constraint_without_effect_is_said(table: Path, tmp_path: Path) -> None:
    """A column that is not selected has no influence at all."""
    data = {"path": str(table), "target": "churn", "drop": ["price"]}
    config = parse_config(
        {
            "data": data,
            "features": {"k": 1, "monotone": DIRECTIONS},
            "training": {"epochs": 1, "distill": "off"},
        }
    )
    trained = train_on(config, Store(tmp_path))
    assert any("was not selected" in each for each in trained.network.warnings)
