from hypothesis import given
from hypothesis import strategies as st

from slipstream.config.budget import BudgetConfig
from slipstream.search.found import Point, Trained, choose, cost_of, fits, front, halve

FIGURES = st.tuples(st.sampled_from([0.0, 0.001, 0.01, 0.1]), st.integers(1, 8))


def trained(lost: float, cost: int, error: float = 0.0) -> Trained:
    return Trained(k=cost, hidden=(8,), cost=cost, score=1 - lost, lost=lost, error=error)


def point(score: float, p50_us: float) -> Point:
    return Point(
        k=1,
        hidden=(8,),
        precision="int8",
        score=score,
        latency_p50_us=p50_us,
        latency_p99_us=p50_us,
        bundle_bytes=1,
    )


@given(st.lists(FIGURES, min_size=1, max_size=12))
def test_the_front_is_what_nothing_is_better_than(figures: list[tuple[float, int]]) -> None:
    """No point of the front is beaten in both; what is not on it is beaten by one that is."""
    points = [point(1 - lost, p50) for lost, p50 in figures]
    on_front = front(points, lower_is_better=False)
    best = [each for each, is_on in zip(points, on_front, strict=True) if is_on]
    assert best

    def beats(one: Point, other: Point) -> bool:
        better = (one.score >= other.score, one.latency_p50_us <= other.latency_p50_us)
        same = (one.score, one.latency_p50_us) == (other.score, other.latency_p50_us)
        return all(better) and not same

    for each, is_on in zip(points, on_front, strict=True):
        assert is_on != any(beats(other, each) for other in best)


def test_the_front_of_errors_has_the_low_ones() -> None:
    """Of a score of which less is better, the lower one is on the front."""
    assert front([point(0.2, 1), point(0.3, 2)], lower_is_better=True) == [True, False]


@given(st.lists(FIGURES, min_size=1, max_size=12), st.integers(1, 4))
def test_halving_keeps_the_best_of_both(figures: list[tuple[float, int]], least: int) -> None:
    """Half is kept, and so many at least; the least loss and what nothing dominates come first."""
    every = [trained(*each) for each in figures]
    kept = halve(every, least)
    assert len(kept) == min(len(every), max(least, -(-len(every) // 2)))
    assert min(each.lost for each in every) == min(each.lost for each in kept)


def test_halving_leaves_out_what_is_dominated() -> None:
    """A shape that costs more and loses more goes before one that is only worse in one."""
    cheap, good, bad = trained(0.1, 1), trained(0.0, 5), trained(0.2, 6)
    assert halve([bad, cheap, good], 1) == [good, cheap]


@given(st.lists(FIGURES, min_size=1, max_size=12), st.floats(0, 0.05))
def test_the_cheapest_within_the_tolerance_is_chosen(
    figures: list[tuple[float, int]], tolerance: float
) -> None:
    """What is chosen loses no more than is allowed, and nothing that does costs less."""
    every = [trained(0.0, 9), *(trained(*each) for each in figures)]
    chosen = choose(every, tolerance)
    assert chosen.lost <= tolerance
    assert all(each.cost >= chosen.cost for each in every if each.lost <= tolerance)


def test_noise_counts_as_tolerance() -> None:
    """A loss of half its own standard error is none; a larger one is."""
    best, small = trained(0.0, 5), trained(0.01, 1, error=0.02)
    assert choose([best, small], 0.001) == small
    assert choose([best, trained(0.011, 1, error=0.02)], 0.001) == best


def test_what_the_loss_says_is_worse_is_not_chosen() -> None:
    """However small the loss of score is, and however cheap the shape."""
    cheap = trained(0.0, 1).model_copy(update={"is_worse": True})
    assert choose([trained(0.0, 5), cheap], 0.001).cost == 5


def test_a_budget_leaves_room_for_the_clock() -> None:
    """A p99 right at the budget would exceed it when it is measured again; a size never does."""
    budget = BudgetConfig(p99_us=1.0, size_bytes=1000)
    assert fits(0.8, 1000, budget)
    assert not fits(0.99, 1000, budget)
    assert not fits(0.8, 1001, budget)
    assert fits(99.0, 10**9, BudgetConfig())


def test_a_column_costs_more_than_a_wider_layer() -> None:
    """One answer of 8 columns at 32 x 32 is more work than of 5 columns at 64 x 64."""
    assert cost_of(8, (32, 32, 1)) > cost_of(5, (64, 64, 1)) > cost_of(5, (32, 32, 1))
