import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from slipstream.artifacts.home import root
from slipstream.artifacts.opening import open_store
from slipstream.artifacts.references import PreparedRef
from slipstream.config.budget import BudgetConfig
from slipstream.reporting.report import BudgetNotMetError
from slipstream.runtime import InputError
from tasks.alternatives import alternatives
from tasks.baseline import baseline
from tasks.benchmark import benchmark
from tasks.ingest import ingest
from tasks.predict import predict
from tasks.preprocess import preprocess
from tasks.quantize import quantize
from tasks.select import select
from tasks.support.logs import one_message
from tasks.support.records import ReferenceSerializer
from tasks.support.stage import cached
from tasks.train import train
from tests.conftest import Trained, measure_briefly


def test_tasks_do_what_the_library_does(mixed: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    """Called without Prefect, the tasks in a row give what their library calls give."""
    measure_briefly(monkeypatch)
    config = mixed.config
    published = []
    for name in ("benchmark", "alternatives"):
        target = f"tasks.{name}.create_table_artifact"
        monkeypatch.setattr(target, lambda **artifact: published.append(artifact["key"]))
    dataset = ingest.fn(config.data)
    prepared = preprocess.fn(dataset, config.model.encoding, config.model.bins, {})
    mask = select.fn(prepared, None, config.selection, config.search.tolerance)
    network = train.fn(prepared, None, mask, config.model.hidden, config.training)
    settings = config.quantization
    bundles = quantize.fn(dataset, prepared, mask, network, settings, config.evaluation)
    assert (dataset, prepared, mask) == (mixed.dataset, mixed.prepared, mixed.mask)
    assert (network, bundles) == (mixed.network, mixed.bundles)
    trace = predict.fn(dataset, bundles)
    assert [layer.name for layer in trace.layers["int8"]] == [
        "hidden layer 1 (ReLU)",
        "hidden layer 2 (ReLU)",
        "output layer (sigmoid)",
    ]
    for precision, layers in trace.layers.items():
        assert [len(layer.values) for layer in layers] == [16, 8, 1]
        assert layers[-1].values[0] == trace.answers[precision]
    assert abs(trace.answers["int8"] - trace.answers["float32"]) < 0.05
    assert trace.label in dataset.classes
    wide = baseline.fn(dataset, prepared, mask, network.target_scale)
    assert wide == mixed.baseline
    measured = benchmark.fn(dataset, bundles, wide, config.quantization.max_score_loss)
    assert measured.test_rows == dataset.rows["test"]
    assert [step.network for step in measured.waterfall.steps] == [
        "4-256-256-1",
        "4-256-256-1",
        "4-16-8-1",
        "4-16-8-1",
    ]
    found = alternatives.fn(dataset, mask, bundles, BudgetConfig(size_bytes=2500))
    assert {bool(each.excess) for each in found.measured} == {True, False}
    assert published == ["waterfall", "alternatives"]


def test_references_survive_their_record() -> None:
    """What a stage returned is read back equal while its files are there."""
    store = open_store()
    reference = PreparedRef(
        table=store.put(b"table", ".parquet"),
        columns=store.put(b"[]", ".json"),
        task="binary",
        outputs=1,
        rows=1,
        width=1,
    )
    serializer = ReferenceSerializer()
    record = serializer.dumps(reference)
    assert serializer.loads(record) == reference
    store.path(reference.columns).write_bytes(b"[altered]")
    with pytest.raises(ValueError, match="missing or altered"):
        serializer.loads(record)


def test_a_record_cannot_name_any_type() -> None:
    """A record that names anything but a stage's reference is refused, not imported."""
    record = json.dumps({"type": "os.system", "value": "{}"}).encode()
    with pytest.raises(KeyError):
        ReferenceSerializer().loads(record)


def test_keys_follow_arguments_and_source() -> None:
    """The cache key changes with an argument and the source, and is None if the source says so."""
    source = {"print": "one"}
    policy = cached("select", source=lambda arguments: source["print"])
    key = policy["cache_policy"].cache_key_fn
    first = key(None, {"k": 1})
    assert first == key(None, {"k": 1})
    assert first != key(None, {"k": 2})
    source["print"] = "two"
    assert first != key(None, {"k": 1})
    source["print"] = None
    assert key(None, {"k": 1}) is None


def test_importing_the_flows_changes_nothing(tmp_path: Path) -> None:
    """No folder is made, and no logger is filtered, before a run begins."""
    code = "import logging, flows.retrain; print(logging.getLogger('prefect.flow_runs').filters)"
    home = tmp_path / "home"
    environment = {
        **os.environ,
        "SLIPSTREAM_HOME": str(home),
        "PYTHONPATH": f"{root()}/src:{root()}",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
    assert not home.exists()


def test_a_mistake_is_logged_as_one_message() -> None:
    """The log filter removes the traceback from a user's mistake, and leaves a defect's alone."""
    for error, kept in ((InputError("rule, fact, way out"), False), (RuntimeError("bug"), True)):
        try:
            raise error
        except (InputError, RuntimeError):
            record = logging.LogRecord("n", 40, "p", 1, "failed", (), sys.exc_info())
        assert one_message(record)
        assert (record.exc_info is not None) is kept
        assert ("rule, fact, way out" in record.getMessage()) is not kept


def test_an_unmet_budget_leaves_no_traceback_in_the_log() -> None:
    """The engine would log the exception that a run which met no budget ends with."""
    try:
        raise BudgetNotMetError("nothing fits", None)
    except BudgetNotMetError:
        record = logging.LogRecord("n", 40, "p", 1, "exited", (), sys.exc_info())
    assert not one_message(record)


def test_the_engines_lines_are_replaced() -> None:
    """The end of a task is in the stage trace, with figures; the end of a flow has a message."""

    def is_kept(name: str, message: str) -> bool:
        return one_message(logging.LogRecord(name, 20, "p", 1, message, (), None))

    assert not is_kept("prefect.task_runs", "Finished in state Completed()")
    assert not is_kept("prefect.task_runs", "Finished in state Cached(type=COMPLETED)")
    assert is_kept("prefect.task_runs", "Finished in state Failed('why')")
    assert is_kept("prefect.flow_runs", "Finished in state Completed('int8 wins')")
