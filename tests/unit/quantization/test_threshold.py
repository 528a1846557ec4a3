from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from sklearn.metrics import f1_score

from slipstream.config.evaluation import EvaluationConfig
from slipstream.quantization.threshold import check_threshold, choose
from slipstream.runtime import InputError, load_file
from slipstream.runtime.types import Task
from tests.conftest import Trained

F1 = EvaluationConfig(threshold="f1")


def costing(cost: float) -> EvaluationConfig:
    return EvaluationConfig(threshold="cost", cost=cost)


def rows(count: int, seed: int, places: int = 9) -> tuple[np.ndarray, np.ndarray]:
    """Labels, a fifth of them positive, and probabilities that know something of them."""
    random = np.random.default_rng(seed)
    target = (random.random(count) < 0.2).astype(int)
    return target, np.round(1 / (1 + np.exp(2 - 1.5 * target - random.normal(size=count))), places)


def cost_of(called: np.ndarray, target: np.ndarray, weights: np.ndarray, cost: float) -> float:
    return float(
        weights[called & (target == 0)].sum() + cost * weights[~called & (target == 1)].sum()
    )


@pytest.mark.parametrize("places", [9, 1])
@pytest.mark.parametrize("seed", range(5))
def test_no_threshold_has_a_better_f1(seed: int, places: int) -> None:
    """The best F1 of all that any threshold gives, as scikit-learn computes it, ties or not."""
    target, probability = rows(200, seed, places)
    chosen = choose(target, probability, None, F1)
    every = [f1_score(target, probability >= each) for each in np.unique(probability)]
    assert f1_score(target, probability >= chosen) == pytest.approx(max(every), abs=1e-12)


@pytest.mark.parametrize("cost", [0.01, 1.0, 7.0, 1000.0])
@pytest.mark.parametrize("seed", range(3))
def test_no_threshold_costs_less(seed: int, cost: float) -> None:
    """The least cost of weighted rows, calling every row or none positive included."""
    target, probability = rows(200, seed)
    weights = np.random.default_rng(seed).integers(0, 4, 200).astype(float)
    chosen = choose(target, probability, weights, costing(cost))
    tried = [*np.unique(probability), 2.0]
    least = min(cost_of(probability >= each, target, weights, cost) for each in tried)
    assert cost_of(probability >= chosen, target, weights, cost) == pytest.approx(least)


def test_a_dear_miss_lowers_the_threshold() -> None:
    """The more a miss costs, the more rows count as positive."""
    target, probability = rows(500, 0)
    found = [choose(target, probability, None, costing(each)) for each in (0.2, 1, 5, 25)]
    assert found == sorted(found, reverse=True)
    assert found[0] > found[-1]


def test_weights_count_as_repeated_rows() -> None:
    """A row of weight 3 is as three rows, and one of weight 0 as none."""
    target, probability = rows(120, 1)
    weights = np.random.default_rng(1).integers(0, 4, 120)
    repeated = np.repeat(target, weights), np.repeat(probability, weights)
    for criterion in (F1, costing(4)):
        chosen = choose(target, probability, weights.astype(float), criterion)
        by_repeats = choose(*repeated, None, criterion)
        called, others = repeated[1] >= chosen, repeated[1] >= by_repeats
        if criterion is F1:
            assert f1_score(repeated[0], called) == pytest.approx(f1_score(repeated[0], others))
        else:
            ones = np.ones(len(called))
            costs = [cost_of(each, repeated[0], ones, 4) for each in (called, others)]
            assert costs[0] == pytest.approx(costs[1])


@pytest.mark.parametrize(
    ("target", "probability", "criterion", "expected"),
    [
        ([0, 1], [0.3, 0.9], F1, 0.5),  # as good as any other between them
        ([0, 1], [0.1, 0.3], F1, 0.2),  # the middle
        ([0, 1], [0.7, 0.9], F1, 0.8),
        ([1, 1], [0.2, 0.4], F1, 0.1),  # every row is positive
        ([0, 0], [0.6, 0.8], costing(1), 0.9),  # none is
        ([0, 0], [0.6, 0.8], F1, 0.5),  # nothing to find: all are as good
        ([0, 1], [0.4, 0.4], F1, 0.2),  # equal probabilities cannot be told apart
        ([0, 1], [np.nextafter(1, 0), 1.0], F1, 1.0),  # no number is between them
        ([0, 1], [0.3, 0.9], EvaluationConfig(), 0.5),
    ],
)
def test_what_is_chosen_of_a_few_rows(
    target: list, probability: list, criterion: EvaluationConfig, expected: float
) -> None:
    """The middle between two probabilities; of equally good ones, that nearest 0.5."""
    chosen = choose(np.array(target), np.array(probability), None, criterion)
    assert chosen == pytest.approx(expected, abs=0)


@pytest.mark.parametrize("task", ["multiclass", "regression"])
@pytest.mark.parametrize("criterion", [F1, costing(2)])
def test_other_targets_have_no_threshold(task: Task, criterion: EvaluationConfig) -> None:
    """A criterion is refused where there are not two labels; the default never is."""
    check_threshold(EvaluationConfig(), task)
    check_threshold(criterion, "binary")
    with pytest.raises(
        InputError, match=rf"two labels, however: it is .*, and the target is {task}"
    ):
        check_threshold(criterion, task)


@pytest.mark.parametrize("threshold", ["f1", "cost"])
def test_both_variants_have_the_threshold_of_the_validation_part(
    demo: Trained, threshold: Literal["f1", "cost"]
) -> None:
    """Chosen by float32's answers there, and the same for int8; the rest is as without it."""
    from slipstream.data.snapshot import Snapshot
    from slipstream.quantization.variants import quantize

    criterion = EvaluationConfig(threshold=threshold, cost=5 if threshold == "cost" else 0)
    made = quantize(
        demo.dataset, demo.prepared, demo.mask, demo.network, 256, criterion, demo.store
    )
    float32, int8 = (load_file(demo.store.path(each.file)) for each in made.variants.values())
    snapshot = Snapshot(demo.dataset, demo.store)
    target, answers = (
        snapshot.target("validation").to_numpy(),
        float32.predict(snapshot.rows("validation")),
    )
    assert float32.threshold == int8.threshold
    assert float32.threshold == pytest.approx(choose(target, answers, None, criterion), abs=1e-6)
    plain = load_file(demo.store.path(demo.bundles.float32.file))
    assert plain.threshold == 0.5
    before = replace(float32.bundle, threshold=0.5)
    assert before.details == plain.bundle.details
    assert np.array_equal(answers, plain.predict(snapshot.rows("validation")))
