"""What a person reads in the browser of a run's outcome: its state, its log, its summary."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import browser
from tests.e2e.servers import Up, find, run_deployment

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


def test_warnings_are_on_the_runs_page(servers: Up, mixed_csv: Path, tmp_path: Path) -> None:
    """Log and summary say what was left out; the state says how it ended; names stay text."""
    table = tmp_path / "mixed.csv"
    text = mixed_csv.read_text().replace(" income,", " in|come *x* <b>,", 1)
    table.write_text(text)
    run = run_deployment(servers, config_of(servers, table, features={"k": 9}))
    told = re.fullmatch(r"\w+ wins: .*AUC 0\.\d+; (\d) notes", run["state"]["message"])
    assert told, run["state"]["message"]
    lines = [(each["level"], each["message"]) for each in find(servers, "logs", run)]
    assert sum(level == 30 for level, _ in lines) == int(told[1]) >= 3
    assert any(re.fullmatch(r"train: network 4-8-1, \d+\.\d s", line) for _, line in lines)
    assert not any("Completed()" in line for _, line in lines)
    with browser.browser_page() as page:
        open_run(page, servers, run)
        expect(page.get_by_text("column 'id' is left out").first).to_be_visible()
        browser.open_summary(page)
        body = page.inner_text("body")
        for told in ("Column 'id' is left out", "k is 9, but", "in|come *x* <b>", "wins", "AUC"):
            assert told in body, told
        assert page.get_by_role("link", name="MLflow run").is_visible()


def test_an_unmet_budget_is_red(servers: Up, mixed_csv: Path) -> None:
    """Failed under its own name, with the reason; the summary is complete; no traceback."""
    config = config_of(servers, mixed_csv, budget={"size_bytes": 100})
    for name in ("optimize/optimize-table", "retrain/retrain-now"):
        run = run_deployment(servers, config, name)
        assert (run["state"]["type"], run["state"]["name"]) == ("FAILED", "BudgetNotMet")
        assert "nothing fits" in run["state"]["message"]
        artifacts = {each["key"]: each["data"] for each in find(servers, "artifacts", run)}
        assert "## Comparison" in artifacts["summary"]
        assert "Traceback" not in json.dumps(find(servers, "logs", run))
        with browser.browser_page() as page:
            page.goto(f"{servers.prefect}/runs")
            expect(page.get_by_text("BudgetNotMet").first).to_be_visible()
            open_run(page, servers, run)
            expect(page.get_by_text("BudgetNotMet").first).to_be_visible()
            expect(page.get_by_text("nothing fits: budget.size_bytes").first).to_be_visible()
            browser.open_summary(page)
            assert "Winner: none." in page.inner_text("body")
