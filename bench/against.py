"""The compiled predictor against another commit's, in one run: `python -m bench.against [COMMIT]`.

Both answer the same rows and tables from the same files, in turns, in one process: each is a
package of its own with its own compiled part. The checkout's is there twice, and how far those two
differ is the noise floor. Every few blocks the files are loaded again: where a model is in memory
changes its times by more than its blocks differ. `SLIPSTREAM_ISA` selects the instruction set.
"""

import argparse
import importlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from bench import models
from bench.protocol import Arm, Indices, Plan, cold, hot
from slipstream.measurement.intervals import median, median_ratio
from slipstream.measurement.timing import quiet_process

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "slipstream"
TABLE_ROWS = 1000
LOADS = 12
PLAN = Plan(
    rounds=6,  # of each load
    block_calls=1000,
    block_seconds=0.02,
    cold_calls=100,
    batch_rounds=0,
    fresh_processes=0,
)


@dataclass(frozen=True)
class Question:
    """What every predictor is asked: the inputs of some rows, by a method of its own."""

    name: str
    file: Path
    method: str
    inputs: Callable[[Indices], list[Any]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Build, measure and print."""
    parser = argparse.ArgumentParser(prog="bench.against", description=__doc__)
    parser.add_argument("commit", nargs="?", default="HEAD~1", help="by default the parent")
    commit = parser.parse_args(arguments).commit
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "src", folder / "again")  # a copy, or it would not be loaded twice
        sources = (ROOT / "src", build(commit, folder / "other"), folder / "again")
        runtimes = [load_runtime(source) for source in sources]
        data = models.make_data()
        print(f"µs a call on {runtimes[0].instruction_set}; ratios to {commit} and to itself, 95 %")
        with quiet_process():
            every = list(questions(data, folder))
            for question in every:
                measure(question, runtimes, len(data.table))
            measure_cold(every[0], runtimes, len(data.table))


def build(commit: str, folder: Path) -> Path:
    """Build a commit's package in a folder; returns the package's parent."""
    folder.mkdir()
    archive = subprocess.run(
        ["git", "archive", commit], cwd=ROOT, check=True, stdout=subprocess.PIPE
    ).stdout
    subprocess.run(["tar", "-x"], cwd=folder, check=True, input=archive)
    command = [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "src"


def load_runtime(source: Path) -> ModuleType:
    """Import `slipstream.runtime` from a folder, apart from any other that is imported."""
    with without_package():
        sys.path.insert(0, str(source))
        try:
            runtime = importlib.import_module(f"{PACKAGE}.runtime")
        finally:
            sys.path.remove(str(source))
    assert runtime.__file__ is not None
    assert Path(runtime.__file__).is_relative_to(source)
    if runtime.backend != "compiled":
        raise RuntimeError(f"{source} must have a compiled predictor, however: it has none")
    return runtime


@contextmanager
def without_package() -> Iterator[None]:
    """Within, the package has not been imported; afterwards it is what it was."""
    ours = {name: module for name, module in sys.modules.items() if name.split(".")[0] == PACKAGE}
    for name in ours:
        del sys.modules[name]
    try:
        yield
    finally:
        for name in [each for each in sys.modules if each.split(".")[0] == PACKAGE]:
            del sys.modules[name]
        sys.modules.update(ours)


def questions(data: models.Data, folder: Path) -> Iterator[Question]:
    """One row in every form that C reads, and tables, on networks of 32 and 64 units."""
    kept = data.kept
    table = kept[:TABLE_ROWS].astype(np.float32)
    for size in models.SIZES[:2]:
        model = models.train(data, replace(size, epochs=1), folder)  # sizes, not weights, matter
        forms: dict[str, tuple[str, Callable[[Indices], list[Any]]]] = {
            "list": ("predict_one", lambda chosen: kept[chosen].tolist()),
            "array": ("predict_one", lambda chosen: [kept[each].copy() for each in chosen]),
            f"{TABLE_ROWS:,} rows": ("predict", lambda chosen: [table for _ in chosen]),
        }
        for form, (method, inputs) in forms.items():
            for precision in ("float32", "int8"):
                name = f"{model.name} {precision}, {form}"
                yield Question(name, model.path(precision), method, inputs)
    mixed = models.train_mixed(data, folder)
    rows = models.mixed_rows(data)
    yield Question(
        f"{mixed.name} int8, dict",
        mixed.path("int8"),
        "predict_one",
        lambda chosen: [dict(rows[each]) for each in chosen],
    )


def measure(question: Question, runtimes: Sequence[ModuleType], rows: int) -> None:
    """Time one question, and print its line."""
    block_means = [
        [times.block_means for times in hot(load_arms(question, runtimes), rows, PLAN, "")]
        for _ in range(LOADS)
    ]
    show(question.name, [np.concatenate(each) for each in zip(*block_means, strict=True)])


def measure_cold(question: Question, runtimes: Sequence[ModuleType], rows: int) -> None:
    """The same with other data in the caches before each call."""
    show(f"{question.name}, cold", cold(load_arms(question, runtimes), rows, PLAN, ""))


def load_arms(question: Question, runtimes: Sequence[ModuleType]) -> list[Arm]:
    """Load the question's file with every package."""
    return [
        Arm(
            name=str(runtime.__file__),
            inputs=question.inputs,
            call=getattr(runtime.load_file(question.file), question.method),
        )
        for runtime in runtimes
    ]


def show(name: str, times: Sequence[Any]) -> None:
    """Print what this checkout takes, and its ratios to the other commit and to itself."""
    here, other, again = times
    ratios = (median_ratio(here, other), median_ratio(here, again))
    shown = "   ".join(f"{each.estimate:.3f} [{each.low:.3f}, {each.high:.3f}]" for each in ratios)
    print(f"{name:44} {median(here).estimate:9.3f}   {shown}", flush=True)


if __name__ == "__main__":
    main()
