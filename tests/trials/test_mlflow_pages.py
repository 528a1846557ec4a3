"""A run from the terminal while the servers run, and MLflow's pages as a newcomer sees them."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from slipstream.reporting import pages
from tests.e2e import browser
from tests.e2e.servers import ASK_SECONDS, Up, ask


@pytest.fixture(scope="module")
def run_output(servers: Up) -> str:
    """What the terminal says of a run that the servers show."""
    store = servers.environment["MLFLOW_BACKEND_STORE_URI"]
    done = servers.run(
        *("optimize", "--features.k", "2", "--training.epochs", "2", "--tracking.uri", store)
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_console_script_uses_the_running_server(servers: Up, run_output: str) -> None:
    """While the servers run, a run from the terminal appears in them."""
    assert f"{servers.mlflow}/#/experiments/" in run_output
    runs = ask(servers, "POST", "/flow_runs/filter", {})
    assert "demo · k=2 · search width" in {run["name"] for run in runs}


@pytest.fixture
def page(needs_chromium: None, run_output: str) -> Page:
    with browser.browser_page() as opened:
        opened.set_viewport_size({"width": 1440, "height": 900})
        yield opened


def expect_runs(page: Page, experiment: str) -> None:
    """The page shows the experiment's table of runs, and nothing lies over it."""
    expect(page).to_have_url(re.compile(r"/experiments/\d+/runs"))
    expect(page.get_by_text("Run Name")).to_be_visible()
    expect(page.get_by_role("link", name=experiment, exact=True).first).to_be_visible()
    expect(page.get_by_role("button", name="Close")).to_have_count(0)


def expect_columns(page: Page) -> None:
    """The table shows what a run came to, without a click."""
    for column in ("test_auc", "test_log_loss", "latency_p50_us", "latency_p99_us", "bundle_bytes"):
        expect(page.get_by_role("columnheader", name=column).first).to_be_visible()


@pytest.mark.parametrize("start", ["", "/#/experiments"])
def test_the_first_click_on_the_experiment_shows_its_runs(
    page: Page, servers: Up, start: str, tmp_path: Path
) -> None:
    """From MLflow's first page and from its list, one click leads to the table of runs."""
    page.goto(servers.mlflow + start)
    page.get_by_role("link", name="slipstream", exact=True).first.click()
    expect_runs(page, "slipstream")
    expect_columns(page)
    parent = page.get_by_role("row").filter(has_text="demo · k=2").first
    parent.get_by_role("button").first.click()
    for whose in ("demo int8", "demo float32", "demo baseline"):
        expect(page.get_by_role("link", name=whose, exact=True).first).to_be_visible()
    browser.picture(page, tmp_path / "runs.png")


def test_an_experiment_of_an_earlier_release_opens_on_its_runs(page: Page, servers: Up) -> None:
    """Without our tags, the first click shows the runs too."""
    api = f"{servers.mlflow}/api/2.0/mlflow/experiments/create"
    httpx.post(api, json={"name": "earlier"}, timeout=ASK_SECONDS).raise_for_status()
    page.goto(f"{servers.mlflow}/#/experiments")
    page.get_by_role("link", name="earlier", exact=True).first.click()
    expect(page).to_have_url(re.compile(r"/experiments/\d+/runs"))


def test_what_somebody_chose_in_mlflow_stays(page: Page, servers: Up) -> None:
    """Whoever switches to MLflow's pages for chat applications finds them again."""
    page.goto(f"{servers.mlflow}/#/experiments")
    page.get_by_text("GenAI", exact=True).first.click()
    page.reload()
    chosen = page.evaluate("localStorage.getItem('mlflow.workflowType_v1')")
    assert chosen == '"genai"'


def test_the_address_that_is_printed_shows_scores_latencies_and_sizes(
    page: Page, servers: Up, run_output: str, tmp_path: Path
) -> None:
    """The table that the terminal names has our columns, for the run and for those below it."""
    (address,) = re.findall(r"all runs: (\S+)", run_output)
    assert address == pages.find_runs(servers.mlflow, "slipstream")
    page.goto(address)
    expect_runs(page, "slipstream")
    expect_columns(page)
    browser.picture(page, tmp_path / "view.png")


def test_a_runs_page_says_how_it_came_out(page: Page, run_output: str, tmp_path: Path) -> None:
    """The description has the verdict, and the metrics are the winner's."""
    (address,) = re.findall(r"then open (\S+)", run_output)
    page.goto(address)
    expect(page.get_by_text("Winner:").first).to_be_visible()
    for metric in ("test_auc", "latency_p50_us"):
        expect(page.get_by_role("link", name=metric, exact=True)).to_be_visible()
    browser.picture(page, tmp_path / "run.png")
