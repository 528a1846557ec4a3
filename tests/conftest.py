"""What every test stands on: a home of its own, and one small trained model."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Before any import of the project: it reads these when it is imported.
os.environ["SLIPSTREAM_HOME"] = tempfile.mkdtemp(prefix="slipstream-test-home-")

from slipstream.operations.environment import prepare_environment

prepare_environment()

import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402

# What a test of the predictor need not have: it runs where training is not installed.
if TYPE_CHECKING:
    from collections.abc import Iterator

    from xdist.scheduler import LoadScopeScheduling

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

# The cached stages, in the order in which a report has them: with defaults, and with less.
ALL_COMPUTED = [
    *("ingest", "preprocess", "teach", "select", "search"),
    *("train", "quantize", "predict", "baseline"),
]
COMPUTED = ["ingest", "preprocess", "select", "train", "quantize", "predict", "baseline"]

# Tests that share what takes long to start run in one process: a group is a beginning of paths.
# Each process takes two groups at first, so the two longest are followed by two short ones.
GROUPS = {
    "servers": ("e2e/test_services", "e2e/test_browser"),
    "flows": ("flows/",),
    "quick": ("unit/config/",),
    "quick too": ("unit/data/",),
    "command line": ("e2e/test_command_line", "e2e/test_documentation", "e2e/test_mlflow_serve"),
    "tracking": ("unit/tracking/",),
    "compiler": ("unit/runtime/test_native",),
    "tables": ("e2e/test_real_tables",),
    "fingerprint": ("unit/artifacts/test_fingerprint",),
}
BEGINNINGS = [(path, name) for name, paths in GROUPS.items() for path in paths]


def rank(path: str) -> int:
    """The place of a test's file, which begins with `tests/`: the longest groups come first."""
    name = path.removeprefix("tests/")
    places = (place for place, (path, _) in enumerate(BEGINNINGS) if name.startswith(path))
    return next(places, len(BEGINNINGS))


def group(path: str) -> str:
    """The group of a test's file; without one, the file is a group of its own."""
    place = rank(path)
    return BEGINNINGS[place][1] if place < len(BEGINNINGS) else path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest groups first."""
    items.sort(key=lambda item: rank(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Run each group in one process.

    xdist's own marker for groups writes them into an attribute that pytest 9 no longer reads.
    """
    if config.getoption("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid.partition("::")[0])

    return Groups(config, log)


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

    @cached_property
    def baseline(self) -> Baseline:
        """The wide network, which takes as long as the rest: only some tests need it."""
        from slipstream.evaluation.baseline import train_baseline

        scale = self.network.target_scale
        return train_baseline(self.dataset, self.prepared, self.mask, scale, self.store)


def train_on(config: OptimizeConfig, store: Store) -> Trained:
    """Run the stages as a config asks, with the search off.

    Unless the config says otherwise, with five columns and without a teacher: it takes seconds.
    """
    from slipstream.data import ingestion
    from slipstream.features import preprocessing
    from slipstream.quantization import variants
    from slipstream.search import elimination
    from slipstream.training import fitting
    from slipstream.training.teaching.teacher import teach

    off = config.search.model_copy(update={"mode": "off"})
    features = config.features.model_copy(update={"k": config.features.k or 5})
    training = config.training
    if "distill" not in training.model_fields_set:
        training = training.model_copy(update={"distill": "off"})
    config = config.model_copy(update={"search": off, "features": features, "training": training})
    dataset = ingestion.ingest(config.data, store)
    model = config.model
    monotone = config.features.monotone
    prepared = preprocessing.preprocess(dataset, model.encoding, model.bins, store, monotone)
    teacher = None
    if training.distill != "off":
        teacher = teach(dataset, prepared, training.teacher, training.seed, store)
    mask = elimination.select(prepared, teacher, config.selection, config.search.tolerance, store)
    network = fitting.train(
        prepared, teacher, mask, model.hidden, config.training, store, on_epoch=lambda epoch: None
    )
    rows = config.quantization.calibration_rows
    bundles = variants.quantize(dataset, prepared, mask, network, rows, config.evaluation, store)
    return Trained(config, store, dataset, prepared, mask, network, bundles)


def measure_briefly(patch: pytest.MonkeyPatch) -> None:
    """For tests that do not look at how well a time is known."""
    patch.setattr("slipstream.measurement.latency.HOT_SECONDS", 0.05)
    patch.setattr("slipstream.measurement.breakdown.SECONDS", 0.02)
    patch.setattr("slipstream.search.alternatives.SECONDS", 0.05)
    patch.setattr("slipstream.search.shapes.SECONDS", 0.2)
    patch.setattr("slipstream.search.shapes.PATH_SECONDS", 0.05)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    from slipstream.artifacts.store import Store

    return Store(tmp_path / "store")


@pytest.fixture(scope="session")
def mlflow_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow store with nothing in it, to be copied: its tables take seconds to make."""
    from slipstream.tracking.connection import connect

    path = tmp_path_factory.mktemp("tables") / "mlflow.db"
    connect(f"sqlite:///{path}")
    return path


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
    """A model of five of the demo's columns."""
    from slipstream.artifacts.store import Store
    from slipstream.config.optimize import OptimizeConfig

    return train_on(OptimizeConfig(), Store(tmp_path_factory.mktemp("demo") / "store"))
