"""Deployments edited in a real browser: saved, used, and still there when the servers come again.

The tests follow each other, on servers of their own.
"""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from slipstream.operations.deployments import on_server
from tests.e2e import browser
from tests.e2e.servers import Up, ask, await_run, processes_of, up_in

NIGHTLY = "retrain/retrain-nightly"


@pytest.fixture(scope="module")
def own(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """Servers that no other test uses."""
    up = up_in(tmp_path_factory.mktemp("own"), environment)
    start(up)
    yield up
    up.run("down")
    assert processes_of(up.home) == []


def start(up: Up, *flags: str) -> str:
    started = up.run("up", "--detach", *up.flags, *flags)
    assert started.returncode == 0, started.stderr
    return started.stdout


def deployment(up: Up, name: str = NIGHTLY) -> dict:
    return ask(up, "GET", f"/deployments/name/{name}")


def learning_rates(up: Up) -> set[str]:
    """What the runs in MLflow trained with."""
    api = f"{up.mlflow}/api/2.0/mlflow"
    experiment = httpx.get(f"{api}/experiments/get-by-name?experiment_name=slipstream", timeout=30)
    ids = [experiment.json()["experiment"]["experiment_id"]]
    found = httpx.post(f"{api}/runs/search", json={"experiment_ids": ids}, timeout=30).json()
    params = [each for run in found["runs"] for each in run["data"].get("params", [])]
    return {each["value"] for each in params if each["key"] == "training.learning_rate"}


def test_an_edit_form_saves_untouched(needs_chromium: None, own: Up) -> None:
    """No default is one that the browser refuses to save."""
    with browser.browser_page() as page:
        for name in ("retrain-nightly", "retrain-now", "optimize-table"):
            browser.open_edit_form(page, own.prefect, name)
            browser.save(page)
    assert deployment(own)["parameters"]["config"]["training"]["learning_rate"] == 0.003


def test_what_is_edited_is_there_again_and_used(
    needs_chromium: None, own: Up, mixed_csv: Path
) -> None:
    """A table and a small number are saved, shown again, and what the next run trains with."""
    typed = {
        "Path": str(mixed_csv),
        "Target": "label",
        "Learning rate": "0.0005",
        "Latency budget (µs)": "1234.5678",
        "Test fraction": "0.205",
        "Epochs": "2",
        "MLflow store": own.environment["MLFLOW_BACKEND_STORE_URI"],
    }
    with browser.browser_page() as page:
        browser.open_edit_form(page, own.prefect, "retrain-nightly")
        for title, value in typed.items():
            browser.field(page, title).fill(value)
        browser.save(page)
        browser.open_edit_form(page, own.prefect, "retrain-nightly")
        assert {title: browser.shown(page, title) for title in typed} == typed

        page.goto(page.url.replace("/edit", "/run"))
        browser.field(page, "Number of features").wait_for()
        page.locator(".flow-run-name-input input").fill("first night")
        browser.submit(page, own.prefect)
        browser.await_completion(page)
        expect(page.get_by_text("first night").first).to_be_visible()
        run_id = page.url.partition("?")[0].rpartition("/")[2]
    run = ask(own, "GET", f"/flow_runs/{run_id}")
    assert run["name"] == "first night"
    assert run["parameters"]["config"]["training"]["learning_rate"] == 0.0005
    assert learning_rates(own) == {"0.0005"}
    names = {each["name"] for each in ask(own, "POST", "/flow_runs/filter", {})}
    assert "mixed · k=5 · 32×32" in names  # the one within, whose name nobody typed


def test_edits_survive_down_and_up(needs_chromium: None, own: Up) -> None:
    """What was edited in the UI is there when the servers start again, and the schedule is on."""
    with browser.browser_page() as page:
        browser.open_edit_form(page, own.prefect, "retrain-nightly")
        browser.field(page, "Target").fill("churned")
        browser.save(page)
        for _ in range(browser.ATTEMPTS):  # a busy server is asked again
            with page.expect_response(lambda answer: answer.request.method == "PATCH") as asked:
                page.get_by_role("switch").or_(page.locator(".p-toggle__control")).first.click()
            if asked.value.ok:
                break
            page.wait_for_timeout(2 * browser.SECOND)
    now = deployment(own, "retrain/retrain-now")
    changes = {"description": "mine", "paused": True, "concurrency_limit": 2, "tags": ["own"]}
    ask(own, "PATCH", f"/deployments/{now['id']}", changes, answers=False)
    (watch,) = ask(own, "POST", "/automations/filter", {})
    ask(own, "PATCH", f"/automations/{watch['id']}", {"enabled": False}, answers=False)
    ask(own, "PATCH", "/work_pools/slipstream", {"concurrency_limit": 3}, answers=False)
    before = {name: deployment(own, name) for name in (NIGHTLY, "retrain/retrain-now")}
    assert [each["active"] for each in before[NIGHTLY]["schedules"]] == [True]

    own.run("down")
    assert "note" not in start(own)
    assert {name: on_server(deployment(own, name)) for name in before} == {
        name: on_server(was) for name, was in before.items()
    }
    assert ask(own, "GET", f"/automations/{watch['id']}")["enabled"] is False
    assert ask(own, "GET", "/work_pools/slipstream")["concurrency_limit"] == 3
    with browser.browser_page() as page:
        browser.open_edit_form(page, own.prefect, "retrain-nightly")
        assert browser.shown(page, "Target") == "churned"
        assert browser.shown(page, "Learning rate") == "0.0005"


def test_a_reset_and_earlier_names(own: Up) -> None:
    """--reset-deployments puts prefect.yaml back, and no deployment of an earlier name stays."""
    flow_id = deployment(own)["flow_id"]
    old = {"name": "nightly", "flow_id": flow_id, "parameters": {"config": {}}}
    ask(own, "POST", "/deployments/", old)
    own.run("down")
    start(own, "--reset-deployments")
    nightly = deployment(own)
    assert nightly["parameters"]["config"]["data"]["path"] == "YOUR_TABLE.csv"
    assert [each["active"] for each in nightly["schedules"]] == [False]
    assert not deployment(own, "retrain/retrain-now")["paused"]
    names = {each["name"] for each in ask(own, "POST", "/deployments/filter", {})}
    assert names == {"optimize-table", "retrain-now", "retrain-nightly"}


def test_a_run_that_nobody_named_has_its_title(own: Up) -> None:
    """A run whose name was made up, by the form or the server, is called what it does."""
    path = f"/deployments/{deployment(own, 'optimize/optimize-table')['id']}/create_flow_run"
    data = {"path": "demo", "target": "tragte"}
    for given, name in (("psi817-maranga-ring", "demo · k=5 · 32×32"), ("my-run", "my-run")):
        body = {"name": given, "parameters": {"config": {"data": data}}}
        assert await_run(own, ask(own, "POST", path, body)["id"])["name"] == name
