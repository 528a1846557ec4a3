import numpy as np
import pandas as pd
import pytest
import torch

from slipstream.config.training import TrainingConfig
from slipstream.data.snapshot import TARGET
from slipstream.runtime.columns import Column
from slipstream.runtime.types import Task
from slipstream.training.batches import TrainingData, inputs_of
from slipstream.training.losses import OBJECTIVES
from slipstream.training.network import Network
from slipstream.training.optimisation import Lesson, fit
from slipstream.training.reading import MANY_CATEGORIES, encode
from slipstream.training.statistics import Responses, target_statistics

ROWS = 4000
ZIP = Column(
    name="zip",
    kind="categorical",
    allows_missing=True,
    categories=tuple(f"{code:04d}" for code in range(1000)),
)
AGE = Column(name="age", kind="numeric", allows_missing=False, edges=np.linspace(0, 1, 5))


def statistics(
    codes: np.ndarray, target: np.ndarray, task: Task = "binary", weights: np.ndarray | None = None
):
    responses = Responses.of(target, weights, OBJECTIVES[task])
    return target_statistics(codes, int(codes.max()) + 1, responses, (0, 0))


def people(task: Task = "binary") -> pd.DataFrame:
    """Normalised rows: each ZIP code has an effect; some are common, some missing."""
    random = np.random.default_rng(0)
    codes = (1000 * random.random(ROWS) ** 3).astype(np.int32)
    level = random.normal(size=1000)[codes] + random.normal(size=ROWS)
    codes[::50] = ZIP.missing_row
    target = np.digitize(level, [0.0] if task == "binary" else [-0.5, 0.5])
    frame = pd.DataFrame({"zip": codes, "age": random.random(ROWS, np.float32)})
    return frame.assign(**{TARGET: level if OBJECTIVES[task].is_standardised else target})


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression", "quantiles"])
def test_a_category_that_occurs_once_has_shown_nothing_to_its_own_row(task: Task) -> None:
    """No row knows its own target; the rows to come know it."""
    target = np.random.default_rng(0).integers(0, 3 if task == "multiclass" else 2, 500)
    found = statistics(np.arange(500), target, task)
    np.testing.assert_allclose(found.rows, 0, atol=1e-12)
    assert np.abs(found.categories).max() > 0.001


def test_noise_is_not_recognised_by_its_own_statistic() -> None:
    """Of pure noise, a row's statistic says nothing of its target; that of all rows would."""
    random = np.random.default_rng(0)
    codes, target = random.integers(0, 1000, 3000), random.integers(0, 2, 3000)
    found = statistics(codes, target)
    assert np.corrcoef(found.rows[:, 0], target)[0, 1] < 0.05
    assert np.corrcoef(found.categories[codes, 0], target)[0, 1] > 0.3


def test_few_rows_say_less_than_many() -> None:
    """Two rows that agree are drawn further towards the mean of all than fifty are."""
    codes = np.r_[np.zeros(50, int), [1, 1], np.arange(2, 600)]
    target = np.r_[np.ones(52, int), np.arange(598) % 2]
    many, few = statistics(codes, target).categories[:2, 0]
    assert many > few > 0


def test_numbers_are_in_standard_deviations() -> None:
    """A target in another unit has the same statistics."""
    random = np.random.default_rng(0)
    codes, target = random.integers(0, 50, 2000), random.normal(size=2000)
    one, other = (statistics(codes, each, "regression") for each in (target, 1e6 * target + 5e6))
    np.testing.assert_allclose(one.categories, other.categories, atol=1e-9)


def test_a_row_of_weight_3_counts_as_three(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the statistics that all rows make up, and a row of weight 0 does not count."""
    monkeypatch.setattr("slipstream.training.statistics.SHRINKAGE_ROWS", (10.0,))
    codes, target = np.arange(60) % 3, np.arange(60) % 4 // 3
    weights = np.random.default_rng(0).integers(0, 4, 60)
    weighted = statistics(codes, target, weights=weights.astype(float))
    repeated = statistics(np.repeat(codes, weights), np.repeat(target, weights))
    np.testing.assert_allclose(weighted.categories, repeated.categories)


@pytest.mark.parametrize("unknown", [0, 20, 2000], ids=lambda rows: f"{rows} unknown")
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression", "quantiles"])
def test_the_whole_table_answers_as_what_training_looks_up(task: Task, unknown: int) -> None:
    """Rows of every category, unknown and missing ones too, have the same first layer in both.

    Rows to learn from hold unknown categories where those of the validation part are among them.
    """
    rows = people(task)
    rows.loc[: unknown - 1, "zip"] = ZIP.unknown_row
    encoding = encode([AGE, ZIP], rows, OBJECTIVES[task], seed=0)
    network = Network(encoding.learned, [8, 3])
    others = pd.DataFrame({"zip": np.arange(ZIP.rows), "age": np.linspace(0, 1, ZIP.rows)})
    learned = network(*encoding.inputs(others))
    network.read(encoding.whole)
    whole = network(*inputs_of([AGE, ZIP], others))
    np.testing.assert_allclose(learned.detach(), whole.detach(), atol=1e-5)


def test_what_is_learned_does_not_grow_with_categories() -> None:
    """A thousand categories of few rows share one input, and have one number each."""
    encoding = encode([ZIP], people(), OBJECTIVES["binary"], seed=0)
    assert encoding.learned.vectors.shape[0] < 20
    assert encoding.whole.vectors.shape[0] == ZIP.rows


def test_a_column_of_few_categories_is_one_hot() -> None:
    """Without target statistics, each category has an input of its own."""
    column = Column(
        name="zip",
        kind="categorical",
        allows_missing=False,
        categories=tuple(map(str, range(MANY_CATEGORIES))),
    )
    rows = people()
    encoding = encode([column], rows.assign(zip=rows["zip"] % 64), OBJECTIVES["binary"], seed=0)
    assert not encoding.reduced
    learned, whole = encoding.learned.vectors, encoding.whole.vectors
    assert torch.equal(learned.to_dense(), whole.to_dense())


def test_rare_categories_are_learned() -> None:
    """A thousand ZIP codes with four rows each on average: what they say is found in other rows."""
    rows = people("regression")
    data = TrainingData([ZIP, AGE], rows.iloc[:3000], rows.iloc[3000:])
    lesson = Lesson([8, 1], "regression", (), TrainingConfig(epochs=15))
    network, history = fit(data, lesson, on_epoch=lambda _: None)
    assert min(epoch.val_loss for epoch in history) < 0.8
    with torch.no_grad():
        unknown = pd.DataFrame({"zip": [ZIP.unknown_row], "age": [0.5]})
        answer = network(*inputs_of(data.columns, unknown)).item()
    assert answer == pytest.approx(rows[TARGET].mean(), abs=0.3)
