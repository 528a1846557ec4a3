"""The flow on a real server: what is cached, what is written, what a mistake leaves."""

import json
import logging
import re
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient
from prefect import State
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import ArtifactSort

from flows.optimize import optimize
from slipstream.artifacts.opening import open_store
from slipstream.config.optimize import OptimizeConfig
from slipstream.config.parsing import parse_config
from slipstream.reporting.report import BudgetNotMetError, Report
from slipstream.runtime import InputError
from tasks.preprocess import preprocess
from tests.conftest import COMPUTED
from tests.flows.conftest import listening

Result = TypeVar("Result")
Heard: TypeAlias = tuple[Result, list[logging.LogRecord]]
NEVER_CACHED = ["benchmark", "compare", "track"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, mixed_csv: Path) -> Path:
    folder = tmp_path_factory.mktemp("flow")
    (folder / "table.csv").write_text(mixed_csv.read_text())
    return folder


MEASURED = ("latency_", "throughput_")  # measured again in each run


def config_of(place: Path, **changes: dict) -> OptimizeConfig:
    values = {
        "data": {"path": str(place / "table.csv"), "target": "label"},
        "model": {"hidden": [8]},
        "training": {"epochs": 2, "distill": "off"},
        "features": {"k": 5},
        "search": {"mode": "off"},
        "tracking": {"uri": f"sqlite:///{place}/mlflow.db"},
    }
    for section, fields in changes.items():
        values[section] = {**values.get(section, {}), **fields}
    return parse_config(values)


@pytest.fixture(scope="module")
def first(place: Path) -> Report:
    return optimize(config_of(place))


def cached(report: Report) -> list[str]:
    return [stage.stage for stage in report.stages if stage.cached]


def test_a_first_run_computes_every_stage(first: Report) -> None:
    """All stages run, in the pipeline's order, and each states its result."""
    assert [stage.stage for stage in first.stages] == COMPUTED + NEVER_CACHED
    assert cached(first) == []
    assert first.stages[0].shape == "600 rows x 4 columns"
    assert first.stages[3].shape == "network 4-8-1"


@pytest.fixture(scope="module")
def repeated(first: Report, place: Path) -> Heard[Report]:
    """The same run again, and what was logged meanwhile."""
    with listening() as records:
        return optimize(config_of(place)), records


def test_the_same_again_is_cached_and_tracked_whole(first: Report, repeated: Heard[Report]) -> None:
    """The second run computes nothing, measures again, and writes a complete MLflow run."""
    again, _ = repeated
    assert cached(again) == COMPUTED
    client = MlflowClient(again.tracked.tracking_uri)
    one, other = (client.get_run(each.tracked.run_id) for each in (first, again))
    assert one.info.run_id != other.info.run_id
    assert one.data.metrics.keys() == other.data.metrics.keys()
    computed, again_computed = (
        {key: value for key, value in run.data.metrics.items() if not key.startswith(MEASURED)}
        for run in (one, other)
    )
    assert computed == again_computed
    assert {"train_loss", "test_auc", "weights_bytes"} <= computed.keys()
    assert one.data.params == other.data.params
    assert one.data.tags.keys() == other.data.tags.keys()
    assert set(again.tracked.variants) == {"float32", "int8"}
    for variant in again.tracked.variants.values():
        assert client.get_run(variant).data.metrics["latency_p50_us"] > 0


def test_the_log_says_what_each_stage_did(repeated: Heard[Report]) -> None:
    """One line per stage, with its result and duration, and none of the engine's lines."""
    lines = [each.getMessage() for each in repeated[1] if each.levelname == "INFO"]
    assert sum(bool(re.match(r"ingest: \d+ rows x 4 columns, ", line)) for line in lines) == 1
    (predicted,) = [line for line in lines if line.startswith("predict: ")]
    assert predicted.startswith("predict: 1 row x 4 columns -> 1 probability, ")  # and not which
    (measured,) = [line for line in lines if line.startswith("benchmark: ")]
    assert re.fullmatch(r"benchmark: [\d,]+ calls a variant, \d+\.\d s", measured)
    assert not [line for line in lines if line.startswith("Finished in state Ca")]
    assert "Finished in state Completed()" not in lines


def test_another_k_recomputes_from_select_on(first: Report, place: Path) -> None:
    """Changing features.k leaves ingest and preprocess cached, and nothing else."""
    assert cached(optimize(config_of(place, features={"k": 2}))) == ["ingest", "preprocess"]


def test_a_damaged_file_is_computed_again(
    first: Report, place: Path, heard: list[logging.LogRecord]
) -> None:
    """A stage whose stored file is gone, cut or altered runs again and warns; others do not."""
    model = first.record.config.model
    prepared = preprocess.fn(first.record.dataset, model.encoding, model.bins, {})
    gone = open_store().path(prepared.table)
    cut = open_store().path(first.record.bundles.int8.file)
    altered = open_store().path(first.record.network.weights)
    contents = {path: path.read_bytes() for path in (gone, cut, altered)}
    gone.unlink()
    cut.write_bytes(contents[cut][:100])
    altered.write_bytes(contents[altered][:-1] + bytes([contents[altered][-1] ^ 1]))
    again = optimize(config_of(place))
    damaged = ("preprocess", "train", "quantize")
    assert cached(again) == [stage for stage in COMPUTED if stage not in damaged]
    assert {path: path.read_bytes() for path in contents} == contents
    messages = [record.getMessage() for record in heard]
    for stored in ("PreparedRef", "NetworkRef", "Bundles"):
        warning = f"A stored file of {stored} is missing or altered; the stage runs again."
        assert warning in messages
        assert warning in again.record.warnings


def test_changed_code_recomputes_and_equal_results_stop_it(
    first: Report, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stage whose code changed runs; if it gives what it gave before, later ones stay cached."""
    from tasks.support import stage as keys

    before = keys.stage_code
    monkeypatch.setattr(keys, "stage_code", lambda stage: before(stage) + "!" * (stage == "select"))
    assert cached(optimize(config_of(place))) == [each for each in COMPUTED if each != "select"]


def test_new_data_is_never_hidden(first: Report, place: Path) -> None:
    """A changed source file recomputes everything, though path and config are the same."""
    table = place / "table.csv"
    lines = table.read_text().splitlines()
    table.write_text("\n".join(lines[:-40]) + "\n")
    assert cached(optimize(config_of(place))) == []


def test_the_waterfall_is_in_the_report(first: Report) -> None:
    """Every run reports its four steps, each with what it did to the one before."""
    waterfall = first.to_json()["waterfall"]
    names = [step["name"] for step in waterfall["steps"]]
    assert names == ["baseline", "features selected", "smaller network", "int8"]
    assert waterfall["steps"][-1]["p50_ratio"]["low"] > 0
    assert waterfall["parts_us"].keys() == {"float32", "int8"}
    assert first.to_json()["alternatives"] is None


@pytest.fixture(scope="module")
def unmet(first: Report, place: Path) -> Heard[State[Report]]:
    """The final state of a run whose budget no variant meets, and what it logged."""
    with listening() as records:
        return optimize(config_of(place, budget={"size_bytes": 1400}), return_state=True), records


def test_an_unmet_budget_is_a_failed_state_with_its_name(unmet: Heard[State[Report]]) -> None:
    """Automations see it: type, name, reason; everything is recorded, and no traceback is shown."""
    state, heard = unmet
    assert (state.type, state.name) == (StateType.FAILED, "BudgetNotMet")
    assert state.message.startswith("nothing fits: float32 breaks the budget")
    report = state.result(raise_on_failure=False).outcome
    client = MlflowClient(report.tracked.tracking_uri)
    run = client.get_run(report.tracked.run_id)
    assert (run.info.status, run.data.tags["verdict"]) == ("FINISHED", "none")
    summary = newest_artifact("summary")
    assert "**Winner: none.** Nothing fits" in summary
    assert report.tracked.run_id in summary
    assert not [record for record in heard if record.exc_info]


def test_where_nothing_fits_the_report_says_what_would(unmet: Heard[State[Report]]) -> None:
    """A budget that no variant meets has smaller models measured; nothing is trained for it."""
    with pytest.raises(BudgetNotMetError, match="nothing fits") as error:
        unmet[0].result()
    report = error.value.outcome
    assert cached(report) == COMPUTED
    assert [stage.stage for stage in report.stages][-2:] == ["alternatives", "track"]
    found = report.to_json()["alternatives"]
    assert "would fit" in found["conclusion"]
    sizes = {each["bundle_bytes"] <= 1400: bool(each["excess"]) for each in found["measured"]}
    assert sizes == {True: False, False: True}
    assert [each["precision"] for each in found["own"]] == ["float32", "int8"]
    assert all(each["excess"] for each in found["own"])


def newest_artifact(key: str) -> str:
    filters = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=filters, sort=ArtifactSort.CREATED_DESC)
    return str(found[0].data)


def test_artifacts_show_the_comparison_and_link_to_mlflow(first: Report) -> None:
    """Prefect has the comparison as a table, a link to the MLflow run, and a summary."""
    for key, expected in (
        ("comparison", "latency p50, hot"),
        ("waterfall", "features selected"),
        ("mlflow-run", "MLflow run"),
        ("summary", "## What came in"),
    ):
        assert expected in newest_artifact(key)


def test_each_warning_is_reported_once_even_if_its_stage_is_cached(
    first: Report, place: Path, heard: list[logging.LogRecord]
) -> None:
    """Log, summary, report and the message of the final state say what was left out and why."""
    config = config_of(place, features={"k": 20}, quantization={"max_accuracy_drop": 0.01})
    optimize(config)
    heard.clear()
    state = optimize(config, return_state=True)
    report = state.result()
    assert cached(report) == COMPUTED
    logged = [record.getMessage() for record in heard if record.levelname == "WARNING"]
    assert logged == list(report.record.warnings) == report.to_json()["warnings"]
    expected = (
        "is now called",
        "'id' is left out",
        "'empty' is left out",
        "k is 20, but there are only 4 columns",
    )
    assert len(logged) == len(set(logged)), logged
    summary = newest_artifact("summary")
    for each in expected:
        assert sum(each in message for message in logged) == 1
        assert summary.count(each) == 1
    assert re.fullmatch(r"\w+ wins.*AUC 0\.\d+; (\d+) notes", state.message)[1] == str(len(logged))


def test_a_target_learned_as_logarithms_is_said_everywhere(
    place: Path, heard: list[logging.LogRecord]
) -> None:
    """What was kept and both figures: in log, summary, report and MLflow, with the model itself."""
    random = np.random.default_rng(2)
    frame = pd.DataFrame(random.normal(size=(900, 3)).round(4), columns=["a", "b", "c"])
    frame["price"] = np.exp(8 + frame.sum(axis=1) + 0.1 * random.normal(size=900)).round(2)
    frame.to_csv(place / "homes.csv", index=False)
    data = {"path": str(place / "homes.csv"), "target": "price"}
    report = optimize(config_of(place, data=data, training={"epochs": 20, "learning_rate": 0.02}))
    trial = report.record.network.trial
    (note,) = report.record.network.warnings
    assert "training on log(1 + target) is kept" in note
    assert note in report.to_json()["warnings"]
    assert note in [each.getMessage() for each in heard]
    assert "training on log(1 + target) is kept" in newest_artifact("summary").replace("\\", "")
    assert report.to_json()["target_scale"] == {"kept": "log1p", "tried": trial.model_dump()}
    client = MlflowClient(report.tracked.tracking_uri)
    run = client.get_run(report.tracked.run_id).data
    assert run.params["target_scale"] == "log1p"
    assert run.metrics["val_rmse_log1p"] == trial.val_rmse["log1p"]
    assert run.metrics["val_rmse_identity"] == trial.val_rmse["identity"]
    for variant in report.tracked.variants.values():
        assert client.get_run(variant).data.params["target_scale"] == "log1p"


@pytest.fixture(scope="module")
def taught(place: Path) -> Report:
    """A run with a teacher of few trees."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("slipstream.training.teaching.trees.ROUNDS", 30)
        patch.setattr("slipstream.training.teaching.networks.MOST_CELLS", 0)
        return optimize(config_of(place, training={"distill": "auto", "seed": 1}))


def test_what_larger_models_reach_is_in_mlflow_and_in_every_report(taught: Report) -> None:
    """The teacher and LightGBM are nested runs without a model, with a variant's metrics."""
    client = MlflowClient(taught.tracked.tracking_uri)
    for name, model in taught.record.benchmark.larger.items():
        (run,) = client.search_runs(
            [taught.tracked.experiment_id],
            f"tags.`slipstream.role` = '{name}' and "
            f"tags.`mlflow.parentRunId` = '{taught.tracked.run_id}'",
        )
        assert run.info.status == "FINISHED"
        assert run.data.metrics == model.to_flat()
        assert {"test_auc", "test_log_loss", "latency_p50_us"} <= run.data.metrics.keys()
        assert run.outputs is None or not run.outputs.model_outputs
    assert set(taught.record.benchmark.larger) == {"teacher", "lightgbm"}
    written = taught.to_json()
    assert written["benchmark"]["larger"]["teacher"]["scores"]["test_auc"] > 0.5
    assert written["teacher"]["loss_unit"] == "nats"
    assert "What larger models reach" in newest_artifact("summary")
    assert taught.tracked.shape == "6 MLflow runs"


def test_larger_models_are_next_to_what_a_search_tried(taught: Report, place: Path) -> None:
    """Their scores are the search's, their latency the benchmark's, in file, summary and report."""
    training = {"distill": "auto", "seed": 1}
    report = optimize(config_of(place, training=training, search={"mode": "width"}))
    assert "teach" in cached(report)
    found, larger = report.record.found, report.record.benchmark.larger
    assert found is not None
    expected = {
        name: {"score": score, "latency_p50_us": larger[name].latency_p50_us}
        for name, score in found.larger.items()
    }
    assert set(expected) == {"teacher", "lightgbm"}
    client = MlflowClient(report.tracked.tracking_uri)
    path = client.download_artifacts(report.tracked.run_id, "search.json")
    assert json.loads(Path(path).read_text())["larger"] == expected
    assert report.to_json()["search"]["larger"] == expected
    assert "| teacher, all columns |" in newest_artifact("summary")


def test_a_teacher_is_kept_for_the_next_run(taught: Report, place: Path) -> None:
    """Another length of training fits no other teacher; another seed does."""
    again = optimize(config_of(place, training={"distill": "auto", "seed": 1, "epochs": 3}))
    assert "teach" in cached(again)
    assert again.record.teacher == taught.record.teacher


def test_without_distillation_there_is_no_teacher(first: Report) -> None:
    """No stage, no nested runs, nothing in the report."""
    assert first.record.teacher is None
    assert first.record.benchmark.larger == {}
    assert first.to_json()["teacher"] is None


def test_another_content_of_a_teachers_file_is_another_teacher(place: Path, tmp_path: Path) -> None:
    """The file's content is part of the stage's key, not only its path."""
    table = pd.read_csv(place / "table.csv", skipinitialspace=True)
    frame = pd.DataFrame({"id": table.iloc[:, 0], "prediction": 0.25})
    frame.to_parquet(tmp_path / "mine.parquet")
    config = config_of(
        place,
        data={"key": "id"},
        training={"distill": "auto", "teacher": str(tmp_path / "mine.parquet")},
    )
    assert optimize(config).record.teacher.source == "mine.parquet"
    frame.assign(prediction=0.75).to_parquet(tmp_path / "mine.parquet")
    changed = optimize(config)
    assert "preprocess" in cached(changed)
    assert "teach" not in cached(changed)


def test_a_mistake_leaves_nothing_behind(place: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A misspelt target fails the flow with its own message, no traceback, and no MLflow run."""
    uri = f"sqlite:///{place}/untouched.db"
    with pytest.raises(InputError, match="did you mean 'label'"):
        optimize(config_of(place, data={"target": "lable"}, tracking={"uri": uri}))
    assert not (place / "untouched.db").exists()
    for record in caplog.records:
        assert not (record.exc_info and isinstance(record.exc_info[1], InputError))


def test_sql_is_read_every_time(place: Path, mixed_csv: Path) -> None:
    """A database is always asked; while it answers the same, the rest stays cached."""
    import sqlite3

    import pandas as pd

    path = place / "table.db"
    with sqlite3.connect(path) as connection:
        frame = pd.read_csv(mixed_csv, skipinitialspace=True)
        frame.columns = frame.columns.str.strip()
        frame.to_sql("t", connection, index=False)
    data = {"path": f"sqlite:///{path}", "query": "SELECT age, city, income, label FROM t"}
    assert cached(optimize(config_of(place, data=data))) == []
    assert cached(optimize(config_of(place, data=data))) == COMPUTED[1:]


def test_a_search_chooses_columns_and_layers(place: Path) -> None:
    """The model has the shape that the search found, its front is reported, and it is cached."""
    config = config_of(place, search={"mode": "width"})
    report = optimize(config)
    found = report.record.found
    assert found is not None
    assert report.record.network.widths == (len(found.mask.features), *found.hidden, 1)
    assert report.record.mask == found.mask
    assert any(point.is_on_front for point in found.points)
    assert report.to_json()["search"]["hidden"] == list(found.hidden)
    assert len(found.mask.features) in found.p50_us_of_k
    assert "search" in cached(optimize(config))
