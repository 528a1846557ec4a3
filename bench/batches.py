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
from slipstream.intervals import quantile

__all__ = ["ONNX_RUNTIME", "measure_batches"]

ROWS = (1_000, 100_000)
BLOCK_ROWS = 200_000  # a block repeats a small table, so that the timer does not matter
ONNX_RUNTIME = "ONNX Runtime"

Batch = tuple[str, Callable[[Any], Any], NDArray[np.float32]]


def measure_batches(setting: Setting, plan: Plan) -> list[BatchFigures]:
    """Measure one size; float32 tables for all, raw ones for ours and scaled ones for the peer."""
    figures: list[BatchFigures] = []
    for rows in ROWS:
        chosen = np.random.default_rng(2).integers(len(setting.data.table), size=rows)
        arms = [*_ours(setting, chosen), *_onnx_runtime(setting, chosen)]
        repeats = max(1, BLOCK_ROWS // rows)
        what = f"{setting.model.name}: tables of {rows:,} rows"
        figures += _figures(setting.model.name, rows, arms, _time(arms, repeats, plan, what))
    return figures


def _ours(setting: Setting, chosen: NDArray[np.int64]) -> list[Batch]:
    table = setting.data.kept[chosen].astype(np.float32)
    return [
        (
            f"Slipstream {precision}, {threads} thread{'s' if threads > 1 else ''}",
            partial(setting.model.predictors[precision].predict, threads=threads),
            table,
        )
        for precision in setting.model.predictors
        for threads in (1, 2)
    ]


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


def _time(arms: Sequence[Batch], repeats: int, plan: Plan, what: str) -> list[NDArray[np.float64]]:
    """Rows a second of every block, one array (rounds, 1) an arm."""
    random = np.random.default_rng(3)
    rates: list[list[float]] = [[] for _ in arms]
    for _, call, table in arms:
        call(table)  # warm-up
    for _ in progress(range(plan.batch_rounds), what):
        for index in random.permutation(len(arms)):
            _, call, table = arms[index]
            start = time.perf_counter()
            for _ in range(repeats):
                call(table)
            rates[index].append(repeats * len(table) / (time.perf_counter() - start))
    return [np.array(each)[:, None] for each in rates]


def _figures(
    size: str, rows: int, arms: Sequence[Batch], rates: Sequence[NDArray[np.float64]]
) -> list[BatchFigures]:
    medians = [quantile(each, 0.5) for each in rates]
    peers = [
        median.estimate
        for (name, _, _), median in zip(arms, medians, strict=True)
        if name.startswith(ONNX_RUNTIME)
    ]
    return [
        BatchFigures(
            size=size,
            rows=rows,
            arm=name,
            rows_per_s=median,
            ratio=median.estimate / max(peers) if peers else None,
        )
        for (name, _, _), median in zip(arms, medians, strict=True)
    ]
