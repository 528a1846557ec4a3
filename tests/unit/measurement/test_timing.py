import gc
import resource
from pathlib import Path

import numpy as np
import pytest

from slipstream.measurement import intervals
from slipstream.measurement.timing import OtherData, quiet_process, time_block, time_calls, timer_us


def test_calls_are_timed_one_by_one_and_as_a_block() -> None:
    """Every input is asked once, in order, and every time is positive."""
    asked: list[int] = []
    assert (time_calls(asked.append, range(5)) > 0).all()
    assert time_block(asked.append, range(5)) > 0
    assert asked == [*range(5), *range(5)]


def test_the_timer_costs_something() -> None:
    """A clock that costs nothing would not have been read."""
    assert 0 < timer_us() < 100


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")
def test_other_data_fills_the_caches() -> None:
    """Its pages are in memory: the ones of an array that nobody wrote to are all the same one."""
    before = resident_bytes()
    other = OtherData()
    other.pass_through()
    assert resident_bytes() - before > 60 << 20


def test_a_quiet_process_leaves_collection_as_it_was() -> None:
    """A caller that had switched garbage collection off keeps it off."""
    with quiet_process():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with quiet_process():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_an_interval_is_written_with_its_estimate() -> None:
    """One form for all three numbers, signs included."""
    found = intervals.Interval(estimate=1.05, low=-0.041, high=1.06)
    assert f"{found:.2f}" == "1.05 [-0.04, 1.06]"
    assert f"{found:+.1f}" == "+1.1 [-0.0, +1.1]"


def test_intervals_hold_their_estimates() -> None:
    """Each interval surrounds its estimate; what does not vary has no width."""
    times = np.random.default_rng(0).exponential(size=(30, 50))
    for found in (
        intervals.mean(times[0]),
        intervals.median(times[0]),
        intervals.quantile(times, 0.99),
        intervals.median_ratio(times, times[::-1]),
    ):
        assert found.low < found.estimate < found.high
    same = intervals.mean(np.full(9, 2.5))
    assert (same.low, same.estimate, same.high) == (2.5, 2.5, 2.5)


def test_a_ratio_is_the_quotient_of_the_medians_that_are_shown() -> None:
    """Also where the machine has two speeds, and the median of the blocks' ratios is another."""
    below = np.array([[1.0], [1.0], [2.0], [2.0], [2.0]])
    above = np.array([[1.1], [1.1], [2.2], [1.8], [1.8]])
    found = intervals.median_ratio(above, below)
    assert found.estimate == np.median(above) / np.median(below) == 0.9
    assert np.median(above / below) == 1.1


def test_quantiles_are_numpys_of_resampled_blocks() -> None:
    """What is counted is what numpy finds in the blocks themselves, interpolation included."""
    calls = np.random.default_rng(1).integers(1, 9, size=(12, 7)) / 10
    found = intervals.quantiles(calls, 0.37)
    assert found[0] == np.quantile(calls, 0.37)
    for weights, value in zip(intervals._resamples(12)[:50].astype(int), found[1:], strict=False):
        assert value == pytest.approx(np.quantile(np.repeat(calls, weights, axis=0), 0.37))


def test_arms_are_resampled_together() -> None:
    """Two arms that slow down in the same blocks differ by a factor that is known."""
    speed = np.random.default_rng(2).choice([1.0, 3.0], size=(20, 1))
    found = intervals.median_ratio(np.full((20, 5), 1.5) * speed, np.ones((20, 5)) * speed)
    assert found.low == found.estimate == found.high == 1.5
