"""int8 against float32 on one instruction set, in a process of its own: it is chosen at import.

`python -m bench.instruction_sets KIND FILE…` is what `measure_sets` starts; it prints JSON.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.plan import PLANS, Kind, Plan
from bench.progress import progress
from bench.results import AcrossSets
from slipstream.measurement.harness import Arm, time_hot
from slipstream.measurement.intervals import median_ratio, quantile
from slipstream.measurement.timing import quiet_process
from slipstream.runtime import instruction_set, load_file
from slipstream.runtime.native import instruction_sets

if TYPE_CHECKING:  # it needs torch, and these processes do not
    from bench.models import Model

__all__ = ["measure_sets"]

ROWS = 4096


def measure_sets(models: Sequence["Model"], kind: Kind) -> list[AcrossSets]:
    """Measure all sizes on every instruction set that the machine has."""
    figures: list[AcrossSets] = []
    for index in progress(len(instruction_sets), "int8 and float32 by instruction set"):
        command = [sys.executable, "-m", "bench.instruction_sets", kind]
        command += [str(model.path("int8")) for model in models]
        done = subprocess.run(
            command,
            check=True,
            env={**os.environ, "SLIPSTREAM_ISA": instruction_sets[index]},
            cwd=Path(__file__).parents[1],
            stdout=subprocess.PIPE,
        )
        figures += [AcrossSets(**each) for each in json.loads(done.stdout)]
    return figures


def main() -> None:
    """Measure the files that the arguments name, on the instruction set of this process."""
    plan = PLANS[sys.argv[1]]
    with quiet_process():
        figures = [_measure(Path(file), plan) for file in sys.argv[2:]]
    print(json.dumps([each.model_dump() for each in figures]))


def _measure(int8_file: Path, plan: Plan) -> AcrossSets:
    size = int8_file.name.removesuffix(".int8.safetensors")
    predictors = [
        load_file(int8_file.with_name(f"{size}.{precision}.safetensors"))
        for precision in ("int8", "float32", "int8")  # once more, for the noise
    ]
    columns = predictors[0].bundle.columns
    edges = np.stack([each.edges for each in columns if each.edges is not None], axis=1)  # (2, k)
    rows = np.random.default_rng(0).uniform(edges[0], edges[1], (ROWS, edges.shape[1]))
    arms = [
        Arm(predictor.predict_one, lambda index: rows[index].copy(), rows=ROWS)
        for predictor in predictors
    ]
    int8, float32, again = time_hot(arms, range(plan.rounds), plan.blocks)
    return AcrossSets(
        instruction_set=str(instruction_set),
        size=size,
        int8_p50_us=quantile(int8, 0.5).estimate,
        float32_p50_us=quantile(float32, 0.5).estimate,
        ratio=median_ratio(float32, int8),
        noise=median_ratio(again, int8),
    )


if __name__ == "__main__":
    main()
