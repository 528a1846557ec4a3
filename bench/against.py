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
from slipstream.measurement.harness import Arm, Blocks, time_cold, time_hot
from slipstream.measurement.intervals import median, median_ratio
from slipstream.measurement.timing import Times, quiet_process, time_block

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "slipstream"
TABLE_ROWS = 1000
LOADS = 12
ROUNDS = 6  # of each load
BLOCKS = Blocks(calls=1000, seconds=0.02)
COLD_CALLS = 100


@dataclass(frozen=True)
class Question:
    """What every predictor is asked: one of its methods, and how an argument is made for it."""

    name: str
    file: Path
    method: str
    make: Callable[[int], Any]
    rows: int


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
                measure(question, runtimes)
            measure_cold(every[0], runtimes)


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
        forms: dict[str, tuple[str, Callable[[int], Any]]] = {
            "list": ("predict_one", lambda index: kept[index].tolist()),
            "array": ("predict_one", lambda index: kept[index].copy()),
            f"{TABLE_ROWS:,} rows": ("predict", lambda _: table),
        }
        for form, (method, make) in forms.items():
            for precision in ("float32", "int8"):
                name = f"{model.name} {precision}, {form}"
                yield Question(name, model.path(precision), method, make, len(kept))
    mixed = models.train_mixed(data, folder)
    rows = models.mixed_rows(data)
    yield Question(
        f"{mixed.name} int8, dict",
        mixed.path("int8"),
        "predict_one",
        lambda index: dict(rows[index]),
        len(rows),
    )


def measure(question: Question, runtimes: Sequence[ModuleType]) -> None:
    """Time one question, and print its line."""
    loads = [
        time_hot(load_arms(question, runtimes), range(ROUNDS), BLOCKS, time_block)
        for _ in range(LOADS)
    ]
    show(question.name, [np.concatenate(each) for each in zip(*loads, strict=True)])


def measure_cold(question: Question, runtimes: Sequence[ModuleType]) -> None:
    """The same with other data in the caches before each call."""
    times = time_cold(load_arms(question, runtimes), range(COLD_CALLS))
    show(f"{question.name}, cold", times)


def load_arms(question: Question, runtimes: Sequence[ModuleType]) -> list[Arm]:
    """Load the question's file with every package."""
    return [
        Arm(
            getattr(runtime.load_file(question.file), question.method),
            question.make,
            question.rows,
        )
        for runtime in runtimes
    ]


def show(name: str, times: Sequence[Times]) -> None:
    """Print what this checkout takes, and its ratios to the other commit and to itself."""
    here, other, again = times
    ratios = (median_ratio(here, other), median_ratio(here, again))
    shown = "   ".join(f"{each.estimate:.3f} [{each.low:.3f}, {each.high:.3f}]" for each in ratios)
    print(f"{name:44} {median(here).estimate:9.3f}   {shown}", flush=True)


if __name__ == "__main__":
    main()
