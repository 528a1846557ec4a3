"""Benchmark: size, quality and latency of both variants, on this machine, now."""

import numpy as np

from slipstream.latency import measure
from slipstream.quality import paired_difference, quality, row_log_loss
from slipstream.references import Bundles, DatasetRef
from slipstream.results import Benchmark
from slipstream.runtime.predictor import load_file
from slipstream.runtime.types import Precision
from slipstream.snapshot import load_part
from slipstream.store import Store

__all__ = ["benchmark"]


def benchmark(dataset: DatasetRef, bundles: Bundles, store: Store) -> Benchmark:
    """Measure both bundles on the test part."""
    rows, labels = load_part(dataset, "test", store)
    target = labels.to_numpy(np.int64)
    predictors = {
        precision: load_file(store.path(variant.file))
        for precision, variant in bundles.variants.items()
    }
    answers = {precision: each.predict(rows) for precision, each in predictors.items()}
    latency = measure(predictors, rows)
    metrics: dict[Precision, dict[str, float]] = {
        precision: {
            **quality(target, answers[precision]),
            **latency.metrics[precision],
            "weights_bytes": variant.weights_bytes,
            "tensors_bytes": variant.tensors_bytes,
            "bundle_bytes": variant.file.size_bytes,
        }
        for precision, variant in bundles.variants.items()
    }
    labelled = {precision: each >= 0.5 for precision, each in answers.items()}
    right = {precision: (each == target).astype(float) for precision, each in labelled.items()}
    losses = {precision: row_log_loss(target, each) for precision, each in answers.items()}
    return Benchmark(
        metrics=metrics,
        accuracy_drop=paired_difference(right["float32"], right["int8"]),
        log_loss_increase=paired_difference(losses["int8"], losses["float32"]),
        changed_answers=int((labelled["float32"] != labelled["int8"]).sum()),
        test_rows=len(target),
        latency_p50_us=latency.p50_us,
        latency_p99_us=latency.p99_us,
        p50_ratio=latency.p50_ratio,
        noise_ratio=latency.noise_ratio,
        latency_quantiles_us=latency.quantiles_us,
        machine=latency.machine,
    )
