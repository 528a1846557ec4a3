"""The whole way in a real browser: form, run, stages, artifacts, MLflow, comparison."""

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e import browser
from tests.e2e.servers import Up


def test_a_run_from_form_to_comparison(
    needs_chromium: None, servers: Up, mixed_csv: Path, tmp_path: Path
) -> None:
    """A person fills in the form, watches the run complete, and compares its two variants."""
    with browser.browser_page() as page:
        browser.open_form(page, servers.prefect)
        for needed in ("Path", "Target", "Number of features"):
            expect(page.get_by_text(needed, exact=True)).to_be_in_viewport()
        browser.field(page, "Path").fill(str(mixed_csv))
        browser.field(page, "Target").fill("label")
        browser.field(page, "Number of features").fill("3")
        browser.field(page, "Epochs").fill("2")
        store = servers.environment["MLFLOW_BACKEND_STORE_URI"]
        browser.field(page, "MLflow store").fill(store)
        browser.submit(page, servers.prefect)
        browser.await_completion(page)
        expect(page.get_by_text("mixed · k=3 · 32×32").first).to_be_visible()

        page.get_by_text("Task Runs", exact=True).click()
        for stage in ("ingest", "preprocess", "select", "train", "quantize", "predict"):
            expect(page.get_by_role("link", name=stage, exact=True)).to_be_visible()

        link = browser.mlflow_link(page)
        assert link.startswith(servers.mlflow)
        browser.compare_variants(page, link, "mixed · k=3")
        table = page.inner_text("body")
        for name in ("float32", "int8", "test_auc", "latency_p50_us", "bundle_bytes"):
            assert name in table
        (weights,) = re.findall(r"(\d+)\s+(\d+)\s*\n*\s*Artifacts", table)
        assert int(weights[0]) == 4 * int(weights[1])


def test_a_refused_value_is_explained_at_its_field(needs_chromium: None, servers: Up) -> None:
    """The form says what is wrong where it is wrong, and starts no run."""
    with browser.browser_page() as page:
        browser.open_form(page, servers.prefect)
        browser.field(page, "Target").fill("")
        browser.submit_in_vain(page)
        expect(browser.property_of(page, "Target")).to_contain_text("required")
        assert page.url.partition("?")[0].endswith("/run")
