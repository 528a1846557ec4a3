"""The whole run: every part of it, in order."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import torch

from bench import arms, models
from bench.batches import measure_batches
from bench.instruction_sets import measure_sets
from bench.protocol import Arm, Plan, Times, check, cold, hot, progress
from bench.results import ArmFigures, ColdFigures, Figures
from bench.start import measure_start
from slipstream.measurement.intervals import median, median_ratio, quantile
from slipstream.measurement.machine import this_machine
from slipstream.measurement.timing import quiet_process

__all__ = ["measure"]

FULL = Plan(
    rounds=40,
    block_calls=1000,
    block_seconds=0.05,
    cold_calls=300,
    batch_rounds=20,
    fresh_processes=12,
)
QUICK = Plan(
    rounds=3,
    block_calls=200,
    block_seconds=0.01,
    cold_calls=5,
    batch_rounds=2,
    fresh_processes=1,
)
# What a call in a busy process costs is told for those that are fast enough for it to matter.
COLD = (arms.EMPTY, "Slipstream int8", "Slipstream float32", arms.AGAIN)
COLD_PEERS = ("ONNX Runtime", "LightGBM C")
LIBRARIES = ("lightgbm", "mlflow", "numpy", "onnxruntime", "openvino", "scikit-learn", "torch")


@dataclass(frozen=True)
class _Trained:
    """What is measured: the table, a setting for each size (smallest first), and the others."""

    data: models.Data
    settings: list[arms.Setting]
    mixed: models.Model
    demo_tensors_ratio: float


def measure(*, quick: bool) -> Figures:
    """Measure everything; `quick` takes the smallest size only, and too few calls to believe."""
    plan = QUICK if quick else FULL
    sizes = models.SIZES[:1] if quick else models.SIZES
    with tempfile.TemporaryDirectory() as folder:
        trained = _train(sizes, Path(folder))
        torch.set_num_threads(1)
        with quiet_process(), torch.inference_mode():
            return _measure(trained, plan, "quick" if quick else "full")


def _train(sizes: Sequence[models.Size], folder: Path) -> _Trained:
    data = models.make_data()
    return _Trained(
        data,
        [
            arms.Setting(data, models.train(data, sizes[index], folder), folder)
            for index in progress(range(len(sizes)), "training the networks")
        ],
        models.train_mixed(data, folder),
        models.demo_tensors_ratio(),
    )


def _measure(trained: _Trained, plan: Plan, kind: Literal["full", "quick"]) -> Figures:
    data, smallest = trained.data, trained.settings[0]
    every_arm = {
        each.model.name: _arms(each, with_all=each is smallest) for each in trained.settings
    }
    hot_figures = {size: _hot(size, made, plan, data) for size, made in every_arm.items()}
    float32 = {each.model.name: each.model.bundles["float32"] for each in trained.settings}
    int8 = {each.model.name: each.model.bundles["int8"] for each in trained.settings}
    return Figures(
        kind=kind,
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
        machine=this_machine(
            calls=plan.rounds * plan.block_calls,
            cold_calls=plan.cold_calls,
            distinct_rows=len(data.table),
        ),
        versions=_versions(),
        not_installed=tuple(
            name for name, (needed, _) in arms.PEERS.items() if not arms.is_installed(*needed)
        ),
        hot=tuple(each for figures in hot_figures.values() for each in figures),
        noise={
            each.size: each.ratio
            for figures in hot_figures.values()
            for each in figures
            if each.arm == arms.AGAIN
        },
        dicts=tuple(_hot(models.MIXED, arms.mixed(trained.mixed, data), plan, data)),
        cold=tuple(_cold(smallest.model.name, every_arm[smallest.model.name], plan, data)),
        batches=tuple(
            figures for each in trained.settings for figures in measure_batches(each, plan)
        ),
        instruction_sets=tuple(measure_sets([each.model for each in trained.settings], plan)),
        start=tuple(measure_start(smallest, plan)),
        tensors_ratio={
            size: bundle.tensors_bytes / int8[size].tensors_bytes
            for size, bundle in float32.items()
        },
        weights_bytes={size: bundle.weights_bytes for size, bundle in float32.items()},
        demo_tensors_ratio=trained.demo_tensors_ratio,
    )


def _arms(setting: arms.Setting, *, with_all: bool) -> list[Arm]:
    """Our arms, int8 row first, and those of every peer that is installed."""
    made = arms.ours(setting, every_input=with_all)
    for name, (needed, make) in arms.PEERS.items():
        if (with_all or name in arms.SAME_NETWORK) and arms.is_installed(*needed):
            made += make(setting)
    return [*made, arms.empty_call()] if with_all else made


def _hot(size: str, made: Sequence[Arm], plan: Plan, data: models.Data) -> list[ArmFigures]:
    """Check, then time; the first arm is what the ratios are to."""
    differences = [check(arm) for arm in made]
    times = hot(made, len(data.table), plan, f"{size}: {len(made)} arms, hot")
    return [
        _figures(size, arm, each, times[0], difference)
        for arm, each, difference in zip(made, times, differences, strict=True)
    ]


def _figures(size: str, arm: Arm, times: Times, first: Times, difference: float) -> ArmFigures:
    return ArmFigures(
        size=size,
        arm=arm.name,
        ours=arm.ours,
        p50_us=quantile(times.calls, 0.5),
        p99_us=quantile(times.calls, 0.99),
        block_us=median(times.block_means),
        ratio=median_ratio(times.calls, first.calls),
        block_ratio=median_ratio(times.block_means, first.block_means),
        calls=times.calls.size,
        block_calls=times.calls.shape[1],
        largest_difference=difference,
    )


def _cold(size: str, made: Sequence[Arm], plan: Plan, data: models.Data) -> list[ColdFigures]:
    chosen = [arm for arm in made if arm.name in COLD or arm.name.startswith(COLD_PEERS)]
    times = cold(chosen, len(data.table), plan, f"{size}: {len(chosen)} arms, cold")
    return [
        ColdFigures(
            size=size,
            arm=arm.name,
            p50_us=quantile(each, 0.5),
            ratio=median_ratio(each, times[0]),
            calls=each.size,
        )
        for arm, each in zip(chosen, times, strict=True)
    ]


def _versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
