"""Tables of many kinds, all with defaults: what was inferred, and how LightGBM scores on the same.

`python -m bench.zoo [NAME…]` writes `bench/results/zoo.md` and `zoo.json`. LightGBM 4 with its own
defaults reads the columns that our model reads, is fitted on the rows that ours was trained and
stopped by, and is scored on the same test rows by the same functions.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from bench import trees
from bench.peer_rows import peer_rows
from bench.pipeline import Computed, compute
from bench.tables import Table, tables
from slipstream.artifacts.store import Store
from slipstream.config.parsing import parse_config
from slipstream.data.snapshot import TARGET, Snapshot
from slipstream.evaluation.scoring import SCORING
from slipstream.runtime import InputError, load_file

__all__ = ["main"]

RESULTS = Path(__file__).resolve().parent / "results"
# The one score that is shown for each kind of target.
SHOWN = {"binary": "test_auc", "multiclass": "test_log_loss", "regression": "test_rmse"}


class Outcome(BaseModel):
    """What became of a table; `refusal` is the message where it was refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    task: str = ""
    rows: int = 0
    columns: dict[str, str] = {}
    kept: list[str] = []
    warnings: list[str] = []
    ours: dict[str, float] = {}
    lightgbm: dict[str, float] = {}
    seconds: float = 0.0
    refusal: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tables that are named, or all, and write what was seen."""
    parser = argparse.ArgumentParser(prog="bench.zoo", description=__doc__, allow_abbrev=False)
    parser.add_argument("names", nargs="*", help="tables; none: all that are there")
    names = parser.parse_args(arguments).names
    with tempfile.TemporaryDirectory() as folder:
        there = [each for each in tables(Path(folder)) if each.is_there]
        chosen = [each for each in there if not names or each.name in names]
        outcomes = []
        for table in chosen:
            outcomes.append(run(table, Store(Path(folder) / "store")))
            print(_line(outcomes[-1]), flush=True)
    if not names:
        RESULTS.mkdir(parents=True, exist_ok=True)
        everything = [outcome.model_dump() for outcome in outcomes]
        text = json.dumps(everything, indent=1, ensure_ascii=False)
        (RESULTS / "zoo.json").write_text(text + "\n")
        (RESULTS / "zoo.md").write_text(page(outcomes))
    return 0


def run(table: Table, store: Store) -> Outcome:
    """Compute a table with all defaults, and score both models on its test rows."""
    config = parse_config({"data": {"path": table.path, "target": table.target, **table.data}})
    begun = perf_counter()
    try:
        computed = compute(config, store)
    except InputError as error:
        return Outcome(name=table.name, refusal=str(error))
    seconds = perf_counter() - begun
    dataset = computed.dataset
    test = Snapshot(dataset, store).frame("test")
    target, quality = test[TARGET].to_numpy(), SCORING[dataset.task].quality
    model = load_file(store.path(computed.bundles.int8.file))
    return Outcome(
        name=table.name,
        task=dataset.task,
        rows=sum(dataset.rows.values()),
        columns={column.name: column.kind for column in dataset.columns},
        kept=computed.mask.features,
        warnings=[
            *dataset.warnings,
            *computed.prepared.warnings,
            *computed.mask.warnings,
            *computed.network.warnings,
        ],
        ours=dict(quality(target, model.predict(test[model.features]), None)),
        lightgbm=dict(quality(target, light_gbm(computed, store), None)),
        seconds=seconds,
    )


def light_gbm(computed: Computed, store: Store) -> NDArray[np.float64]:
    """What LightGBM with its defaults answers for the test rows, from the same columns."""
    rows = peer_rows(computed.dataset, computed.mask.features, store)
    return trees.answers(trees.defaults(rows), rows)


def page(outcomes: Sequence[Outcome]) -> str:
    """All outcomes as one page."""
    heading = "| table | target | rows | columns | kept | score | Slipstream int8 | LightGBM | s |"
    rule = "|---|---|---|---|---|---|---|---|---|"
    parts = [
        "# Table zoo\n",
        f"{__doc__.partition(chr(10))[0]}\n",
        *(heading, rule, *map(_line, outcomes)),
        "\n## What was said\n",
        *(_notes(outcome) for outcome in outcomes),
    ]
    return "\n".join(parts) + "\n"


def _line(outcome: Outcome) -> str:
    if outcome.refusal:
        return f"| {outcome.name} | refused | | | | | | | |"
    score = SHOWN[outcome.task]
    cells = (
        *(outcome.name, outcome.task, f"{outcome.rows:,}"),
        *(str(len(outcome.columns)), str(len(outcome.kept)), score.removeprefix("test_")),
        *(f"{outcome.ours[score]:.4f}", f"{outcome.lightgbm[score]:.4f}", f"{outcome.seconds:.1f}"),
    )
    return f"| {' | '.join(cells)} |"


def _notes(outcome: Outcome) -> str:
    said = [outcome.refusal] if outcome.refusal else outcome.warnings
    kinds = Counter(outcome.columns.values())
    counted = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    lines = [f"- {line}" for line in said] or ["- nothing"]
    return "\n".join([f"**{outcome.name}** ({counted}):", "", *lines, ""])


if __name__ == "__main__":
    sys.exit(main())
