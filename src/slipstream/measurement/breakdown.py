"""Where the time of one prediction goes, seen from outside: with models that are cut short.

A compiled predictor answers in one call, and Python cannot look into it. So the parts are found as
differences: the run's own model and copies of it, each cut down a step further, are measured in
turn. Each is a whole model that is called like any other. What a step adds is what its part costs:

- look-up: reading the other k - 1 values of the row and finding their bins, with one unit;
- first layer: the same columns, with the first layer at its full width;
- hidden layers: the layers after it, up to the whole model;
- output: what a third unit adds to an output layer of two, including its exponential and number;
  for a model of several outputs, what as many more again add to twice as many;
- call: the rest, that is, a model of one column and one hidden unit, less the output layer.

Whole blocks are timed, since some parts take no longer than a step of the clock; so the timer's own
cost is not included. Each part is the difference of two models' medians over the blocks, with its
bootstrap interval, so the parts add up to the whole model's median. Where an interval holds zero,
the part was not resolved and may come out negative: `resolved` adds it to the part before. Caches
are warm, and a processor overlaps steps that do not wait for each other, so a part is what it adds,
not what it would take alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from slipstream.measurement import intervals
from slipstream.measurement.intervals import Interval
from slipstream.measurement.latency import row_arm, time_for
from slipstream.measurement.timing import Times, quiet_process, time_block
from slipstream.runtime import Bundle, Predictor
from slipstream.runtime.columns import Column
from slipstream.runtime.kernels import Layer
from slipstream.runtime.types import Precision

__all__ = ["parts", "resolved", "smallest", "truncated"]

SECONDS = 0.3


def parts(
    predictors: Mapping[Precision, Predictor], table: pd.DataFrame
) -> dict[Precision, dict[str, Interval]]:
    """Measure the parts of one prediction in µs, for each predictor.

    Args:
        predictors: what to measure, interleaved.
        table: raw rows with at least their features.
    """
    chains = [truncated(predictor.bundle) for predictor in predictors.values()]
    arms = [row_arm(Predictor(bundle), table) for chain in chains for bundle in chain.values()]
    with quiet_process():
        times = iter(time_for(SECONDS, arms, time_block))
    return {
        precision: _differences({name: next(times) for name in chain})
        for precision, chain in zip(predictors, chains, strict=True)
    }


def resolved(parts_us: Mapping[str, Interval]) -> list[tuple[tuple[str, ...], float]]:
    """The parts whose interval is above zero, in µs; any other's time is added to its neighbour's.

    So what is shown adds up to the whole, and no part is shown that was not resolved.
    """
    found: list[tuple[tuple[str, ...], float]] = []
    for part, us in parts_us.items():
        if found and us.low <= 0:
            names, before = found.pop()
            found.append(((*names, part), before + us.estimate))
        else:
            found.append(((part,), us.estimate))
    return found


def truncated(bundle: Bundle) -> dict[str, Bundle]:
    """A model cut down to its smallest, then step by step as it is, then with more output units."""
    first, second = bundle.layers[:2]
    outputs = len(bundle.layers[-1].bias)
    unit_output = _cut_matrix(second, outputs, inputs=1)
    return {
        "smallest": smallest(bundle, bundle.columns[0]),
        "columns": _with_layers(bundle, [_cut_table(first, len(first.weight), 1), unit_output]),
        "first": _with_layers(bundle, [first, _cut_matrix(second, outputs)]),
        "whole": bundle,
        "two": _with_outputs(bundle, 2 * outputs),
        "three": _with_outputs(bundle, 3 * outputs),
    }


def smallest(bundle: Bundle, column: Column) -> Bundle:
    """A model cut down to one of its columns, without what is derived from it, and one unit.

    It has all the outputs.
    """
    first, second = bundle.layers[:2]
    outputs = len(bundle.layers[-1].bias)
    column = replace(column, parts=())
    layers = [_cut_table(first, column.rows, 1), _cut_matrix(second, outputs, inputs=1)]
    return _with_layers(replace(bundle, columns=(column,)), layers)


def _with_layers(bundle: Bundle, layers: Sequence[Layer]) -> Bundle:
    scales = bundle.activation_scales[: len(layers) - 1]  # one a hidden layer
    return replace(bundle, layers=tuple(layers), activation_scales=scales)


def _with_outputs(bundle: Bundle, count: int) -> Bundle:
    layers = (*bundle.layers[:-1], _cut_matrix(bundle.layers[-1], count))
    classes = tuple(str(each) for each in range(count))
    return replace(
        bundle,
        layers=layers,
        task="multiclass",
        classes=classes,
        quantiles=(),
        target_scale="identity",
    )


def _cut_table(layer: Layer, rows: int, units: int) -> Layer:
    return _chosen_units(layer, layer.weight[:rows, :units], np.arange(units))


def _cut_matrix(layer: Layer, units: int, inputs: int | None = None) -> Layer:
    """A layer's first units, or all of them again and again where it has fewer."""
    chosen = np.arange(units) % len(layer.bias)
    return _chosen_units(layer, layer.weight[chosen, :inputs], chosen)


def _chosen_units(layer: Layer, weight: NDArray[Any], units: NDArray[np.int64]) -> Layer:
    return Layer(
        weight=np.ascontiguousarray(weight),
        bias=layer.bias[units],
        multiplier=None if layer.multiplier is None else layer.multiplier[units],
    )


def _differences(times: Mapping[str, Times]) -> dict[str, Interval]:
    smallest, columns, first, whole, two, three = (
        intervals.quantiles(each, 0.5) for each in times.values()
    )
    output = three - two
    added = {
        "call": smallest - output,
        "look-up": columns - smallest,
        "first layer": first - columns,
        "hidden layers": whole - first,
        "output": output,
    }
    return {part: intervals.interval(each) for part, each in added.items()}
