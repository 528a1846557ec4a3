"""Retraining night after night on a table that grows, split by time."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from flows.retrain import retrain
from slipstream.artifacts.opening import open_store
from slipstream.artifacts.references import DatasetRef, SplitRule
from slipstream.config.optimize import OptimizeConfig
from slipstream.config.parsing import parse_config
from slipstream.data.snapshot import PART, TARGET, Snapshot
from slipstream.reporting.report import Retraining
from slipstream.tracking.registry import Registry

HOURS = 1200
COLUMNS = ["a", "b", TARGET]


def hourly(count: int, first: str = "2025-03-01", seed: int = 0) -> pd.DataFrame:
    """A row an hour; what follows from the columns changes as time passes."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"when": pd.date_range(first, periods=count, freq="h")})
    frame["a"], frame["b"] = random.normal(size=(2, count)).round(9)
    frame["amount"] = frame["a"] - frame["b"] * np.arange(count) / count
    frame["amount"] += random.normal(0, 0.3, count)
    return frame


def config_of(folder: Path) -> OptimizeConfig:
    return parse_config(
        {
            "data": {
                "path": str(folder / "orders.csv"),
                "target": "amount",
                "split": "time",
                "time": "when",
            },
            "model": {"hidden": [8]},
            "features": {"k": 5},
            "search": "off",
            "training": {"epochs": 6, "learning_rate": 0.02, "distill": "off"},
            "tracking": {"uri": f"sqlite:///{folder}/mlflow.db"},
        }
    )


def retrain_on(frame: pd.DataFrame, folder: Path) -> Retraining:
    frame.to_csv(folder / "orders.csv", index=False)
    return retrain(config_of(folder))


def hashes(dataset: DatasetRef, *, tested: bool) -> set[int]:
    rows = Snapshot(dataset, open_store()).frame(columns=[*COLUMNS, PART])
    chosen = rows[(rows[PART] == 2) == tested]
    return set(pd.util.hash_pandas_object(chosen[COLUMNS], index=False))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, mlflow_tables: Path) -> Path:
    folder = tmp_path_factory.mktemp("nights")
    (folder / "mlflow.db").write_bytes(mlflow_tables.read_bytes())
    return folder


@pytest.fixture(scope="module")
def nights(folder: Path) -> list[tuple[Retraining, str]]:
    """Five nights, each with a hundredth more rows, and the champion before each."""
    registry = Registry("orders", f"sqlite:///{folder}/mlflow.db")
    frame, found = hourly(HOURS), []
    for night in range(5):
        champion = registry.champion()
        known = frame.head(HOURS - 12 * (4 - night))
        found.append((retrain_on(known, folder), champion.number if champion else ""))
    return found


def test_no_champion_is_compared_on_a_row_it_was_fitted_on(
    nights: list[tuple[Retraining, str]],
) -> None:
    """The test moves on with the table, all of it is compared, and none of it was fitted on."""
    fitted: dict[str, set[int]] = {}
    begins = []
    for night, champion in nights:
        tested = hashes(night.dataset, tested=True)
        assert len(tested) == night.dataset.rows["test"]
        begins.append(night.dataset.split.tested_from)
        if champion:
            assert not tested & fitted[champion]
            assert f"on {len(tested):,} test rows" in night.reason
            assert "may know" not in night.reason
            assert not any("the split:" in each for each in night.warnings)
        if night.promoted:
            fitted[night.version] = hashes(night.dataset, tested=False)
    assert begins == sorted(set(begins))
    assert nights[0][0].promoted


def test_rows_that_the_champion_may_know_are_left_out(
    nights: list[tuple[Retraining, str]], folder: Path
) -> None:
    """After a late delivery of old rows, both are compared on the newer ones, with the count."""
    champion = Registry("orders", f"sqlite:///{folder}/mlflow.db").champion()
    until = pd.Timestamp(SplitRule.model_validate_json(champion.split).fitted_until)
    late = pd.concat([hourly(300, first="2024-06-01", seed=1), hourly(HOURS)])
    night = retrain_on(late, folder)
    tested = Snapshot(night.dataset, open_store()).times("test")
    seen = int((tested <= until.to_datetime64()).sum())
    assert 0 < seen < len(tested) - 50
    (warning,) = [each for each in night.warnings if "test rows are no newer" in each]
    assert f"{seen} of {len(tested)} test rows" in warning
    assert f"on {len(tested) - seen} test rows ({seen} that the champion may know" in night.reason


def test_too_few_newer_rows_keep_the_champion(
    nights: list[tuple[Retraining, str]], folder: Path
) -> None:
    """Where the newest rows are gone, the run ends well, the champion stays, and it says why."""
    registry = Registry("orders", f"sqlite:///{folder}/mlflow.db")
    champion = registry.champion()
    until = pd.Timestamp(SplitRule.model_validate_json(champion.split).fitted_until)
    frame = hourly(HOURS)
    night = retrain_on(frame[frame["when"] <= until + pd.Timedelta(hours=20)], folder)
    assert not night.promoted
    assert night.reason.startswith("only 20 test rows are newer than what the champion was fitted")
    assert any("so the champion stays this time" in each for each in night.warnings)
    assert registry.champion().number == champion.number
