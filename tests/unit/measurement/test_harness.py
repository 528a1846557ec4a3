from typing import Any

import pytest

from slipstream.measurement import harness
from slipstream.measurement.harness import (
    WARM_UP_CALLS,
    Arm,
    Blocks,
    table_arm,
    time_cold,
    time_hot,
)
from slipstream.measurement.timing import time_block


def recorder(name: str, kept: list[tuple[str, list[int]]], rows: int) -> Arm:
    """An arm that writes down its name and what it is asked."""
    return Arm(lambda row: kept.append((name, row)), lambda index: [index], rows)


ONE_SECOND = Blocks(calls=20, seconds=1.0)


def recorded(rounds: int, **sizes: int) -> tuple[list[Any], list[tuple[str, list[int]]]]:
    """The times of arms of these names, and what they were asked after they were warm."""
    kept: list[tuple[str, list[int]]] = []
    arms = [recorder(name, kept, rows) for name, rows in sizes.items()]
    times = time_hot(arms, range(rounds), ONE_SECOND)
    return times, kept[len(arms) * WARM_UP_CALLS :]


def test_every_round_gives_every_arm_one_block() -> None:
    """A tenth of a block more is called, untimed; the order of the arms is not always the same."""
    times, kept = recorded(6, a=50, b=50, c=50)
    assert [each.shape for each in times] == 3 * [(6, 20)]
    blocks = [kept[start : start + 22] for start in range(0, len(kept), 22)]
    assert len(blocks) == 18
    assert all(len({name for name, _ in block}) == 1 for block in blocks)
    orders = [
        tuple(block[0][0] for block in blocks[start : start + 3]) for start in range(0, 18, 3)
    ]
    assert all(sorted(order) == ["a", "b", "c"] for order in orders)
    assert len(set(orders)) > 1


def test_the_arms_of_a_round_are_asked_the_same_rows() -> None:
    """Another selection each round, no row twice in a block, each made for its own call."""
    _, kept = recorded(2, a=50, b=40)
    asked = [[row[0] for _, row in kept[start : start + 22]] for start in range(0, 88, 22)]
    assert asked[0] == asked[1] != asked[2] == asked[3]
    assert all(len(set(indices)) == 22 and max(indices) < 40 for indices in asked)
    assert len({id(row) for _, row in kept}) == len(kept)


def test_a_small_table_fills_a_block() -> None:
    """Rows come again where there are fewer than a block has calls."""
    times, kept = recorded(1, a=3)
    assert times[0].shape == (1, 20)
    assert {row[0] for _, row in kept} == {0, 1, 2}


def test_a_block_as_a_whole_has_one_time() -> None:
    """What `time_block` takes is one mean a round."""
    arm = table_arm(len, [1, 2, 3])
    (times,) = time_hot([arm], range(4), ONE_SECOND, time_block)
    assert times.shape == (4,)
    assert (times > 0).all()


def test_cold_calls_are_made_after_the_caches_were_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other data passes before each call, then the row is made, then it is asked."""
    events: list[str] = []

    class Passing:
        def pass_through(self) -> None:
            events.append("other data")

    monkeypatch.setattr(harness, "OtherData", Passing)
    arm = Arm(lambda _: events.append("call"), lambda _: events.append("row"), rows=5)
    times = time_cold([arm, arm], range(3))
    assert [each.shape for each in times] == [(3,), (3,)]
    assert events == 6 * ["other data", "row", "call"]
