import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipstream.features.edges import TrainingTarget, find_edges

BINS = 64


def labels(positive: np.ndarray) -> TrainingTarget:
    return TrainingTarget(positive.astype(int), "binary")


def test_each_of_few_values_has_an_edge() -> None:
    """Of 33 values or fewer, each may have an answer of its own, however rare."""
    numbers = np.r_[np.repeat(np.arange(32.0), 60), 1e9]
    assert find_edges(numbers, labels(numbers > 7), BINS).tolist() == [*range(32), 1e9]


@pytest.mark.parametrize("task", ["binary", "regression", "quantiles"])
def test_a_jump_between_two_values_has_an_edge_on_each_side(task: str) -> None:
    """Between 59 and 60 the answer jumps: both are edges, and nothing is in between."""
    numbers = np.tile(np.arange(100.0), 30)
    target = TrainingTarget((numbers >= 60).astype(int), task)
    edges = find_edges(numbers, target, BINS)
    assert {59.0, 60.0} <= set(edges)


def test_a_frequent_value_among_many_is_set_apart() -> None:
    """Where a tenth of all rows hold 0 and their answer differs, both sides of 0 have an edge."""
    random = np.random.default_rng(0)
    numbers = np.where(random.random(5000) < 0.1, 0.0, random.uniform(-1, 1, 5000))
    edges = find_edges(numbers, labels(numbers == 0), BINS)
    assert {np.max(numbers[numbers < 0]), 0.0, np.min(numbers[numbers > 0])} <= set(edges)


def test_a_threshold_among_many_values_has_one_edge() -> None:
    """Amounts that hardly repeat have no jump to keep: one edge between the two neighbours."""
    numbers = np.linspace(0, 1, 3000)
    edges = find_edges(numbers, labels(numbers > 0.5), BINS)
    near = edges[np.abs(edges - 0.5) < 1e-3]
    assert near == pytest.approx([0.5], abs=1e-4)


def test_edges_are_where_rows_are_even_if_the_target_is_elsewhere() -> None:
    """A column that says nothing alone keeps about ten quantiles, for what it says with others."""
    numbers = np.linspace(0, 1, 3000)
    edges = find_edges(numbers, labels(np.zeros(3000)), BINS)
    assert edges[1:-1] == pytest.approx(np.arange(1, 11) / 11, abs=1e-3)


def test_tails_are_clipped_unless_the_answer_changes_in_them() -> None:
    """The outermost edges leave 0.5 % of the rows outside, and none where a threshold is there."""
    numbers = np.linspace(0, 1, 10_000)
    plain = find_edges(numbers, labels(np.arange(10_000) % 2), 1)
    assert plain.tolist() == [numbers[50], numbers[-51]]
    edges = find_edges(numbers, labels(numbers < 0.003), BINS)
    assert (edges[0], edges[-1]) == (0.0, numbers[-51])


def test_few_bins_go_to_the_best_thresholds() -> None:
    """With room for one jump, it is the larger one."""
    numbers = np.tile(np.arange(100.0), 30)
    target = TrainingTarget(10.0 * (numbers >= 30) + (numbers >= 80), "regression")
    assert find_edges(numbers, target, 3).tolist() == [0.0, 29.0, 30.0, 99.0]


def test_rows_count_by_their_weights() -> None:
    """Rows of weight 0 move no edge, and a row of weight 3 counts as three."""
    random = np.random.default_rng(0)
    numbers, weights = random.normal(size=2000), random.integers(1, 4, 2000)
    target = TrainingTarget(numbers + random.normal(size=2000), "regression")
    weighted = TrainingTarget(
        np.r_[target.numbers, np.full(50, 1e6)],
        "regression",
        np.r_[weights.astype(float), [0.0] * 50],
    )
    repeated = TrainingTarget(np.repeat(target.numbers, weights), "regression")
    found = find_edges(np.r_[numbers, np.linspace(50, 60, 50)], weighted, BINS)
    expected = find_edges(np.repeat(numbers, weights), repeated, BINS)
    assert (found[0], found[-1]) == (expected[0], expected[-1])
    assert len(np.intersect1d(found, expected)) > 0.7 * len(expected)  # leaves count rows


@given(
    st.lists(
        st.floats(allow_nan=False, allow_infinity=False) | st.integers(-50, 50),
        min_size=1,
        max_size=20,
    ),
    st.integers(1, 64),
    st.sampled_from(["binary", "multiclass", "regression", "quantiles"]),
    st.booleans(),
)
def test_edges_ascend_and_are_as_few_as_asked(
    numbers: list[float], bins: int, task: str, weighted: bool
) -> None:
    """From two edges to one more than bins, all finite, whatever the values, task and weights."""
    values = np.resize(np.array(numbers, float), 40 * len(numbers)) + np.arange(40 * len(numbers))
    weights = np.arange(len(values)) % 3 * 1.0 if weighted else None
    target = TrainingTarget((np.arange(len(values)) // 9 % 2), task, weights)
    edges = find_edges(values, target, bins)
    assert 2 <= len(edges) <= bins + 1
    assert np.isfinite(edges).all()
    assert (np.diff(edges) > 0).all()
    assert np.isfinite(np.diff(edges)).all()


def test_a_column_whose_rows_all_have_weight_0_has_edges() -> None:
    """Nothing can be learned of it, and nothing fails."""
    target = TrainingTarget(np.arange(100) % 2, "binary", np.zeros(100))
    assert len(find_edges(np.arange(100.0), target, BINS)) >= 2


def test_a_small_table_has_few_bins() -> None:
    """With one bin for 60 rows, or four if that is more, a few rows are not learned by heart."""
    for rows, most in ((60, 4), (1200, 20)):
        numbers = np.arange(float(rows))
        assert len(find_edges(numbers, labels(numbers % 80 < 40), BINS)) == most + 1
