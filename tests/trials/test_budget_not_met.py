"""What a person reads in the browser of a run's outcome: its state, its log, its summary."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import browser
from tests.e2e.servers import Up, ask, find, run_deployment

pytestmark = pytest.mark.usefixtures("needs_chromium")


def config_of(servers: Up, path: Path, **changes: dict) -> dict:
    return {
        "data": {"path": str(path), "target": "label"},
        "model": {"hidden": [8]},
        "training": {"epochs": 2},
        "tracking": {"uri": servers.environment["MLFLOW_BACKEND_STORE_URI"]},
        **changes,
    }


def open_run(page: Page, servers: Up, run: dict) -> None:
    page.goto(f"{servers.prefect}/runs/flow-run/{run['id']}")


def test_an_unmet_budget_is_red(servers: Up, mixed_csv: Path) -> None:
    """Failed under its own name, with the reason; the summary is complete; no traceback.

    A retraining fails so, and the run of the pipeline within it does too.
    """
    config = config_of(servers, mixed_csv, budget={"size_bytes": 100})
    retraining = run_deployment(servers, config, "retrain/retrain-now")
    mine = {"name": {"any_": [retraining["name"].removesuffix(" · retrain")]}}
    within = ask(servers, "POST", "/flow_runs/filter", {"flow_runs": mine})[0]
    with browser.browser_page() as page:
        page.goto(f"{servers.prefect}/runs")
        expect(page.get_by_text("BudgetNotMet").first).to_be_visible()
        for run in (within, retraining):
            assert (run["state"]["type"], run["state"]["name"]) == ("FAILED", "BudgetNotMet")
            assert "nothing fits" in run["state"]["message"]
            artifacts = {each["key"]: each["data"] for each in find(servers, "artifacts", run)}
            assert "## Comparison" in artifacts["summary"]
            assert "Traceback" not in json.dumps(find(servers, "logs", run))
            open_run(page, servers, run)
            expect(page.get_by_text("BudgetNotMet").first).to_be_visible()
            expect(page.get_by_text("nothing fits: budget.size_bytes").first).to_be_visible()
            browser.open_summary(page)
            assert "Winner: none." in page.inner_text("body")
