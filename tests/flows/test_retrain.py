"""The champion on a real server and a real registry: replaced by something better only."""

import json
import logging
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterKey,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateName,
)
from prefect.client.schemas.objects import Artifact, StateType
from prefect.client.schemas.sorting import ArtifactSort

import slipstream
from flows.retrain import retrain
from slipstream.cli.main import main
from slipstream.config.budget import BudgetConfig
from slipstream.config.drift import DriftConfig
from slipstream.config.features import FeaturesConfig
from slipstream.config.optimize import OptimizeConfig
from slipstream.config.parsing import parse_config
from slipstream.config.tracking import TrackingConfig
from slipstream.reporting.report import Retraining
from slipstream.runtime import InputError
from slipstream.tracking.registry import Registry

COLUMNS = ["a", "b", "c"]


def table(count: int, noise: float, seed: int = 0) -> pd.DataFrame:
    """Rows whose label follows from three columns, more or less."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(count, 3)).round(4), columns=COLUMNS)
    score = frame["a"] - frame["b"] + noise * random.normal(size=count)
    frame["label"] = np.where(score > 0, "yes", "no")
    return frame


def set_up(folder: Path, store: Path) -> Path:
    shutil.copy(store, folder / "mlflow.db")
    table(1500, noise=0.3).to_csv(folder / "customers.csv", index=False)
    return folder


@pytest.fixture
def bare(tmp_path: Path, mlflow_tables: Path) -> Path:
    """A table, and a store without a model."""
    return set_up(tmp_path, mlflow_tables)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, mlflow_tables: Path) -> tuple[Path, Retraining]:
    """The store in which a first retraining has promoted a weak model, and its decision."""
    folder = set_up(tmp_path_factory.mktemp("first"), mlflow_tables)
    return folder / "mlflow.db", retrain(config_of(folder))


@pytest.fixture
def place(tmp_path: Path, first: tuple[Path, Retraining]) -> Path:
    """The same table, and a copy of that store: the champion is version 1.

    The files of its run stay where they are, and are shared.
    """
    return set_up(tmp_path, first[0])


def config_of(place: Path, **training: object) -> OptimizeConfig:
    return parse_config(
        {
            "data": {"path": str(place / "customers.csv"), "target": "label"},
            "model": {"hidden": [8]},
            "search": "off",
            "training": {"epochs": 2, "learning_rate": 0.01, "distill": "off", **training},
            "tracking": {"uri": f"sqlite:///{place}/mlflow.db"},
        }
    )


def champion_of(place: Path) -> str:
    version = Registry("customers", f"sqlite:///{place}/mlflow.db").champion()
    return version.number if version else ""


def newest_artifact(key: str) -> Artifact:
    filters = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=filters, sort=ArtifactSort.CREATED_DESC)
    return found[0]


def versions_of(place: Path) -> list[str]:
    client = MlflowClient(f"sqlite:///{place}/mlflow.db")
    return sorted(str(each.version) for each in client.search_model_versions("name = 'customers'"))


def test_the_first_model_becomes_champion_and_unchanged_data_keeps_it(
    first: tuple[Path, Retraining], place: Path
) -> None:
    """A first run promotes; the same again ends at once, says so, and registers nothing."""
    decision = first[1]
    assert (decision.promoted, decision.reason) == (True, "there was no champion")
    again = retrain(config_of(place))
    assert (again.promoted, again.reason) == (False, "unchanged, champion kept")
    assert versions_of(place) == [champion_of(place)] == ["1"]


def test_labels_keep_the_champions_spelling(place: Path) -> None:
    """Labels that most rows spell otherwise by now count as the champion's, and a note says it.

    A label that the champion does not know is refused.
    """
    path = place / "customers.csv"
    frame = table(1500, noise=0.3)
    most = np.arange(1500) < 900
    frame["label"] = np.where(most, frame["label"].str.upper(), frame["label"])
    frame.to_csv(path, index=False)
    night = retrain(config_of(place, epochs=15, learning_rate=0.02))
    assert night.promoted, night.reason
    assert night.dataset.classes == ("no", "yes")
    assert any("'NO' as 'no', 'YES' as 'yes'" in each for each in night.warnings)
    for label, fact in (("maybe", "must have two classes"), ("YE", "must have two classes")):
        frame.assign(label=np.where(most, frame["label"], label)).to_csv(path, index=False)
        with pytest.raises(
            InputError, match=rf"{fact}.*the champion, version 2, has data\.task = "
        ):
            retrain(config_of(place))


def test_a_category_of_digits_can_stay_one(place: Path) -> None:
    """Where only digits came of a champion's category, the refusal says what to set; it helps."""
    path = place / "customers.csv"
    frame = table(1500, noise=0.3)
    frame["a"] = np.where(frame["a"] > 0, "A1", "B2")
    frame.to_csv(path, index=False)
    config = config_of(place).model_copy(
        update={
            "tracking": TrackingConfig(uri=f"sqlite:///{place}/mlflow.db", registered_model="k")
        }
    )
    assert retrain(config).promoted
    frame.assign(a=np.where(frame["a"] == "A1", "101.0", "202.5")).to_csv(path, index=False)
    with pytest.raises(InputError, match=r'set data\.types = { "a" = "category" }'):
        retrain(config)
    data = config.data.model_copy(update={"types": {"a": "category"}})
    assert retrain(config.model_copy(update={"data": data})).drift is not None


def test_a_better_model_is_promoted_and_can_be_rolled_back(place: Path) -> None:
    """A challenger that learned more replaces the champion; one step puts the old one back."""
    better = retrain(config_of(place, epochs=15, learning_rate=0.02))
    assert better.promoted, better.reason
    assert better.gain.low > 0
    assert champion_of(place) == "2"
    left, back = Registry("customers", f"sqlite:///{place}/mlflow.db").rollback()
    assert (left.number, back) == ("2", "1")
    assert champion_of(place) == "1"
    with pytest.raises(InputError, match="had no other champion before"):
        Registry("customers", f"sqlite:///{place}/mlflow.db").rollback()


def test_drift_is_measured_against_the_champions_training_rows(place: Path) -> None:
    """Each retraining shows in the champion's run how far its data has moved, with a figure."""
    client = MlflowClient(f"sqlite:///{place}/mlflow.db")
    variant = client.get_run(client.get_model_version("customers", "1").run_id)
    parent = variant.data.tags["mlflow.parentRunId"]

    def figures() -> set[str]:
        files = client.list_artifacts(parent, "drift")
        return {file.path for file in files if file.path.endswith(".png")}

    before = figures()  # other tests share the folder
    retrain(config_of(place))
    frame = pd.read_csv(place / "customers.csv")
    frame["a"] += 1.5
    frame.to_csv(place / "customers.csv", index=False)
    retrain(config_of(place))
    unchanged, moved = client.get_metric_history(parent, "drift_largest_psi")
    assert (unchanged.value, unchanged.step) == (0, 0)
    assert moved.value > 0.25
    assert "the training of version 1" in str(newest_artifact("drift").description)
    assert len(figures() - before) == 2


def test_drift_beyond_the_limit_is_reported_even_if_nothing_changed(
    place: Path, monkeypatch: pytest.MonkeyPatch, heard: list[logging.LogRecord]
) -> None:
    """Message, log, table, summary and event name it; another limit does not make another model."""
    events = []
    emit = "tasks.drift.emit_event"
    monkeypatch.setattr(emit, lambda name, **more: events.append((name, more)))
    config = config_of(place, epochs=15, learning_rate=0.02)
    frame = pd.read_csv(place / "customers.csv")
    frame["a"] += 1.5
    frame["label"] = np.random.default_rng(2).permutation(frame["label"])
    frame.to_csv(place / "customers.csv", index=False)
    assert not retrain(config).promoted
    events.clear()
    heard.clear()

    state = retrain(config, return_state=True)
    expected = r"drift: PSI \d\.\d{3} of 'a' > 0\.25 and the share of rows outside .* > 5"
    assert re.fullmatch(f"unchanged, champion kept; {expected}", state.message)
    warnings = [each.getMessage() for each in heard if each.levelname == "WARNING"]
    assert [bool(re.fullmatch(expected, each)) for each in warnings] == [True]
    ((name, event),) = events
    assert name == "slipstream.drift.exceeded"
    assert event["resource"]["prefect.resource.id"] == "slipstream.model.customers"
    assert event["payload"]["message"] == warnings[0]
    assert (event["payload"]["feature"], event["payload"]["version"]) == ("a", "1")
    rows = json.loads(newest_artifact("drift").data)
    assert rows[0] == {"feature": "a", "psi": event["payload"]["psi"], "reading": "shifted"}
    assert [row["psi"] for row in rows] == sorted((row["psi"] for row in rows), reverse=True)
    assert "Beyond the limit: drift: PSI" in newest_artifact("summary").data

    limits = DriftConfig(max_psi=100, max_outside_increase=1)
    state = retrain(config.model_copy(update={"drift": limits}), return_state=True)
    assert state.message == "unchanged, champion kept"
    assert len(events) == 1


def test_a_promotion_killed_before_it_was_recorded_is_decided_the_same(place: Path) -> None:
    """Killed between the alias and the decision, the next run decides as the first one did."""
    better = retrain(config_of(place, epochs=15, learning_rate=0.02))
    client = MlflowClient(f"sqlite:///{place}/mlflow.db")
    client.delete_model_version_tag("customers", "2", "slipstream.decision")
    again = retrain(config_of(place, epochs=15, learning_rate=0.02))
    assert again.promoted
    assert again.gain == better.gain
    assert versions_of(place) == ["1", "2"]
    assert client.get_model_version("customers", "2").tags["slipstream.replaced"] == "1"


def test_a_model_of_shuffled_labels_is_not_promoted(place: Path) -> None:
    """A challenger trained on nonsense is registered, not promoted, and its figures are kept."""
    frame = pd.read_csv(place / "customers.csv")
    frame["label"] = np.random.default_rng(2).permutation(frame["label"])
    frame.to_csv(place / "customers.csv", index=False)
    decision = retrain(config_of(place, epochs=15, learning_rate=0.02))
    assert not decision.promoted
    assert "no better than guessing" in decision.reason
    assert versions_of(place) == ["1", "2"]
    assert champion_of(place) == "1"
    client = MlflowClient(f"sqlite:///{place}/mlflow.db")
    tags = client.get_model_version("customers", "2").tags
    assert tags["slipstream.reason"] == decision.reason


def test_where_nothing_meets_the_budget_there_is_no_challenger(
    bare: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command ends with code 3, and nothing is registered."""
    (bare / "run.toml").write_text(
        f"[data]\npath = '{bare}/customers.csv'\ntarget = 'label'\n"
        '[model]\nhidden = [8]\n[training]\nepochs = 2\ndistill = "off"\n[budget]\nsize_bytes = 1\n'
        f"[tracking]\nuri = 'sqlite:///{bare}/mlflow.db'\n"
    )
    assert main(["retrain", "--config", f"{bare}/run.toml"]) == 3
    printed = capsys.readouterr()
    assert "customers: no champion yet: the challenger is out: nothing fits" in printed.out
    assert "Traceback" not in printed.out + printed.err
    assert versions_of(bare) == []


def test_a_budget_that_a_challenger_does_not_meet_is_a_failed_state(
    place: Path, heard: list[logging.LogRecord]
) -> None:
    """Retraining ends as BudgetNotMet, as the run within it; the champion stays; no traceback."""
    budget = BudgetConfig(size_bytes=1)
    state = retrain(config_of(place).model_copy(update={"budget": budget}), return_state=True)
    assert (state.type, state.name) == (StateType.FAILED, "BudgetNotMet")
    assert state.message.startswith("the challenger is out: nothing fits")
    assert versions_of(place) == [champion_of(place)] == ["1"]
    unmet = FlowRunFilterState(name=FlowRunFilterStateName(any_=["BudgetNotMet"]))
    with get_client(sync_client=True) as client:
        within = client.read_flow_runs(flow_run_filter=FlowRunFilter(state=unmet))
    assert {run.name.rpartition(" · ")[2] for run in within} >= {"retrain", "8"}
    assert not [record for record in heard if record.exc_info]


def test_the_command_ends_in_one_paragraph(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Model, version, decision, figures and link on one line; warnings as they occur, once each."""
    frame = pd.read_csv(bare / "customers.csv").assign(same=1)
    frame.to_csv(bare / "customers.csv", index=False)
    (bare / "run.toml").write_text(
        f"[data]\npath = '{bare}/customers.csv'\ntarget = 'label'\n"
        '[model]\nhidden = [8]\n[training]\nepochs = 2\ndistill = "off"\nlearning_rate = 0.01\n'
        f"[tracking]\nuri = 'sqlite:///{bare}/mlflow.db'\n"
    )
    assert main(["retrain", "--config", f"{bare}/run.toml"]) == 0
    printed = capsys.readouterr()
    assert re.fullmatch(
        r"customers: version 1 promoted: there was no champion\. \w+ wins: .*AUC 0\.\d+; "
        r"p50 [\d.]+ µs, p99 [\d.]+ µs, [\d.]+ kB\. "
        r"Its page in MLflow: http://\S+/#/models/customers/versions/1\n",
        printed.out,
    )
    assert printed.err.count("column 'same' is left out: it is constant") == 1
    assert main(["retrain", "--config", f"{bare}/run.toml"]) == 0
    again = capsys.readouterr().out
    assert again.startswith("customers: unchanged, champion kept (version 1). Drift: largest PSI")


def test_a_column_that_is_gone_is_refused(place: Path) -> None:
    """Schema drift refuses with the difference, before anything is trained or registered."""
    frame = pd.read_csv(place / "customers.csv")
    frame = frame.drop(columns="a").assign(b=np.where(frame["b"] > 0, "high", "low"))
    frame.to_csv(place / "customers.csv", index=False)
    with pytest.raises(InputError, match="(?s)'a' is gone.*'b' was numeric and is categorical"):
        retrain(config_of(place))
    assert versions_of(place) == [champion_of(place)] == ["1"]


def test_another_split_is_refused(place: Path) -> None:
    """The champion is never tested on rows it may have been trained on."""
    config = config_of(place)
    config = config.model_copy(update={"data": config.data.model_copy(update={"seed": 5})})
    with pytest.raises(InputError, match=r"data\.seed was 0 and is 5"):
        retrain(config)


def test_what_would_move_training_rows_into_the_test_is_refused(bare: Path) -> None:
    """A column more, one less, or a former identifier: rows would move between the parts."""
    path = bare / "customers.csv"
    frame = pd.read_csv(path).assign(number=range(1500))
    frame.to_csv(path, index=False)
    config = config_of(bare).model_copy(update={"features": FeaturesConfig(k=2)})
    retrain(config)

    frame.assign(extra=1.5).to_csv(path, index=False)
    with pytest.raises(InputError, match="'extra' is new in the split"):
        retrain(config)
    pd.concat([frame, frame.head(400)]).to_csv(path, index=False)
    with pytest.raises(InputError, match="'number' is new in the split"):
        retrain(config)
    frame.to_csv(path, index=False)
    data = config.data.model_copy(update={"drop": ["c"]})
    with pytest.raises(InputError, match="'c' is no longer in the split"):
        retrain(config.model_copy(update={"data": data}))
    assert versions_of(bare) == [champion_of(bare)] == ["1"]


def test_a_new_column_that_is_dropped_moves_no_row(place: Path) -> None:
    """The way out that the message names: without the new column, the split is as it was."""
    frame = pd.read_csv(place / "customers.csv").assign(extra=1.5)
    frame.to_csv(place / "customers.csv", index=False)
    config = config_of(place, epochs=15, learning_rate=0.02)
    data = config.data.model_copy(update={"drop": ["extra"]})
    assert retrain(config.model_copy(update={"data": data})).promoted


def test_a_champion_registered_before_columns_were_recorded_can_be_replaced(place: Path) -> None:
    """Its tag has no list of columns; an empty tag is refused with a message."""
    client = MlflowClient(f"sqlite:///{place}/mlflow.db")
    before = '{"test_fraction":0.2,"validation_fraction":0.2,"seed":0}'
    client.set_model_version_tag("customers", "1", "slipstream.split", before)
    assert retrain(config_of(place, epochs=15, learning_rate=0.02)).promoted
    client.delete_model_version_tag("customers", "2", "slipstream.split")
    with pytest.raises(InputError, match=r"its tag slipstream\.split"):
        retrain(config_of(place))


def test_a_champion_that_refuses_missing_values_can_be_replaced(place: Path) -> None:
    """Newly missing values do not stop retraining; the new champion accepts them."""
    frame = pd.read_csv(place / "customers.csv")
    frame.loc[::10, "c"] = np.nan
    frame.to_csv(place / "customers.csv", index=False)
    assert retrain(config_of(place, epochs=15, learning_rate=0.02)).promoted


def test_a_registered_model_is_loaded_by_its_alias(place: Path) -> None:
    """`slipstream.load("models:/customers@champion")` answers as the promoted bundle does."""
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{place}/mlflow.db")
    model = slipstream.load("models:/customers@champion")
    assert model.classes == ["no", "yes"]
    assert 0 <= model.predict_one({"a": 1.0, "b": 0.0, "c": 0.0}) <= 1
