"""Splits that fit the data: what each of them promises of a table whose rule changes."""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from slipstream.artifacts.store import Store
from slipstream.config.parsing import parse_config
from slipstream.data.snapshot import Snapshot
from slipstream.runtime import load_file
from tests.conftest import train_on

ROWS = 3000


def table() -> pd.DataFrame:
    """A year of rows: `x` speaks for the answer at first, and ever less, and at last against it."""
    random = np.random.default_rng(5)
    share = np.sort(random.random(ROWS))
    x = random.normal(size=ROWS)
    chance = 1 / (1 + np.exp(-6 * (0.6 - share) * x))
    when = pd.Timestamp("2025-01-01") + pd.to_timedelta(share * 365, unit="D")
    return pd.DataFrame({"x": x, "when": when, "y": random.random(ROWS) < chance})


def auc(path: Path, store: Store, **split: str) -> float:
    """How well int8 ranks the test rows of a split."""
    data = {"path": str(path), "target": "y", **split}
    trained = train_on(parse_config({"data": data}), store)
    snapshot = Snapshot(trained.dataset, store)
    model = load_file(store.path(trained.bundles.int8.file))
    return float(roc_auc_score(snapshot.target("test"), model.predict(snapshot.rows("test"))))


def test_a_rule_that_changes_shows_in_a_split_by_time_only(store: Store, tmp_path: Path) -> None:
    """Rows of all times in the test hide that tomorrow's rule is another one."""
    path = tmp_path / "t.parquet"
    table().to_parquet(path)
    assert auc(path, store) > 0.6
    assert auc(path, store, split="time", time="when") < 0.45
