import time

import numpy as np
import pandas as pd

from slipstream.measurement.harness import Arm
from slipstream.measurement.latency import measure, row_arm, time_for
from slipstream.runtime import instruction_set, load_file
from tests.conftest import Trained


def test_an_arm_makes_its_rows_as_lists(demo: Trained) -> None:
    """The model's columns in their order, None where a value is missing, made for each call."""
    predictor = load_file(demo.store.path(demo.bundles.int8.file))
    table = pd.DataFrame({name: [1.0, np.nan, 3.0] for name in ["other", *predictor.features]})
    arm = row_arm(predictor, table)
    chosen = np.array([1, 2, 1])
    rows = [*arm.inputs(chosen), *arm.inputs(chosen)]
    width = len(predictor.features)
    assert rows == 2 * [width * [None], width * [3.0], width * [None]]
    assert len({id(row) for row in rows}) == len(rows)
    assert arm.rows == 3


def test_measuring_takes_the_time_that_it_is_given() -> None:
    """Eight rounds at least, more where there is time; slow arms get shorter blocks."""
    fast, slow = Arm(id, int, rows=9), Arm(lambda _: time.sleep(0.001), int, rows=9)
    for each in time_for(0.0, [fast, slow]):
        assert each.shape == (8, 1)
    often, seldom = time_for(0.1, [fast, slow])
    assert len(often) == len(seldom) >= 8
    assert often.shape[1] > seldom.shape[1]


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
