"""Alternatives: where nothing fits the budget, what would.

Smaller models are not trained, and the run's own shape is measured beside them: latency and size go
by a model's shape, not by its weights, so the weights are random and everything else is as in a
real bundle. How well they would predict is for another run to find out.
"""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from slipstream.artifacts.references import Bundles, DatasetRef, FeatureMask
from slipstream.artifacts.store import Store
from slipstream.config.budget import BudgetConfig
from slipstream.data.sampling import spread
from slipstream.data.snapshot import Snapshot
from slipstream.evaluation.budget import over_budget
from slipstream.measurement.latency import row_arm, time_for
from slipstream.measurement.timing import quiet_process
from slipstream.quantization.variants import int8_bundle
from slipstream.runtime import Bundle, Predictor, load_file
from slipstream.runtime.bundle import dump
from slipstream.runtime.columns import lookups
from slipstream.runtime.kernels import Layer
from slipstream.search.candidates import Alternative, Alternatives, Candidate, candidates

__all__ = ["conclude", "measure_alternatives", "untrained"]

SECONDS = 2.0


CALIBRATION_ROWS = 64


WEIGHT = 0.1  # standard deviation of random weights


def measure_alternatives(
    dataset: DatasetRef, mask: FeatureMask, bundles: Bundles, budget: BudgetConfig, store: Store
) -> Alternatives:
    """Measure smaller models of the run's own columns, best first, float32 and int8."""
    rows = Snapshot(dataset, store).rows()
    own = load_file(store.path(bundles.float32.file)).bundle
    scores = {each.name: each.score for each in mask.scores}
    own = replace(own, columns=tuple(sorted(own.columns, key=lambda each: -scores[each.name])))
    hidden = tuple(len(layer.bias) for layer in own.layers[:-1])
    shapes = (Candidate(len(own.columns), hidden), *candidates(len(own.columns), hidden))
    made = [(shape, each) for shape in shapes for each in untrained(own, shape, rows)]
    arms = [row_arm(Predictor(bundle), rows) for _, bundle in made]
    with quiet_process():
        times = time_for(SECONDS, arms)
    measured = [
        _alternative(shape, bundle, each, budget)
        for (shape, bundle), each in zip(made, times, strict=True)
    ]
    variants = len(made) // len(shapes)  # the run's own shape comes first
    return Alternatives(
        own=tuple(measured[:variants]),
        measured=tuple(measured[variants:]),
        conclusion=conclude(measured[variants:], budget),
    )


def untrained(own: Bundle, shape: Candidate, rows: pd.DataFrame) -> tuple[Bundle, Bundle]:
    """Both variants of a shape, with random weights.

    Args:
        own: the model whose columns they read, the first k of them.
        shape: what to make.
        rows: raw rows to calibrate on.
    """
    columns = own.columns[: shape.k]
    random = np.random.default_rng(0)

    def numbers(*size: int) -> NDArray[np.float32]:
        return random.normal(0, WEIGHT, size).astype(np.float32)

    widths = [*shape.hidden, len(own.layers[-1].bias)]
    table = numbers(sum(column.rows for column in lookups(columns)), widths[0])
    layers = [Layer(weight=table, bias=numbers(widths[0]))]
    for inputs, units in itertools.pairwise(widths):
        layers.append(Layer(weight=numbers(units, inputs), bias=numbers(units)))
    float32 = replace(own, columns=columns, layers=tuple(layers))
    return float32, int8_bundle(float32, spread(rows, CALIBRATION_ROWS))


def conclude(measured: Sequence[Alternative], budget: BudgetConfig) -> str:
    """The largest that fits, or else the one that exceeds the budget by the least factor."""
    if not measured:
        return "there is no smaller model to try"
    fitting = [each for each in measured if not each.excess]
    if fitting:
        largest = max(fitting, key=lambda each: (each.k * sum(each.hidden), each.bundle_bytes))
        return f"{len(fitting)} of {len(measured)} would fit; the largest is {_name(largest)}"
    closest = min(measured, key=lambda each: _times_over(each, budget))
    return f"none would fit; {_name(closest)} is closest, {_times_over(closest, budget):.3g} x over"


def _alternative(
    shape: Candidate, bundle: Bundle, times: NDArray[np.float64], budget: BudgetConfig
) -> Alternative:
    p99_us, bundle_bytes = float(np.quantile(times, 0.99)), len(dump(bundle))
    return Alternative(
        k=shape.k,
        hidden=shape.hidden,
        precision=bundle.precision,
        latency_p50_us=float(np.quantile(times, 0.5)),
        latency_p99_us=p99_us,
        bundle_bytes=bundle_bytes,
        excess=over_budget(p99_us, bundle_bytes, budget),
    )


def _times_over(alternative: Alternative, budget: BudgetConfig) -> float:
    """How many times over its budget a model is, by what it exceeds most."""
    latency = alternative.latency_p99_us / budget.p99_us if budget.p99_us else 0.0
    size = alternative.bundle_bytes / budget.size_bytes if budget.size_bytes else 0.0
    return max(latency, size)


def _name(alternative: Alternative) -> str:
    """A model in the config's words."""
    hidden = list(alternative.hidden)
    return f"{alternative.precision} with features.k = {alternative.k} and model.hidden = {hidden}"
