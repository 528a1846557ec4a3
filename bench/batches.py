"""Rows a second: tables of 1,000 and of 100,000 rows, ours and ONNX Runtime's."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.arms import Setting, is_installed, onnx_session
from bench.protocol import Plan, progress
from bench.results import BatchFigures
from slipstream.measurement.intervals import median, median_ratio
from slipstream.runtime import Predictor, load_file

__all__ = ["ONNX_RUNTIME", "measure_batches"]

ROWS = (1_000, 100_000)
BLOCK_SECONDS = 0.02  # a block repeats a small table, so that the timer does not matter
WARM_UP_SECONDS = 0.3  # a second core that has slept answers more slowly at first
LARGE_NETWORK_BYTES = 1 << 20  # of float32 weights; one table of 100,000 rows takes seconds
ONNX_RUNTIME = "ONNX Runtime"

Batch = tuple[str, Callable[[Any], Any], NDArray[np.float32]]


def measure_batches(setting: Setting, plan: Plan) -> list[BatchFigures]:
    """Measure one size; float32 tables for all, raw ones for ours and scaled ones for the peer."""
    figures: list[BatchFigures] = []
    large = setting.model.bundles["float32"].weights_bytes > LARGE_NETWORK_BYTES
    for rows in ROWS[:1] if large else ROWS:
        chosen = np.random.default_rng(2).integers(len(setting.data.table), size=rows)
        arms = [*_ours(setting, chosen), *_onnx_runtime(setting, chosen)]
        what = f"{setting.model.name}: tables of {rows:,} rows"
        figures += _figures(setting.model.name, rows, arms, _time(arms, plan, what))
    return figures


def _ours(setting: Setting, chosen: NDArray[np.int64]) -> list[Batch]:
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
    return [(name, call, table) for name, call in calls.items()]


def _onnx_runtime(setting: Setting, chosen: NDArray[np.int64]) -> list[Batch]:
    """The files that the row's arms have written."""
    if not is_installed("onnx", "onnxruntime"):
        return []
    from bench.onnx_graphs import INPUT

    def runner(session: Any) -> Callable[[NDArray[np.float32]], Any]:
        return lambda table: session.run(None, {INPUT: table})

    return [
        (
            f"{ONNX_RUNTIME} {label}, 1 thread",
            runner(onnx_session(setting.folder / f"{setting.model.name}.{form}.onnx")),
            setting.data.scaled[chosen],
        )
        for form, label in (
            ("float32", "float32"),
            ("dynamic", "int8 (dynamic)"),
            ("QDQ", "int8 (QDQ)"),
        )
    ]


def _time(arms: Sequence[Batch], plan: Plan, what: str) -> list[NDArray[np.float64]]:
    """Rows a second of every block, one array (rounds,) an arm."""
    random = np.random.default_rng(3)
    rates: list[list[float]] = [[] for _ in arms]
    repeats = [max(1, int(BLOCK_SECONDS / _warm_up(call, table))) for _, call, table in arms]
    for _ in progress(range(plan.batch_rounds), what):
        for index in random.permutation(len(arms)):
            _, call, table = arms[index]
            seconds = _seconds(call, table, repeats[index])
            rates[index].append(len(table) / seconds)
    return [np.array(each) for each in rates]


def _warm_up(call: Callable[[Any], Any], table: NDArray[np.float32]) -> float:
    """Call for a while; returns what a call takes at the end."""
    end = time.perf_counter() + WARM_UP_SECONDS
    while True:
        seconds = _seconds(call, table, 1)
        if time.perf_counter() > end:
            return seconds


def _seconds(call: Callable[[Any], Any], table: NDArray[np.float32], repeats: int) -> float:
    """What one of some calls takes."""
    start = time.perf_counter()
    for _ in range(repeats):
        call(table)
    return (time.perf_counter() - start) / repeats


def _figures(
    size: str, rows: int, arms: Sequence[Batch], rates: Sequence[NDArray[np.float64]]
) -> list[BatchFigures]:
    peers = [
        rate
        for (name, _, _), rate in zip(arms, rates, strict=True)
        if name.startswith(ONNX_RUNTIME)
    ]
    fastest = max(peers, key=np.median, default=None)
    return [
        BatchFigures(
            size=size,
            rows=rows,
            arm=name,
            rows_per_s=median(rate),
            ratio=None if fastest is None else median_ratio(rate, fastest),
        )
        for (name, _, _), rate in zip(arms, rates, strict=True)
    ]
