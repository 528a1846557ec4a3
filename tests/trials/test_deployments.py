"""Deployments edited in a real browser: saved, used, and still there when the servers come again.

The tests follow each other, and end the servers, so these are their own.
"""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from slipstream.config.training import TrainingConfig
from slipstream.operations.deployments import on_server
from tests.e2e import browser
from tests.e2e.conftest import running
from tests.e2e.servers import ASK_SECONDS, LIMIT_SECONDS, PROGRAM, Up, ask, processes_of

NIGHTLY = "retrain/retrain-nightly"


@pytest.fixture(scope="module")
def servers(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with running(environment, tmp_path_factory.mktemp("edited")) as up:
        yield up


def deployment(up: Up, name: str = NIGHTLY) -> dict:
    return ask(up, "GET", f"/deployments/name/{name}")


def learning_rates(up: Up) -> set[str]:
    """What the runs in MLflow trained with."""
    api = f"{up.mlflow}/api/2.0/mlflow"
    experiment = httpx.get(
        f"{api}/experiments/get-by-name?experiment_name=slipstream", timeout=ASK_SECONDS
    )
    ids = [experiment.json()["experiment"]["experiment_id"]]
    found = httpx.post(
        f"{api}/runs/search", json={"experiment_ids": ids}, timeout=ASK_SECONDS
    ).json()
    params = [each for run in found["runs"] for each in run["data"].get("params", [])]
    return {each["value"] for each in params if each["key"] == "training.learning_rate"}


def test_an_edit_form_saves_untouched(needs_chromium: None, servers: Up) -> None:
    """No default is one that the browser refuses to save."""
    with browser.browser_page() as page:
        for name in ("retrain-nightly", "retrain-now", "optimize-table"):
            browser.open_edit_form(page, servers.prefect, name)
            browser.save(page)
    saved = deployment(servers)["parameters"]["config"]["training"]["learning_rate"]
    assert saved == TrainingConfig().learning_rate


def test_what_is_edited_is_there_again_and_used(
    needs_chromium: None, servers: Up, mixed_csv: Path
) -> None:
    """A table and a small number are saved, shown again, and what the next run trains with."""
    typed = {
        "Path": str(mixed_csv),
        "Target": "label",
        "Learning rate": "0.0005",
        "Latency budget (µs)": "1234.5678",
        "Test fraction": "0.205",
        "Epochs": "2",
        "MLflow store": servers.environment["MLFLOW_BACKEND_STORE_URI"],
    }
    with browser.browser_page() as page:
        browser.open_edit_form(page, servers.prefect, "retrain-nightly")
        for title, value in typed.items():
            browser.field(page, title).fill(value)
        browser.save(page)
        browser.open_edit_form(page, servers.prefect, "retrain-nightly")
        assert {title: browser.shown(page, title) for title in typed} == typed

        page.goto(page.url.replace("/edit", "/run"))
        browser.field(page, "Number of features").wait_for()
        page.locator(".flow-run-name-input input").fill("first night")
        browser.submit(page, servers.prefect)
        browser.await_completion(page)
        expect(page.get_by_text("first night").first).to_be_visible()
        run_id = page.url.partition("?")[0].rpartition("/")[2]
    run = ask(servers, "GET", f"/flow_runs/{run_id}")
    assert run["name"] == "first night"
    assert run["parameters"]["config"]["training"]["learning_rate"] == 0.0005
    assert "0.0005" in learning_rates(servers)
    names = {each["name"] for each in ask(servers, "POST", "/flow_runs/filter", {})}
    assert "mixed · search width" in names  # the one within, whose name nobody typed


def test_edits_survive_down_and_up(needs_chromium: None, servers: Up) -> None:
    """What was edited in the UI is there when the servers start again, and the schedule is on."""
    with browser.browser_page() as page:
        browser.open_edit_form(page, servers.prefect, "retrain-nightly")
        browser.field(page, "Target").fill("churned")
        browser.save(page)
        for _ in range(browser.ATTEMPTS):  # a busy server is asked again
            with page.expect_response(lambda answer: answer.request.method == "PATCH") as asked:
                page.get_by_role("switch").or_(page.locator(".p-toggle__control")).first.click()
            if asked.value.ok:
                break
            page.wait_for_timeout(2 * browser.SECOND)
    now = deployment(servers, "retrain/retrain-now")
    changes = {"description": "mine", "paused": True, "concurrency_limit": 2, "tags": ["own"]}
    ask(servers, "PATCH", f"/deployments/{now['id']}", changes, answers=False)
    automations = ask(servers, "POST", "/automations/filter", {})
    watch = next(each for each in automations if each["name"] == "crash silent runs")
    ask(servers, "PATCH", f"/automations/{watch['id']}", {"enabled": False}, answers=False)
    ask(servers, "PATCH", "/work_pools/slipstream", {"concurrency_limit": 3}, answers=False)
    before = {name: deployment(servers, name) for name in (NIGHTLY, "retrain/retrain-now")}
    assert [each["active"] for each in before[NIGHTLY]["schedules"]] == [True]

    assert servers.run("down").stdout == "stopped\n"
    started = servers.run("up", "--detach", *servers.flags)
    assert started.returncode == 0, started.stderr
    assert "note" not in started.stdout
    assert {name: on_server(deployment(servers, name)) for name in before} == {
        name: on_server(was) for name, was in before.items()
    }
    assert ask(servers, "GET", f"/automations/{watch['id']}")["enabled"] is False
    assert ask(servers, "GET", "/work_pools/slipstream")["concurrency_limit"] == 3
    with browser.browser_page() as page:
        browser.open_edit_form(page, servers.prefect, "retrain-nightly")
        assert browser.shown(page, "Target") == "churned"
        assert browser.shown(page, "Learning rate") == "0.0005"


def test_a_reset_puts_the_files_back_and_ctrl_c_ends_all(servers: Up) -> None:
    """`up --reset-deployments` undoes edits and removes earlier names; Ctrl-C ends everything."""
    edited = deployment(servers)
    old = {"name": "nightly", "flow_id": edited["flow_id"], "parameters": {"config": {}}}
    ask(servers, "POST", "/deployments/", old)
    assert servers.run("down").stdout == "stopped\n"
    assert processes_of(servers.home) == []

    # a shell's background job ignores Ctrl-C, and so would all that it starts
    signal.signal(signal.SIGINT, signal.default_int_handler)
    up = subprocess.Popen(
        [PROGRAM, "up", "--reset-deployments", *servers.flags],
        env=servers.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert any("press Ctrl-C" in line for line in up.stdout)
    assert len(processes_of(servers.home)) >= 4
    nightly = deployment(servers)
    assert nightly["parameters"]["config"]["data"]["path"] == "YOUR_TABLE.csv"
    assert [each["active"] for each in nightly["schedules"]] == [False]
    assert not deployment(servers, "retrain/retrain-now")["paused"]
    names = {each["name"] for each in ask(servers, "POST", "/deployments/filter", {})}
    assert names == {"optimize-table", "retrain-now", "retrain-nightly"}
    up.send_signal(signal.SIGINT)
    assert up.wait(timeout=LIMIT_SECONDS) == 0
    assert processes_of(servers.home) == []
