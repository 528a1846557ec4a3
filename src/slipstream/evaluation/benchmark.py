"""Benchmark: size, quality and latency of both variants, on this machine, now.

The baseline's two networks are measured too, so that the whole waterfall is one measurement.
"""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipstream.artifacts.references import Baseline, BundleRef, Bundles, DatasetRef
from slipstream.artifacts.store import Store
from slipstream.data.snapshot import Snapshot
from slipstream.evaluation import quantiles, waterfall
from slipstream.evaluation.evidence import HeldOut, gather
from slipstream.evaluation.judging import ENOUGH_ROWS, Rules
from slipstream.evaluation.results import (
    Benchmark,
    Floor,
    ScoreName,
    VariantMetrics,
    Waterfall,
    WaterfallStep,
)
from slipstream.evaluation.scoring import Scoring, scoring_at
from slipstream.measurement.breakdown import parts, smallest
from slipstream.measurement.figures import SizeFigures
from slipstream.measurement.intervals import Interval
from slipstream.measurement.latency import Latency, measure
from slipstream.runtime import Bundle, Predictor
from slipstream.runtime.bundle import dump
from slipstream.runtime.columns import Column
from slipstream.runtime.predictor import load_file
from slipstream.runtime.quantiles import names

__all__ = ["benchmark"]

Floats = NDArray[np.float64]


def benchmark(
    dataset: DatasetRef,
    bundles: Bundles,
    baseline: Baseline,
    max_score_loss: float,
    store: Store,
) -> Benchmark:
    """Measure both bundles, and the baseline's two.

    Quality is measured on the test part, latency on rows of all parts: the test part of a small
    table has so few rows that the processor's branch predictor learns them. All are held against
    float32's threshold.

    Args:
        dataset: the table.
        bundles: both variants.
        baseline: the wide network's two.
        max_score_loss: how much score int8 may lose, as the verdict will judge it.
        store: where the files are.
    """
    snapshot = Snapshot(dataset, store)
    target = snapshot.target("test").to_numpy()
    test = HeldOut(snapshot.rows("test"), target, snapshot.weights("test"))
    files = {
        "baseline": baseline.all_columns,
        "kept columns": baseline.kept_columns,
        "float32": bundles.float32,
        "int8": bundles.int8,
    }
    predictors = {arm: load_file(store.path(each.file)) for arm, each in files.items()}
    threshold = predictors["float32"].bundle.threshold
    scoring = scoring_at(threshold, dataset.task, dataset.quantiles)
    answers = {arm: each.predict(test.rows) for arm, each in predictors.items()}
    varied = snapshot.rows()
    latency = measure(predictors, varied, twice="int8")
    metrics = {
        arm: VariantMetrics(
            scores=scoring.quality(target, answers[arm], test.weights),
            coverage=_coverage(dataset, test, answers[arm]),
            latency=latency.figures(arm),
            size=_size(files[arm]),
        )
        for arm in files
    }
    changes = _score_changes(scoring, test, answers)
    return Benchmark(
        metrics={precision: metrics[precision] for precision in bundles.variants},
        baseline=metrics["baseline"],
        waterfall=Waterfall(
            steps=_steps(metrics, predictors, latency, changes, max_score_loss),
            parts_us=parts({each: predictors[each] for each in bundles.variants}, varied),
        ),
        score_changes=changes["int8"],
        baseline_changes={
            each: scoring.baseline_change(target, answers["baseline"], answers[each], test.weights)
            for each in bundles.variants
        },
        judged_by=scoring.judged_by,
        task=dataset.task,
        class_rows=_class_rows(target, len(dataset.classes)),
        quantiles=dataset.quantiles,
        off_level={each: _off_level(dataset, test, answers[each]) for each in bundles.variants},
        threshold=threshold,
        changed_answers=int(scoring.differ(target, answers["float32"], answers["int8"]).sum()),
        test_rows=len(target),
        positive_rows=int(target.sum()) if dataset.task == "binary" else 0,
        floor=Floor(
            empty_p99_us=latency.empty_p99_us,
            bundle_bytes=_smallest_bytes([predictors[each].bundle for each in bundles.variants]),
        ),
        latency_p50_us={each: latency.quantile(each, 0.5) for each in bundles.variants},
        latency_p99_us={each: latency.quantile(each, 0.99) for each in bundles.variants},
        p50_ratio=latency.p50_ratio("int8", "float32"),
        noise_ratio=latency.noise_ratio,
        latency_quantiles_us={each: latency.quantiles_us(each) for each in bundles.variants},
        machine=latency.machine,
        evidence=gather(
            dataset,
            predictors["float32"].bundle.columns,
            test,
            {each: answers[each] for each in bundles.variants},
            threshold,
        ),
    )


def _class_rows(target: NDArray[Any], classes: int) -> tuple[int, ...]:
    """How many rows have each label; nothing for numbers."""
    return tuple(np.bincount(target, minlength=classes).tolist()) if classes else ()


def _score_changes(
    scoring: Scoring, test: HeldOut, answers: Mapping[str, Floats]
) -> dict[str, dict[ScoreName, Interval]]:
    """What each step changes in the scores, paired by row; accuracy only where int8 is judged."""
    is_judged = len(test.target) >= ENOUGH_ROWS
    return {
        arm: scoring.changes(
            *(test.target, answers[before], answers[arm], test.weights),
            accuracy=arm == "int8" and is_judged,
        )
        for before, arm in itertools.pairwise(waterfall.STEPS.values())
    }


def _coverage(dataset: DatasetRef, test: HeldOut, answers: Floats) -> dict[str, float]:
    """The share of rows at or below each quantile, by its name; nothing for other targets."""
    if not dataset.quantiles:
        return {}
    shares = quantiles.coverage(test.target, answers, test.weights)
    return dict(zip(names(dataset.quantiles), shares, strict=True))


def _off_level(dataset: DatasetRef, test: HeldOut, answers: Floats) -> tuple[str, ...]:
    """The names of the quantiles that miss their level; nothing for other targets."""
    levels = dataset.quantiles
    if not levels:
        return ()
    places = quantiles.off_level(test.target, answers, test.weights, levels=levels)
    return tuple(names(levels)[each] for each in places)


def _size(bundle: BundleRef) -> SizeFigures:
    return SizeFigures(
        weights_bytes=bundle.weights_bytes,
        tensors_bytes=bundle.tensors_bytes,
        bundle_bytes=bundle.file.size_bytes,
    )


def _smallest_bytes(bundles: list[Bundle]) -> int:
    """The size of the file of a model of one column and one unit; the smallest column counts."""
    sizes = []
    for bundle in bundles:
        column = min(bundle.columns, key=lambda each: len(each.name) + len(str(each.categories)))
        sizes.append(len(dump(smallest(bundle, _plain(column)))))
    return min(sizes)


def _plain(column: Column) -> Column:
    """A column with one bin."""
    return column if column.edges is None else replace(column, edges=column.edges[[0, -1]])


def _steps(
    metrics: Mapping[str, VariantMetrics],
    predictors: Mapping[str, Predictor],
    latency: Latency,
    changes: Mapping[str, Mapping[ScoreName, Interval]],
    max_score_loss: float,
) -> tuple[WaterfallStep, ...]:
    pairs = itertools.pairwise(waterfall.STEPS.values())
    return waterfall.steps(
        metrics,
        {arm: _network(each) for arm, each in predictors.items()},
        {arm: latency.p50_ratio(arm, before) for before, arm in pairs},
        changes,
        Rules(latency.noise_ratio, latency.machine.timer_us, max_score_loss),
    )


def _network(predictor: Predictor) -> str:
    widths = [len(predictor.features), *(len(each.bias) for each in predictor.bundle.layers)]
    return "-".join(str(width) for width in widths)
