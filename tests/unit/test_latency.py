import time

import numpy as np
import pandas as pd

from slipstream.latency import measure
from slipstream.runtime import instruction_set, load_file
from tests.conftest import Trained


def test_measures_both_variants_within_two_seconds(demo: Trained) -> None:
    """Both variants get the same figures, by one protocol, in bounded time."""
    predictors = {
        variant.precision: load_file(demo.store.path(variant.file))
        for variant in (demo.bundles.float32, demo.bundles.int8)
    }
    random = np.random.default_rng(0)
    table = pd.DataFrame({name: random.normal(size=50) for name in predictors["int8"].features})
    start = time.process_time()
    latency = measure(predictors, table)
    assert time.process_time() - start < 10  # 1.2 s on a quiet machine
    assert latency.metrics["float32"].keys() == latency.metrics["int8"].keys()
    for metrics in latency.metrics.values():
        assert 0 < metrics["latency_p50_us"] <= metrics["latency_p99_us"]
        assert metrics["latency_cold_p50_us"] > 0
        assert metrics["throughput_rows_per_s"] > 0
    for interval in (latency.p50_ratio, latency.noise_ratio):
        assert interval.low <= interval.estimate <= interval.high
    assert latency.machine.timer_us < latency.metrics["int8"]["latency_p50_us"]
    assert latency.machine.cpu
    assert latency.machine.instruction_set == instruction_set
    for quantiles in latency.quantiles_us.values():
        assert list(quantiles) == sorted(quantiles)
