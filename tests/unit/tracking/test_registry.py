"""The registry: what its tags and pages say of each version, against the real store."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from slipstream.cli.main import main
from slipstream.cli.model_table import _history
from slipstream.reporting.record import Decision, RunRecord, TrackedRun
from slipstream.runtime import InputError
from slipstream.tracking import history
from slipstream.tracking.history import Event
from slipstream.tracking.registry import Registry, Version
from slipstream.tracking.runs import FlowRun, track
from tests.conftest import Trained
from tests.unit.tracking.conftest import SERVER, located

BETTER = Decision(promoted=True, reason="the challenger is better")
WORSE = Decision(promoted=False, reason="the challenger is no better")


@pytest.fixture(autouse=True)
def login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ada")


def settled(tracked: TrackedRun, name: str, *decisions: Decision) -> Registry:
    """A model with one version per decision."""
    registry = Registry(name, tracked.tracking_uri)
    for count, decision in enumerate(decisions):
        registry.settle(registry.register(tracked.variants["int8"], f"{count}", "{}"), decision)
    return registry


def what_happened(registry: Registry, number: str) -> list[tuple[str, str, str, str]]:
    events = registry.version(number).history
    return [(event.what, event.by, event.why, event.other) for event in events]


def test_each_version_says_what_happened_by_whom_and_why(tracked: TrackedRun) -> None:
    """Promoted, replaced, kept out, rolled back and put back, each with the other version."""
    registry = settled(tracked, "history", BETTER, BETTER, WORSE)
    registry.rollback("it answers too late")
    assert what_happened(registry, "1") == [
        ("promoted", "ada", "the challenger is better", ""),
        ("replaced", "ada", "version 2 is better", "2"),
        ("put back", "ada", "it answers too late", "2"),
    ]
    assert what_happened(registry, "2") == [
        ("promoted", "ada", "the challenger is better", "1"),
        ("rolled back", "ada", "it answers too late", "1"),
    ]
    assert what_happened(registry, "3") == [
        ("kept out", "ada", "the challenger is no better", "2"),
    ]
    tags = MlflowClient(tracked.tracking_uri).get_model_version("history", "2").tags
    assert tags["slipstream.decision"] == "rolled back"
    assert tags["slipstream.reason"] == "rolled back to version 1: it answers too late"


def test_pages_have_descriptions_with_figures(tracked: TrackedRun, record: RunRecord) -> None:
    """A version's has its figures and its history, the model's its champion; marks are literal."""
    registry = settled(tracked, "described", BETTER, BETTER)
    registry.rollback("<b>late</b> [here](x)")
    client = MlflowClient(tracked.tracking_uri)
    auc = f"AUC {record.benchmark.metrics['int8'].scores['test_auc']:.4f}"
    version = client.get_model_version("described", "2").description
    assert version.startswith(f"int8: {auc}")
    assert r"rolled back by ada: \<b\>late\</b\> \[here\](x)" in version
    model = client.get_registered_model("described").description
    assert model.startswith(f"The champion is version 1, int8: {auc}")
    assert "models:/described@champion" in model


def test_a_description_that_a_user_wrote_stays(tracked: TrackedRun) -> None:
    """A user's own description is not replaced by a generated one."""
    registry = settled(tracked, "written", BETTER)
    client = MlflowClient(tracked.tracking_uri)
    client.update_registered_model("written", "ask Ada before you use it")
    client.update_model_version("written", "1", "trained on a Sunday")
    registry.settle(registry.register(tracked.variants["int8"], "next", "{}"), BETTER)
    assert client.get_registered_model("written").description == "ask Ada before you use it"
    assert client.get_model_version("written", "1").description == "trained on a Sunday"


@pytest.mark.parametrize("writes", range(9))  # it makes eight
def test_repeating_a_killed_rollback_finishes_it(
    tracked: TrackedRun, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    """Killed after any of its writes, it leaves a champion; repeated, it goes back just once."""
    registry = settled(tracked, f"killed-{writes}", BETTER, BETTER, BETTER)
    kill_after(registry, writes, monkeypatch)
    try:
        registry.rollback("late")
        survived = True
    except KeyboardInterrupt:
        survived = False
    monkeypatch.undo()
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ada")
    again = Registry(registry.name, tracked.tracking_uri)
    assert survived is (writes == 8)
    if not survived:
        assert again.champion().number == "3"
        again.rollback("late")
    assert again.champion().number == "2"
    assert [each[0] for each in what_happened(again, "3")] == ["promoted", "rolled back"]
    assert [each[0] for each in what_happened(again, "2")] == ["promoted", "replaced", "put back"]


def kill_after(registry: Registry, writes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a registry's client make so many writes, and kill it at the next."""
    left = [writes]

    def watched(write: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            return write(*arguments, **options)

        return call

    client = registry._client
    for name in (
        *("set_model_version_tag", "set_registered_model_alias"),
        *("update_model_version", "update_registered_model"),
    ):
        monkeypatch.setattr(client, name, watched(getattr(client, name)))


@pytest.mark.parametrize("writes", range(9))
def test_repeating_a_killed_promotion_records_each_event_once(
    tracked: TrackedRun, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    """Killed after any of its writes and run again, it leaves one event of each kind."""
    registry = settled(tracked, f"promoted-{writes}", BETTER)
    version = registry.register(tracked.variants["int8"], "next", "{}")
    kill_after(registry, writes, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        registry.settle(version, BETTER)
    monkeypatch.undo()
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ada")
    again = Registry(registry.name, tracked.tracking_uri)
    assert again.champion() is not None
    found = again.register(tracked.variants["int8"], "next", "{}")
    assert (found.number, found.decision) == ("2", "")
    again.settle(found, BETTER)
    assert again.champion().number == "2"
    assert [each[0] for each in what_happened(again, "2")] == ["promoted"]
    assert [each[0] for each in what_happened(again, "1")] == ["promoted", "replaced"]


def test_after_a_rollback_the_same_model_stays_out(tracked: TrackedRun) -> None:
    """The version that was taken away counts as decided on: the next night does not return it."""
    registry = settled(tracked, "out", BETTER, BETTER)
    registry.rollback()
    found = registry.find("1")
    assert found is not None
    assert (found.decision, found.is_promoted) == ("rolled back", False)
    with pytest.raises(InputError, match="had no other champion before"):
        registry.rollback()


def test_a_history_that_is_too_long_keeps_the_latest() -> None:
    """MLflow's databases take 5,000 characters; the oldest events make room."""
    events = tuple(
        Event(when=f"{year}", what="kept out", by="ada", why="x" * 200) for year in range(1000)
    )
    kept = history.read(history.write(events))
    assert len(history.write(events)) <= 4_500
    assert kept
    assert kept == events[-len(kept) :]
    assert history.read("a user's own words") == ()


def test_what_an_earlier_release_decided_is_listed_once() -> None:
    """Its decision has no date; if it was rolled back later, the events say so."""
    decided = Version("1", "", "", "", decision="promoted", reason="better", replaced="")
    away = Event(when="2026-11-26T08:00:00+00:00", what="rolled back", by="ada", why="late")
    rolled_back = replace(decided, number="2", decision="rolled back", history=(away,))
    assert [line.plain.split() for line in _history([decided, rolled_back])] == [
        ["2026-11-26", "08:00:00", "UTC", "version", "2", "rolled", "back", "by", "ada:", "late"],
        ["earlier", "version", "1", "promoted:", "better"],
    ]


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["models", *arguments]) == 0
    return capsys.readouterr().out


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


def test_models_are_listed_with_their_figures(
    tracked: TrackedRun, record: RunRecord, capsys: pytest.CaptureFixture[str], wide: None
) -> None:
    """Every model, its versions and champion; for one model, its history too; in 90 columns."""
    settled(tracked, "listed", BETTER, BETTER, WORSE).rollback("late")
    settled(tracked, "other", BETTER)
    scores = record.benchmark.metrics["int8"].scores
    everything = listed(capsys, "--tracking-uri", tracked.tracking_uri)
    assert "listed" in everything
    assert "other" in everything
    one = listed(capsys, "listed", "--tracking-uri", tracked.tracking_uri)
    lines = [" ".join(line.split()) for line in one.splitlines()]
    figures = f"int8 {scores['test_auc']:.4f} {scores['test_log_loss']:.4f}"
    assert any(line.startswith(f"3 challenger kept out {figures}") for line in lines)
    assert any(line.startswith(f"2 rolled back {figures}") for line in lines)
    assert any(line.startswith(f"1 champion promoted {figures}") for line in lines)
    assert any(line.endswith("version 2 rolled back by ada: late") for line in lines)
    assert "…" not in one
    assert max(map(len, one.splitlines())) <= 90


def test_where_positives_are_rare_pr_auc_leads(
    mixed: Trained,
    record: RunRecord,
    empty_store: Callable[[Path], str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    wide: None,
) -> None:
    """The list has a column for it, and a version's page names it first; AUC alone flatters."""
    uri = empty_store(tmp_path)
    benchmark = record.benchmark.model_copy(update={"positive_rows": 5})
    rare = located(record, uri).model_copy(update={"benchmark": benchmark})
    settled(
        track(rare, FlowRun("flow-run-2", "no page", "rare"), SERVER, mixed.store), "rare", BETTER
    )
    shown = listed(capsys, "rare", "--tracking-uri", uri)
    assert "variant PR-AUC AUC log-loss p99 file age" in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 100
    page = MlflowClient(uri).get_model_version("rare", "1").description
    assert page.startswith(
        f"int8: PR-AUC {record.benchmark.metrics['int8'].scores['test_pr_auc']:.4f}"
    )
    assert ", AUC " in page


def test_versions_of_an_earlier_release_are_listed(
    tracked: TrackedRun, capsys: pytest.CaptureFixture[str], wide: None
) -> None:
    """A version that was decided on before there was a history still says what was decided."""
    settled(tracked, "early", BETTER)
    client = MlflowClient(tracked.tracking_uri)
    client.delete_model_version_tag("early", "1", "slipstream.history")
    shown = listed(capsys, "early", "--tracking-uri", tracked.tracking_uri)
    assert "version 1 promoted: the challenger is better" in shown


def test_an_empty_registry_says_how_to_get_a_model(
    empty_store: Callable[[Path], str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    wide: None,
) -> None:
    """An empty registry is not an error: the command says so, and how to train a model."""
    shown = listed(capsys, "--tracking-uri", empty_store(tmp_path))
    assert "No model is registered" in shown
    assert "slipstream retrain --data.path" in shown


@pytest.mark.parametrize("command", ["models", "rollback"])
def test_an_unknown_model_name_gets_a_suggestion(
    tracked: TrackedRun, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """A misspelt name ends with code 2 and a suggestion."""
    settled(tracked, "customers", BETTER)
    assert main([command, "custommers", "--tracking-uri", tracked.tracking_uri]) == 2
    assert "did you mean 'customers'?" in capsys.readouterr().err


def test_a_reason_that_is_too_long_is_refused(tracked: TrackedRun) -> None:
    """A reason is kept in a tag, whose length is limited."""
    registry = settled(tracked, "book", BETTER, BETTER)
    with pytest.raises(InputError, match="--reason must have 1,000 characters at most"):
        registry.rollback("x" * 1_001)
    assert registry.champion().number == "2"
