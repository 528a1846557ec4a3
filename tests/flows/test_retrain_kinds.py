"""Champion and challenger where the target has several labels, or is a number."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from flows.retrain import retrain
from slipstream.config.optimize import OptimizeConfig
from slipstream.config.parsing import parse_config
from slipstream.reporting.report import Retraining
from slipstream.runtime import InputError
from slipstream.tracking.origin import PROFILE
from slipstream.tracking.registry import Registry
from tests.flows.test_retrain import newest_artifact

LEARNED = {"epochs": 15, "learning_rate": 0.02}
LOSSES = {
    "multiclass": ("log-loss", "nats"),
    "regression": ("squared error", "of the target's variance"),
    "quantiles": ("pinball loss", "of the target's standard deviation"),
}
TARGETS = {"multiclass": "plan", "regression": "spend", "quantiles": "spend"}
LEADING = {"multiclass": "test_auc", "regression": "test_r2", "quantiles": "test_d2_pinball"}
LEVELS = [0.1, 0.5, 0.9]


def table() -> pd.DataFrame:
    """Two targets that follow from three columns."""
    random = np.random.default_rng(4)
    frame = pd.DataFrame(random.normal(size=(1200, 3)).round(4), columns=["a", "b", "c"])
    level = frame["a"] - frame["b"] + 0.2 * random.normal(size=1200)
    plan = np.select([level < -0.6, level < 0.6], ["basic", "plus"], "pro")
    return frame.assign(plan=plan, spend=(100 + 20 * level).round(3))


class Place:
    """A folder with a table and a registry, in which a weak model became champion."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.kind, self.target = folder, kind, TARGETS[kind]
        self.uri = f"sqlite:///{folder}/mlflow.db"
        self.registry = Registry("customers", self.uri)
        self.write(table())
        self.first = self.retrain()

    def write(self, frame: pd.DataFrame) -> None:
        frame.to_csv(self.folder / "customers.csv", index=False)

    def config(self, **training: object) -> OptimizeConfig:
        data = {"path": str(self.folder / "customers.csv"), "target": self.target}
        if self.kind == "quantiles":
            data["quantiles"] = LEVELS
        return parse_config(
            {
                "data": {**data, "drop": sorted({*TARGETS.values()} - {self.target})},
                "model": {"hidden": [8]},
                "features": {"k": 5},
                "search": "off",
                "training": {"epochs": 2, "learning_rate": 0.01, "distill": "off", **training},
                "tracking": {"uri": self.uri},
            }
        )

    def retrain(self, **training: object) -> Retraining:
        return retrain(self.config(**training))

    @property
    def champion(self) -> str:
        return self.registry.champion().number

    @property
    def client(self) -> MlflowClient:
        return MlflowClient(self.uri)

    @property
    def parent(self) -> str:
        """The pipeline's run that the champion comes from."""
        run = self.client.get_model_version("customers", self.champion).run_id
        return self.client.get_run(run).data.tags["mlflow.parentRunId"]


@pytest.fixture(scope="module", params=list(LOSSES))
def place(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    mlflow_tables: Path,
) -> Place:
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "mlflow.db").write_bytes(mlflow_tables.read_bytes())
    return Place(folder, request.param)


def test_a_champion_s_life(place: Place) -> None:
    """Promoted, left alone, replaced by a better one, kept against a worse one, and put back."""
    assert (place.first.promoted, place.first.reason) == (True, "there was no champion")
    again = place.retrain()
    assert (again.promoted, again.reason) == (False, "unchanged, champion kept")

    name, unit = LOSSES[place.kind]
    better = place.retrain(**LEARNED)
    assert better.promoted, better.reason
    assert better.reason.startswith(f"the challenger's {name} is lower than the champion's: by 0.")
    assert unit in better.reason
    scores = better.report.record.benchmark.metrics["int8"].scores
    assert {each for each in LEADING.values() if each in scores} == {LEADING[place.kind]}

    worse = place.retrain(epochs=3)
    assert not worse.promoted
    assert re.match(f"the challenger's {name} is (higher|not surely lower) than the", worse.reason)
    assert place.champion == "2"
    left, back = place.registry.rollback()
    assert (left.number, back, place.champion) == ("2", "1", "1")


def test_drift_is_measured(place: Place) -> None:
    """A column that moved is measured against the champion's training rows, and named."""
    place.write(table().assign(a=lambda rows: rows["a"] + 1.5))
    moved = place.retrain()
    assert any("drift: PSI" in each and "'a'" in each for each in moved.drift.warnings)
    place.write(table())


def test_drift_of_the_target_is_measured(place: Place) -> None:
    """A target that moved is named as one, in warning, table, metric and summary."""
    frame = table()
    frame.loc[frame["a"] > -0.4, "plan"] = "pro"
    frame["spend"] += 40
    place.write(frame)
    parent = place.parent  # this retraining may promote
    moved, target = place.retrain().drift, TARGETS[place.kind]
    assert moved.target == target
    (warning,) = moved.warnings
    assert f"of target '{target}' > 0.25" in warning
    marked = f"{target} (target)"
    rows = {row["feature"]: row for row in json.loads(newest_artifact("drift").data)}
    assert rows[marked]["reading"] == "shifted"
    assert f"| {target} (target) |" in newest_artifact("summary").data
    figures = place.client.get_metric_history(parent, "drift_target_psi")
    assert figures[-1].value == moved.psi[target] > 0.25
    place.write(table())


def test_a_champion_without_a_profile_of_its_target_is_compared_by_features(place: Place) -> None:
    """As earlier releases registered it: the rest is measured, and the run says what is not."""
    parent = place.parent
    file = place.client.download_artifacts(parent, PROFILE, str(place.folder))
    profile = json.loads(Path(file).read_text())
    earlier = {name: value for name, value in profile.items() if name != "target"}
    place.client.log_dict(parent, earlier, PROFILE)
    moved = place.retrain()
    place.client.log_dict(parent, profile, PROFILE)
    assert moved.drift.target == ""
    assert set(moved.drift.psi) == {each["name"] for each in profile["features"]}
    assert any("drift of the target is not measured: version" in each for each in moved.warnings)


def test_another_kind_of_target_is_refused(place: Place) -> None:
    """A champion of labels is not compared with a model of numbers, nor the other way round."""
    kind = "regression" if place.kind == "multiclass" else "multiclass"
    other, config = TARGETS[kind], place.config()
    data = {"target": other, "drop": [place.target], "task": kind, "quantiles": []}
    changed = config.model_copy(update={"data": config.data.model_copy(update=data)})
    fact = f"the target was {place.kind} and is {kind}"
    with pytest.raises(InputError, match=f"{fact}.*or train under another model name"):
        retrain(changed)
    inherited = changed.data.model_copy(update={"task": "auto"})  # the champion's kind is asked for
    unfit = {"plan": "must hold numbers", "spend": "must have at most 1,000 labels"}[other]
    champions = (
        "has data.quantiles" if place.kind == "quantiles" else f"has data.task = {place.kind}"
    )
    with pytest.raises(InputError, match=f"target '{other}' {unfit}.*{champions}"):
        retrain(config.model_copy(update={"data": inherited}))


def test_what_an_open_config_leaves_to_the_champion(place: Place) -> None:
    """Without levels in the config, the champion's are predicted again: nothing has changed."""
    config = place.config()
    data = config.data.model_copy(update={"task": "auto", "quantiles": []})
    again = retrain(config.model_copy(update={"data": data}))
    assert (again.promoted, again.reason) == (False, "unchanged, champion kept")


def test_the_version_shows_the_kinds_own_figures(place: Place) -> None:
    """The champion's run has metrics of its kind and none of another, and all are numbers."""
    client = MlflowClient(place.uri)
    run = client.get_run(client.get_model_version("customers", place.champion).run_id)
    metrics = run.data.metrics
    assert ("test_rmse" in metrics) == (place.kind == "regression")
    assert ("test_auc" in metrics) == (place.kind == "multiclass")
    covered = [f"test_coverage_{each}" for each in ("q10", "q50", "q90")]
    shown = covered if place.kind == "quantiles" else []
    assert [each for each in covered if each in metrics] == shown
    assert all(np.isfinite(list(metrics.values())))
