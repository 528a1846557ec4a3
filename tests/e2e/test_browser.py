"""The whole way in a real browser: form, run, stages, log, summary, MLflow, comparison."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e import browser
from tests.e2e.servers import ASK_SECONDS, Up, await_run, find

pytestmark = pytest.mark.usefixtures("needs_chromium")


@pytest.fixture(scope="module")
def run(
    needs_chromium: None,
    servers: Up,
    mixed_csv: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict:
    """A run that a person started with the form, on a table of odd names, when it is over."""
    table = tmp_path_factory.mktemp("form") / "mixed.csv"
    table.write_text(mixed_csv.read_text().replace(" income,", " in|come *x* <b>,", 1))
    with browser.browser_page() as page:
        browser.open_form(page, servers.prefect)
        for needed in ("Path", "Target"):
            expect(page.get_by_text(needed, exact=True)).to_be_in_viewport()
        browser.field(page, "Path").fill(str(table))
        browser.field(page, "Target").fill("label")
        browser.field(page, "Number of features").fill("9")
        browser.field(page, "Epochs").fill("2")
        store = servers.environment["MLFLOW_BACKEND_STORE_URI"]
        browser.field(page, "MLflow store").fill(store)
        browser.submit(page, servers.prefect)
        browser.await_completion(page)
        run_id = page.url.partition("?")[0].rpartition("/")[2]
    return await_run(servers, run_id)


def address(servers: Up, run: dict) -> str:
    return f"{servers.prefect}/runs/flow-run/{run['id']}"


def test_a_run_from_form_to_comparison(servers: Up, run: dict) -> None:
    """A person sees the stages of the run, follows its link to MLflow, compares its variants."""
    with browser.browser_page() as page:
        page.goto(address(servers, run))
        expect(page.get_by_text("mixed · k=9 · search width").first).to_be_visible()
        page.get_by_text("Task Runs", exact=True).click()
        for stage in ("ingest", "preprocess", "select", "train", "quantize", "predict"):
            expect(page.get_by_role("link", name=stage, exact=True)).to_be_visible()

        link = browser.mlflow_link(page)
        assert link.startswith(servers.mlflow)
        browser.compare_variants(page, link, "mixed · k=9")
        table = page.inner_text("body")
        for name in ("float32", "int8", "test_auc", "latency_p50_us", "bundle_bytes"):
            assert name in table
        (weights,) = re.findall(r"(\d+)\s+(\d+)\s*\n*\s*Artifacts", table)
        assert int(weights[0]) == 4 * int(weights[1])


def test_the_servers_know_the_run(servers: Up, run: dict) -> None:
    """Stages, progress and comparison are in Prefect, and its page is in MLflow."""
    assert run["state"]["type"] == "COMPLETED", run["state"]
    assert run["name"] == "mixed · k=9 · search width"
    stages = {task["name"] for task in find(servers, "task_runs", run)}
    assert stages >= {"ingest", "preprocess", "select", "train", "quantize", "predict", "track"}
    artifacts = {each["key"]: each["data"] for each in find(servers, "artifacts", run)}
    assert float(artifacts["training"]) == 100
    assert "latency p50, hot" in artifacts["comparison"]
    (link,) = re.findall(r"\((http[^)]+)\)", artifacts["mlflow-run"])
    assert link.startswith(servers.mlflow)
    found = httpx.get(
        f"{servers.mlflow}/api/2.0/mlflow/runs/get",
        params={"run_id": link.rpartition("/")[2]},
        timeout=ASK_SECONDS,
    ).json()
    tags = {tag["key"]: tag["value"] for tag in found["run"]["data"]["tags"]}
    assert tags["prefect.flow_run_url"] == address(servers, run)


def test_warnings_are_on_the_runs_page(servers: Up, run: dict) -> None:
    """Log and summary say what was left out; the state says how it ended; names stay text."""
    matched = re.fullmatch(r"\w+ wins.*AUC 0\.\d+; (\d+) notes", run["state"]["message"])
    assert matched, run["state"]["message"]
    lines = [(each["level"], each["message"]) for each in find(servers, "logs", run)]
    assert sum(level == 30 for level, _ in lines) == int(matched[1]) >= 3
    assert any(re.fullmatch(r"train: network \d+-\d+-\d+-1, \d+\.\d s", line) for _, line in lines)
    assert not any("Completed()" in line for _, line in lines)
    with browser.browser_page() as page:
        page.goto(address(servers, run))
        expect(page.get_by_text("column 'id' is left out").first).to_be_visible()
        browser.open_summary(page)
        body = page.inner_text("body")
        shown = ("Column 'id' is left out", "k is 9, but", "in|come *x* <b>", "wins", "AUC")
        for expected in shown:
            assert expected in body, expected
        assert page.get_by_role("link", name="MLflow run").is_visible()


def test_a_refused_value_is_explained_at_its_field(servers: Up) -> None:
    """The form says what is wrong where it is wrong, and starts no run."""
    with browser.browser_page() as page:
        browser.open_form(page, servers.prefect)
        browser.field(page, "Target").fill("")
        browser.submit_in_vain(page)
        expect(browser.property_of(page, "Target")).to_contain_text("required")
        assert page.url.partition("?")[0].endswith("/run")
