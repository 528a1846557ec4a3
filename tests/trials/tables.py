"""A small table whose label follows from its columns, and what is asked of the registry."""

import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
from mlflow.tracking import MlflowClient

from slipstream.tracking.registry import CHAMPION, DECISION, IDENTITY

COLUMNS = ["a", "b", "c"]


def write_table(path: Path, count: int = 1500, noise: float = 0.3, seed: int = 0) -> pd.DataFrame:
    """Write rows whose label follows from three columns, more or less; the first rows stay."""
    random = np.random.default_rng(seed)
    cells = random.normal(size=(count, 4))
    frame = pd.DataFrame(cells[:, :3].round(4), columns=COLUMNS)
    score = frame["a"] - frame["b"] + noise * cells[:, 3]
    frame["label"] = np.where(score > 0, "yes", "no")
    frame.to_csv(path, index=False)
    return frame


def config_of(path: Path, uri: str, **training: object) -> dict[str, object]:
    """A config that trains in a second."""
    return {
        "data": {"path": str(path), "target": "label"},
        "features": {"k": 5},
        "model": {"hidden": [8]},
        "search": {"mode": "off"},
        "training": {"epochs": 3, "learning_rate": 0.01, "distill": "off", **training},
        "tracking": {"uri": uri},
    }


def versions_of(uri: str, name: str) -> list[str]:
    """The versions of a model, oldest first."""
    found = MlflowClient(uri).search_model_versions(f"name = '{name}'")
    return sorted(str(version.version) for version in found)


def check_registry(uri: str, name: str) -> str:
    """One champion, and no version without its identity and decision; returns the champion."""
    client = MlflowClient(uri)
    versions = client.search_model_versions(f"name = '{name}'")
    assert versions
    identities = [version.tags.get(IDENTITY) for version in versions]
    assert None not in identities
    assert len(set(identities)) == len(identities)
    assert all(version.tags.get(DECISION) for version in versions)
    return str(client.get_model_version_by_alias(name, CHAMPION).version)


def check_database(path: Path) -> None:
    """The database passes SQLite's own check."""
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
