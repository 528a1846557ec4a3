"""Benchmark: size, quality and latency of both variants, on this machine, now.

The baseline's two networks take part, so that the waterfall is of one measurement.
"""

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from slipstream import waterfall
from slipstream.latency import Latency, measure
from slipstream.parts import parts
from slipstream.quality import paired_difference, quality, row_log_loss
from slipstream.references import Baseline, BundleRef, Bundles, DatasetRef
from slipstream.results import Benchmark, Waterfall
from slipstream.runtime import Predictor
from slipstream.runtime.predictor import load_file
from slipstream.snapshot import load_part, load_rows
from slipstream.store import Store

__all__ = ["benchmark"]

Losses = Mapping[str, NDArray[np.float64]]


def benchmark(dataset: DatasetRef, bundles: Bundles, baseline: Baseline, store: Store) -> Benchmark:
    """Measure both bundles, and the baseline's two.

    Quality is measured on the test part, latency on rows of all parts: a small table's test part
    has so few rows that a processor learns them.
    """
    rows, labels = load_part(dataset, "test", store)
    target = labels.to_numpy(np.int64)
    files = {
        "baseline": baseline.all_columns,
        "kept columns": baseline.kept_columns,
        "float32": bundles.float32,
        "int8": bundles.int8,
    }
    predictors = {arm: load_file(store.path(each.file)) for arm, each in files.items()}
    answers = {arm: each.predict(rows) for arm, each in predictors.items()}
    varied = load_rows(dataset, store)
    latency = measure(predictors, varied, twice="int8")
    metrics = {
        arm: {**quality(target, answers[arm]), **latency.metrics(arm), **_sizes(files[arm])}
        for arm in files
    }
    labelled = {precision: answers[precision] >= 0.5 for precision in bundles.variants}
    right = {precision: (each == target).astype(float) for precision, each in labelled.items()}
    losses = {arm: row_log_loss(target, each) for arm, each in answers.items()}
    return Benchmark(
        metrics={precision: metrics[precision] for precision in bundles.variants},
        baseline=metrics["baseline"],
        waterfall=_waterfall(metrics, predictors, latency, losses, varied),
        accuracy_drop=paired_difference(right["float32"], right["int8"]),
        log_loss_increase=paired_difference(losses["int8"], losses["float32"]),
        changed_answers=int((labelled["float32"] != labelled["int8"]).sum()),
        test_rows=len(target),
        latency_p50_us={each: latency.quantile(each, 0.5) for each in bundles.variants},
        latency_p99_us={each: latency.quantile(each, 0.99) for each in bundles.variants},
        p50_ratio=latency.p50_ratio("int8", "float32"),
        noise_ratio=latency.noise_ratio,
        latency_quantiles_us={each: latency.quantiles_us(each) for each in bundles.variants},
        machine=latency.machine,
    )


def _sizes(bundle: BundleRef) -> dict[str, float]:
    return {
        "weights_bytes": bundle.weights_bytes,
        "tensors_bytes": bundle.tensors_bytes,
        "bundle_bytes": bundle.file.size_bytes,
    }


def _waterfall(
    metrics: Mapping[str, Mapping[str, float]],
    predictors: Mapping[str, Predictor],
    latency: Latency,
    losses: Losses,
    rows: pd.DataFrame,
) -> Waterfall:
    pairs = list(itertools.pairwise(waterfall.STEPS.values()))
    return Waterfall(
        steps=waterfall.steps(
            metrics,
            {arm: _network(each) for arm, each in predictors.items()},
            {arm: latency.p50_ratio(arm, before) for before, arm in pairs},
            {arm: paired_difference(losses[arm], losses[before]) for before, arm in pairs},
            waterfall.Noise(latency.noise_ratio, latency.machine.timer_us),
        ),
        parts_us=parts({"float32": predictors["float32"], "int8": predictors["int8"]}, rows),
    )


def _network(predictor: Predictor) -> str:
    widths = [len(predictor.features), *(len(each.bias) for each in predictor.bundle.layers)]
    return "-".join(str(width) for width in widths)
