import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax, softmax

from slipstream.quantization.temperature import cooled, fit, log_loss, temperature
from slipstream.runtime import Predictor
from slipstream.runtime.links import apply
from slipstream.runtime.types import Task
from tests.unit.networks import float32_bundle, logits, models, rows_of

TASKS: tuple[Task, ...] = ("binary", "multiclass")


def rows(task: Task, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Outputs (N, O), and labels that happen as often as these say."""
    random = np.random.default_rng(seed)
    outputs = random.normal(0, 2, (count, 1 if task == "binary" else 4))
    every = np.c_[np.zeros(count), outputs] if task == "binary" else outputs
    target = (softmax(every, axis=1).cumsum(axis=1) < random.random((count, 1))).sum(axis=1)
    return outputs, target


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("factor", [0.5, 2.0, 3.0])
def test_a_known_temperature_is_found(task: Task, factor: float) -> None:
    """Logits that are a factor too large have that temperature, and one too small the inverse."""
    outputs, target = rows(task, 20_000, 1)
    assert temperature(factor * outputs, target, None, task) == pytest.approx(factor, rel=0.05)


@pytest.mark.parametrize("task", TASKS)
def test_no_other_temperature_has_a_lower_loss(task: Task) -> None:
    """The minimum, as scikit-free arithmetic finds it on a fine grid."""
    outputs, target = rows(task, 2000, 2)
    every = np.c_[np.zeros(len(outputs)), outputs] if task == "binary" else outputs
    found = temperature(outputs, target, None, task)

    def loss(by: float) -> float:
        return -log_softmax(every / by, axis=1)[np.arange(len(target)), target].mean()

    assert log_loss(outputs, target, None, found) == pytest.approx(loss(found), abs=1e-12)
    assert loss(found) <= min(loss(each) for each in np.geomspace(0.2, 5, 400)) + 1e-5


@pytest.mark.parametrize("task", TASKS)
def test_weights_count_as_repeated_rows(task: Task) -> None:
    """A row of weight 3 is as three rows."""
    outputs, target = rows(task, 3000, 3)
    weights = np.random.default_rng(3).integers(0, 4, len(target))
    repeated = np.repeat(outputs, weights, axis=0), np.repeat(target, weights)
    by_weight = temperature(2 * outputs, target, weights.astype(float), task)
    assert by_weight == pytest.approx(temperature(2 * repeated[0], repeated[1], None, task), 2e-3)


def test_rows_that_are_all_right_do_not_become_certain() -> None:
    """Of 50 rows answered rightly, no probability is said to be nearly 1."""
    outputs = np.full((50, 1), 2.0)
    found = temperature(outputs, np.ones(50), None, "binary")
    assert 0.4 < found < 0.6  # a chance of one error in about 100
    assert fit(np.full((5, 1), 5.0), np.ones(5), None, "binary") is None


def test_a_change_that_chance_explains_is_left_out() -> None:
    """Where labels happen as often as said, few of 100 tables get a temperature; others do."""
    tables = [rows("binary", 500, seed) for seed in range(100)]
    assert sum(fit(*each, None, "binary") is not None for each in tables) < 30
    for outputs, target in tables:
        found = fit(3 * outputs, target, None, "binary")
        assert found is not None
        assert found.val_log_loss < found.val_log_loss_before


@pytest.mark.parametrize("task", ["regression", "quantiles"])
def test_numbers_have_no_temperature(task: Task) -> None:
    """Only a probability is too sure of itself."""
    assert temperature(np.ones((3, 1)), np.ones(3), None, task) == 1.0
    assert fit(np.ones((3, 1)), np.ones(3), None, task) is None


@given(st.data(), st.floats(0.125, 8))
def test_a_folded_temperature_divides_logits_and_changes_no_rank(
    data: st.DataObject, by: float
) -> None:
    """The bundle answers sigmoid(z / T), in the order of before."""
    fitted, made = data.draw(models())
    table = data.draw(rows_of(fitted))
    float32 = float32_bundle(fitted, made)
    changed = cooled(float32, by)
    before = logits(Predictor(float32), table).astype(float)
    after = logits(Predictor(changed), table).astype(float)
    np.testing.assert_allclose(after, before / by, rtol=1e-4, atol=1e-5)
    expected = apply("sigmoid", (before / by)[:, None].astype(np.float32))[:, 0]
    np.testing.assert_allclose(Predictor(changed).predict(table), expected, atol=1e-4)
    apart = np.subtract.outer(before, before) > 1e-3 * max(1.0, np.abs(before).max())
    assert (np.subtract.outer(after, after)[apart] > 0).all()
