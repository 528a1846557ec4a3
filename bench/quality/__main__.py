"""Score models of many tables: `make bench-quality`, or `python -m bench.quality [--draw]`.

A table's figures are written as soon as they are there, so that `--resume` can go on where a run
was ended: it takes what the same code found for the same arms, and says so.
"""

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel

from bench.markdown import fill
from bench.progress import CONSOLE
from bench.quality.fitted import TIMED_ROWS
from bench.quality.measuring import ARMS, BLOCKS, ROUNDS, measure
from bench.quality.picture import picture
from bench.quality.results import Quality, Split
from bench.quality.show import page, summary
from bench.quality.summary import large, summaries
from bench.tables import SPLITS, Table, tables
from slipstream.artifacts.store import Store
from slipstream.measurement.machine import this_machine
from slipstream.runtime import InputError

__all__ = ["main", "publish", "run"]

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results"
PICTURE = ROOT / "docs" / "pictures" / "quality.png"
KEPT = ROOT / "build" / "quality"
LIBRARIES = ("lightgbm", "numpy", "scikit-learn", "torch")


class Kept(BaseModel):
    """A split's figures, and what they belong to."""

    code: str
    arms: list[str]
    split: Split


@dataclass(frozen=True)
class Plan:
    """What a run measures: tables by name (none: all that are there), splits and arms."""

    names: Sequence[str] = ()
    splits: int = SPLITS
    arms: Sequence[str] = tuple(ARMS)
    resume: bool = False
    kept: Path = KEPT

    @property
    def is_whole(self) -> bool:
        """Whether its figures may be published."""
        return not self.names and self.splits == SPLITS and set(self.arms) == set(ARMS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="bench.quality", description=__doc__, allow_abbrev=False)
    parser.add_argument("--tables", type=_names, default=[], help="such as adult,bank")
    parser.add_argument("--splits", type=int, default=SPLITS, help="how many; 3")
    parser.add_argument("--arms", type=_names, default=list(ARMS), help=f"of {','.join(ARMS)}")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was ended")
    parser.add_argument("--draw", action="store_true", help="from quality.json, measuring nothing")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.arms) - set(ARMS):
        parser.error(f"--arms must be of {','.join(ARMS)}, however: {','.join(sorted(unknown))}")
    if chosen.draw:
        publish(Quality.model_validate_json((RESULTS / "quality.json").read_text()))
        return 0
    plan = Plan(chosen.tables, chosen.splits, chosen.arms, chosen.resume)
    quality = run(plan)
    if plan.is_whole:
        publish(quality)
    else:
        write(quality, RESULTS / "quick", RESULTS / "quick" / "quality.png")
    return 0


def run(plan: Plan) -> Quality:
    """Measure table after table, split after split."""
    skipped, splits = dict[str, str](), list[Split]()
    with tempfile.TemporaryDirectory() as folder:
        every = tables(Path(folder))
        for table in every:
            if plan.names and table.name not in plan.names:
                continue
            if not table.is_there:
                skipped[table.name] = "its file is not there"
                continue
            try:
                seeds = range(min(plan.splits, table.splits))
                splits += [_split(table, seed, plan) for seed in seeds]
            except InputError as error:
                skipped[table.name] = str(error)
    for name, why in skipped.items():
        CONSOLE.print(f"{name} is left out: {why}", highlight=False)
    return Quality(
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
        machine=this_machine(calls=ROUNDS * BLOCKS.calls, cold_calls=0, distinct_rows=TIMED_ROWS),
        versions={name: version(name) for name in LIBRARIES},
        skipped=skipped,
        splits=tuple(splits),
    )


def publish(quality: Quality) -> None:
    """Write the page, the picture and the README's block."""
    write(quality, RESULTS, PICTURE)
    readme = ROOT / "README.md"
    readme.write_text(fill(readme.read_text(), "quality", summary(quality)))


def write(quality: Quality, folder: Path, picture_file: Path) -> None:
    """Write figures, page and picture."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "quality.json").write_text(quality.model_dump_json(indent=1) + "\n")
    (folder / "quality.md").write_text(page(quality))
    picture(large(summaries(quality))).savefig(picture_file, dpi=110)
    CONSOLE.print(f"written: {folder / 'quality.md'}, {picture_file}", highlight=False)


def _split(table: Table, seed: int, plan: Plan) -> Split:
    """Measure a split, or take what an ended run has found."""
    file = plan.kept / f"{table.name}.{seed}.json"
    if plan.resume and file.exists():
        found = Kept.model_validate_json(file.read_text())
        if found.code == _code() and found.arms == list(plan.arms):
            CONSOLE.print(f"{table.name}, split {seed}: taken from {file}", highlight=False)
            return found.split
    with tempfile.TemporaryDirectory() as folder:
        split = measure(table, seed, plan.arms, Store(Path(folder)))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(Kept(code=_code(), arms=list(plan.arms), split=split).model_dump_json())
    return split


def _code() -> str:
    """SHA-256 of all code of Slipstream and of the benchmarks."""
    digest = hashlib.sha256()
    for folder in (ROOT / "src", ROOT / "bench"):
        for path in sorted(folder.rglob("*.*")):
            if path.suffix in (".py", ".c", ".h"):
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _names(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


if __name__ == "__main__":
    sys.exit(main())
