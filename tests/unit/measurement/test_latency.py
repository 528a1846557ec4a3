import numpy as np
import pandas as pd

from slipstream.measurement.latency import WARM_UP_CALLS, Arm, measure, time_hot
from slipstream.runtime import instruction_set, load_file
from tests.conftest import Trained


def test_no_arm_finds_its_rows_in_the_caches() -> None:
    """Two arms that share rows get lists of their own, made before each block."""
    shared = [[float(number), "text"] for number in range(50)]
    kept: list[list[object]] = []
    time_hot([Arm(kept.append, shared), Arm(kept.append, shared)], seconds=0.001)
    timed = kept[2 * WARM_UP_CALLS :]
    assert all(row in shared for row in timed)
    assert len({id(row) for row in timed}) == len(timed)
    assert not {id(row) for row in timed} & {id(row) for row in shared}


def test_measures_both_variants_alike(demo: Trained) -> None:
    """Both variants get the same figures, by one protocol."""
    predictors = {
        variant.precision: load_file(demo.store.path(variant.file))
        for variant in (demo.bundles.float32, demo.bundles.int8)
    }
    random = np.random.default_rng(0)
    table = pd.DataFrame({name: random.normal(size=50) for name in predictors["int8"].features})
    latency = measure(predictors, table, twice="int8")
    figures = {precision: latency.figures(precision) for precision in predictors}
    for precision, each in figures.items():
        assert 0 < each.p50_us <= each.p99_us
        assert latency.quantile(precision, 0.5).estimate == each.p50_us
        assert each.cold_p50_us > 0
        assert each.throughput_rows_per_s > 0
        assert list(latency.quantiles_us(precision)) == sorted(latency.quantiles_us(precision))
    ratio = latency.p50_ratio("int8", "float32")
    assert ratio.estimate == figures["int8"].p50_us / figures["float32"].p50_us
    assert latency.empty_p99_us.estimate > 0
    for interval in (ratio, latency.noise_ratio, latency.empty_p99_us):
        assert interval.low <= interval.estimate <= interval.high
    assert latency.machine.timer_us > 0
    assert latency.machine.cpu
    assert latency.machine.instruction_set == instruction_set
