"""The whole run: every part of it, in order."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from bench import models
from bench.arms.contender import Contender, Setting
from bench.arms.ours import AGAIN, EMPTY, empty_call, mixed, other_inputs, ours
from bench.arms.peers import PEERS, SAME_NETWORK, is_installed
from bench.batches import measure_batches
from bench.instruction_sets import measure_sets
from bench.plan import PLANS, Kind, Plan
from bench.progress import progress
from bench.results import ArmFigures, ColdFigures, Figures
from bench.start import measure_start
from slipstream.measurement.harness import time_cold, time_hot
from slipstream.measurement.intervals import median, median_ratio, quantile
from slipstream.measurement.machine import this_machine
from slipstream.measurement.timing import quiet_process, time_block

__all__ = ["measure"]

# Cold calls are measured of the arms that are fast enough for the state of the caches to matter.
COLD = (EMPTY, "Slipstream int8", "Slipstream float32", AGAIN)
COLD_PEERS = ("ONNX Runtime", "LightGBM C")
LIBRARIES = ("lightgbm", "mlflow", "numpy", "onnxruntime", "openvino", "scikit-learn", "torch")


@dataclass(frozen=True)
class _Trained:
    """What is measured: the table, a setting for each size (smallest first), and the others."""

    data: models.Data
    settings: list[Setting]
    mixed: models.Model
    demo_tensors_ratio: float


def measure(kind: Kind) -> Figures:
    """Measure everything; a quick run measures the smallest size only."""
    sizes = models.SIZES[:1] if kind == "quick" else models.SIZES
    with tempfile.TemporaryDirectory() as folder:
        trained = _train(sizes, Path(folder))
        torch.set_num_threads(1)
        with quiet_process(), torch.inference_mode():
            return _measure(trained, kind)


def _train(sizes: Sequence[models.Size], folder: Path) -> _Trained:
    data = models.make_data()
    return _Trained(
        data,
        [
            Setting(data, models.train(data, sizes[index], folder), folder)
            for index in progress(len(sizes), "training the networks")
        ],
        models.train_mixed(data, folder),
        models.demo_tensors_ratio(),
    )


def _measure(trained: _Trained, kind: Kind) -> Figures:
    plan, data, smallest = PLANS[kind], trained.data, trained.settings[0]
    contenders = {
        each.model.name: _contenders(each, with_all=each is smallest) for each in trained.settings
    }
    hot = {size: _hot(size, made, plan) for size, made in contenders.items()}
    float32 = {each.model.name: each.model.bundles["float32"] for each in trained.settings}
    int8 = {each.model.name: each.model.bundles["int8"] for each in trained.settings}
    return Figures(
        kind=kind,
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
        machine=this_machine(
            calls=plan.rounds * plan.blocks.calls,
            cold_calls=plan.cold_calls,
            distinct_rows=len(data.table),
        ),
        versions=_versions(),
        not_installed=tuple(name for name in PEERS if not is_installed(name)),
        hot=tuple(each for figures in hot.values() for each in figures),
        noise={
            each.size: each.ratio
            for figures in hot.values()
            for each in figures
            if each.arm == AGAIN
        },
        dicts=tuple(_hot(models.MIXED, mixed(trained.mixed, data), plan)),
        cold=tuple(_cold(smallest.model.name, contenders[smallest.model.name], plan)),
        batches=tuple(
            figures for each in trained.settings for figures in measure_batches(each, plan)
        ),
        instruction_sets=tuple(measure_sets([each.model for each in trained.settings], kind)),
        start=tuple(measure_start(smallest, plan)),
        tensors_ratio={
            size: bundle.tensors_bytes / int8[size].tensors_bytes
            for size, bundle in float32.items()
        },
        weights_bytes={size: bundle.weights_bytes for size, bundle in float32.items()},
        demo_tensors_ratio=trained.demo_tensors_ratio,
    )


def _contenders(setting: Setting, *, with_all: bool) -> list[Contender]:
    """Our arms, int8 row first, and those of every peer that is installed."""
    made = ours(setting)
    if with_all:
        made += other_inputs(setting)
    for name, (_, make) in PEERS.items():
        if (with_all or name in SAME_NETWORK) and is_installed(name):
            made += make(setting)
    return [*made, empty_call()] if with_all else made


def _hot(size: str, contenders: Sequence[Contender], plan: Plan) -> list[ArmFigures]:
    """Check, then time calls one by one and in whole blocks; ratios are to the first."""
    differences = [each.check() for each in contenders]
    arms, what = [each.arm for each in contenders], f"{size}: {len(contenders)} arms, hot"
    calls = time_hot(arms, progress(plan.rounds, what), plan.blocks)
    in_blocks = progress(plan.rounds, f"{what}, in whole blocks")
    block_means = time_hot(arms, in_blocks, plan.blocks, time_block)
    return [
        ArmFigures(
            size=size,
            arm=each.name,
            ours=each.ours,
            p50_us=quantile(calls_us, 0.5),
            p99_us=quantile(calls_us, 0.99),
            block_us=median(blocks_us),
            ratio=median_ratio(calls_us, calls[0]),
            block_ratio=median_ratio(blocks_us, block_means[0]),
            calls=calls_us.size,
            block_calls=calls_us.shape[1],
            largest_difference=difference,
        )
        for each, calls_us, blocks_us, difference in zip(
            contenders, calls, block_means, differences, strict=True
        )
    ]


def _cold(size: str, contenders: Sequence[Contender], plan: Plan) -> list[ColdFigures]:
    chosen = [each for each in contenders if each.name in COLD or each.name.startswith(COLD_PEERS)]
    rounds = progress(plan.cold_calls, f"{size}: {len(chosen)} arms, cold")
    times = time_cold([each.arm for each in chosen], rounds)
    return [
        ColdFigures(
            size=size,
            arm=each.name,
            p50_us=median(calls_us),
            ratio=median_ratio(calls_us, times[0]),
            calls=calls_us.size,
        )
        for each, calls_us in zip(chosen, times, strict=True)
    ]


def _versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
