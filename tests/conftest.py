"""What every test stands on: a home of its own, and one small trained model."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

# Before any import of the project: it reads these when it is imported.
os.environ["SLIPSTREAM_HOME"] = tempfile.mkdtemp(prefix="slipstream-test-home-")

from slipstream.operations.environment import prepare_environment

prepare_environment()

import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402

# What a test of the predictor need not have: it runs where training is not installed.
if TYPE_CHECKING:
    from collections.abc import Iterator

    from slipstream.artifacts.references import (
        Baseline,
        Bundles,
        DatasetRef,
        FeatureMask,
        NetworkRef,
        PreparedRef,
    )
    from slipstream.artifacts.store import Store
    from slipstream.config.optimize import OptimizeConfig

CHECKOUT = Path(__file__).parents[1]  # `make wheel` runs the tests where it has no src

# The same examples every time, and no deadline: a busy machine must not fail a test.
settings.register_profile("slipstream", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("slipstream")


@pytest.fixture(scope="session", autouse=True)
def _no_stray_database() -> Iterator[None]:
    """No test asks MLflow without a store of its own: MLflow would make one where it is started."""
    stray = CHECKOUT / "mlflow.db"
    was_there = stray.exists()
    yield
    assert stray.exists() == was_there, "a test wrote to MLflow's default store: set a tracking URI"


@dataclass(frozen=True)
class Trained:
    """One run of the stages that compute, without Prefect."""

    config: OptimizeConfig
    store: Store
    dataset: DatasetRef
    prepared: PreparedRef
    mask: FeatureMask
    network: NetworkRef
    bundles: Bundles
    baseline: Baseline


def train_on(config: OptimizeConfig, store: Store) -> Trained:
    from slipstream.data import ingestion
    from slipstream.evaluation import baseline
    from slipstream.features import preprocessing, selection
    from slipstream.quantization import variants
    from slipstream.training import fitting

    dataset = ingestion.ingest(config.data, store)
    model = config.model
    prepared = preprocessing.preprocess(dataset, model.encoding, model.bins, store)
    mask = selection.select(prepared, config.features, store)
    network = fitting.train(
        prepared, mask, model.hidden, config.training, store, on_epoch=lambda epoch: None
    )
    rows = config.quantization.calibration_rows
    bundles = variants.quantize(dataset, prepared, mask, network, rows, store)
    wide = baseline.train_baseline(dataset, prepared, mask, store)
    return Trained(config, store, dataset, prepared, mask, network, bundles, wide)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    from slipstream.artifacts.store import Store

    return Store(tmp_path / "store")


@pytest.fixture(scope="session")
def mixed_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table with every kind of column, missing cells, blanks around values and odd labels."""
    import numpy as np

    random = np.random.default_rng(5)
    count = 600
    age = random.integers(18, 90, count)
    city = random.choice(["Bonn", "Oslo", "Rome"], count)
    income = np.round(random.lognormal(10, 0.6, count), 2)
    member = random.choice(["true", "false"], count)
    churn = (age / 90 + (city == "Oslo") + random.normal(0, 0.3, count)) > 1
    lines = [" id , age, city, income, member, empty, label"]
    for row in range(count):
        shown_income = "?" if row % 10 == 3 else income[row]
        shown_city = "" if row % 17 == 5 else city[row]
        label = "stays" if not churn[row] else "churns"
        lines.append(
            f"{row + 1}, {age[row]}, {shown_city}, {shown_income}, {member[row]},, {label}"
        )
    path = tmp_path_factory.mktemp("data") / "mixed.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="session")
def mixed(mixed_csv: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A model of the mixed table."""
    from slipstream.artifacts.store import Store
    from slipstream.config.parsing import parse_config

    config = parse_config(
        {
            "data": {"path": str(mixed_csv), "target": "label"},
            "model": {"hidden": [16, 8]},
            "training": {"epochs": 8},
        }
    )
    return train_on(config, Store(tmp_path_factory.mktemp("mixed") / "store"))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A model of the demo with the default config."""
    from slipstream.artifacts.store import Store
    from slipstream.config.optimize import OptimizeConfig

    return train_on(OptimizeConfig(), Store(tmp_path_factory.mktemp("demo") / "store"))
