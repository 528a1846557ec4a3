"""Other libraries are given the rows that our model has."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.peer_rows import peer_rows
from slipstream.artifacts.references import DatasetRef
from slipstream.artifacts.store import Store
from slipstream.config.data import DataConfig
from slipstream.data.ingestion import ingest
from slipstream.data.snapshot import TARGET, Snapshot

ROWS = 300


@pytest.fixture
def dataset(tmp_path: Path, store: Store) -> DatasetRef:
    random = np.random.default_rng(3)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 700, ROWS), unit="D")
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 90, ROWS),
            "city": random.choice(["Bonn", "Oslo", "Rome"], ROWS),
            "since": days.strftime("%Y-%m-%d"),
            "part": np.repeat(["train", "validation", "test"], ROWS // 3),
            "stays": random.choice(["no", "yes"], ROWS),
        }
    )
    frame.loc[ROWS - 1, "city"] = "Pisa"  # in the test part only
    frame.loc[0, "age"] = None
    frame.to_csv(tmp_path / "people.csv", index=False)
    return ingest(
        DataConfig(
            path=str(tmp_path / "people.csv"), target="stays", split="column", split_column="part"
        ),
        store,
    )


def test_peers_read_the_same_rows(dataset: DatasetRef, store: Store) -> None:
    """Training rows, then validation rows, with their targets; test rows in the test's order."""
    rows = peer_rows(dataset, ["age", "city", "since"], store)
    snapshot = Snapshot(dataset, store)
    ages = [snapshot.frame(part)["age"] for part in ("train", "validation")]
    assert rows.fitted["age"].equals(pd.concat(ages, ignore_index=True).astype(float))
    assert rows.held_out.sum() == len(ages[1])
    assert rows.held_out[-len(ages[1]) :].all()
    assert rows.test["age"].tolist() == snapshot.frame("test")["age"].tolist()
    assert rows.test_target.tolist() == snapshot.frame("test")[TARGET].tolist()


def test_numbers_and_dates_are_floats_and_the_rest_categories(
    dataset: DatasetRef, store: Store
) -> None:
    """A date is a number that grows with time; a label that only a test row has is missing."""
    rows = peer_rows(dataset, ["age", "city", "since"], store)
    assert (rows.numbers, rows.labels) == (["age", "since"], ["city"])
    assert rows.fitted["age"].isna().sum() == 1
    assert rows.fitted["city"].cat.categories.tolist() == ["Bonn", "Oslo", "Rome"]
    assert pd.isna(rows.test["city"].iloc[-1])
    assert (rows.test["city"].dtype) == rows.fitted["city"].dtype
    train = Snapshot(dataset, store).frame("train")["since"]
    assert rows.fitted["since"][: len(train)].rank().tolist() == train.rank().tolist()
