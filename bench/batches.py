"""Rows a second: tables of 1,000 and of 100,000 rows, ours and ONNX Runtime's."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.arms.contender import Setting
from bench.arms.onnx_runtime import graph_path, open_session
from bench.arms.peers import is_installed
from bench.plan import Plan
from bench.progress import progress
from bench.results import BatchFigures
from slipstream.measurement.harness import Arm, table_arm, time_hot
from slipstream.measurement.intervals import median, median_ratio
from slipstream.measurement.timing import time_block
from slipstream.runtime import Predictor, load_file

__all__ = ["measure_batches"]

ROWS = (1_000, 100_000)
LARGE_NETWORK_BYTES = 1 << 20  # of float32 weights; one table of 100,000 rows takes seconds
ONNX_RUNTIME = "ONNX Runtime"


def measure_batches(setting: Setting, plan: Plan) -> list[BatchFigures]:
    """Measure one size; float32 tables for all, raw ones for ours and scaled ones for the peer."""
    figures: list[BatchFigures] = []
    large = setting.model.bundles["float32"].weights_bytes > LARGE_NETWORK_BYTES
    for rows in ROWS[:1] if large else ROWS:
        chosen = np.random.default_rng(2).integers(len(setting.data.table), size=rows)
        arms = {**_ours(setting, chosen), **_onnx_runtime(setting, chosen)}
        rounds = progress(plan.batch_rounds, f"{setting.model.name}: tables of {rows:,} rows")
        times_us = time_hot(list(arms.values()), rounds, plan.blocks, time_block)
        rates = {name: 1e6 * rows / us for name, us in zip(arms, times_us, strict=True)}
        figures += _figures(setting.model.name, rows, rates)
    return figures


def _ours(setting: Setting, chosen: NDArray[np.int64]) -> dict[str, Arm]:
    table = setting.data.kept[chosen].astype(np.float32)
    model = setting.model
    calls: dict[str, Callable[[Any], Any]] = {
        f"Slipstream {precision}, {threads} thread{'s' if threads > 1 else ''}": partial(
            model.predictors[precision].predict, threads=threads
        )
        for precision in model.predictors
        for threads in (1, 2)
    }
    calls["Slipstream int8, 1 thread, again (A/A)"] = load_file(model.path("int8")).predict
    for precision, bundle in model.bundles.items():
        by_numpy = Predictor(bundle, backend="numpy").predict
        calls[f"Slipstream {precision}, numpy backend"] = by_numpy
    return {name: table_arm(call, table) for name, call in calls.items()}


def _onnx_runtime(setting: Setting, chosen: NDArray[np.int64]) -> dict[str, Arm]:
    """Sessions on the files that the arms for single rows have written."""
    if not is_installed(ONNX_RUNTIME):
        return {}
    from bench.arms.onnx_graphs import INPUT

    table = {INPUT: setting.data.scaled[chosen]}
    labels = {"float32": "float32", "dynamic": "int8 (dynamic)", "QDQ": "int8 (QDQ)"}
    return {
        f"{ONNX_RUNTIME} {label}, 1 thread": table_arm(
            partial(open_session(graph_path(setting, form)).run, None), table
        )
        for form, label in labels.items()
    }


def _figures(size: str, rows: int, rates: Mapping[str, NDArray[np.float64]]) -> list[BatchFigures]:
    """The figures of rows a second (rounds,) by arm, and ratios to the fastest of the peer's."""
    peers = [rate for name, rate in rates.items() if name.startswith(ONNX_RUNTIME)]
    fastest = max(peers, key=np.median, default=None)
    return [
        BatchFigures(
            size=size,
            rows=rows,
            arm=name,
            rows_per_s=median(rate),
            ratio=None if fastest is None else median_ratio(rate, fastest),
        )
        for name, rate in rates.items()
    ]
