"""What a person does in the browser: fill in the form, watch the run, compare in MLflow."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium")
# No network but our own servers, and no sandbox where the tests run as root.
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
SECOND = 1000
STEP_SECONDS, RUN_SECONDS = 120, 900  # limits of a hang: a busy machine takes its time
ATTEMPTS = 30
SUGGESTED_NAME = "psi817-maranga-ring"


@contextmanager
def browser_page() -> Iterator[Page]:
    """A page of a new browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(STEP_SECONDS * SECOND)
        expect.set_options(timeout=STEP_SECONDS * SECOND)
        yield page
        browser.close()


def open_form(page: Page, prefect: str) -> None:
    """Open the run form of optimize/optimize-table.

    One in 18 of the names it suggests could be a user's own, which a run keeps: this one could not.
    """
    page.goto(f"{prefect}/deployments")
    row = page.get_by_role("row").filter(has_text="optimize")
    row.get_by_text("optimize-table").first.click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("Custom run").click()
    field(page, "Number of features").wait_for()
    page.locator(".flow-run-name-input input").fill(SUGGESTED_NAME)


def open_edit_form(page: Page, prefect: str, deployment: str) -> None:
    """Open the form that edits a deployment."""
    page.goto(f"{prefect}/deployments")
    page.get_by_role("row").get_by_text(deployment, exact=True).click()
    page.wait_for_url("**/deployments/deployment/*")
    page.goto(f"{page.url.partition('?')[0]}/edit")
    field(page, "Number of features").wait_for()


def save(page: Page) -> None:
    """Save a deployment's form; a browser that refuses a value sends nothing, and this fails."""
    for _ in range(ATTEMPTS):  # a server that is busy is asked again, as a person would
        with page.expect_response(
            lambda answer: answer.request.method == "PATCH" and "/deployments/" in answer.url
        ) as asked:
            page.get_by_role("button", name="Save", exact=True).click()
        if asked.value.ok:
            break
        page.wait_for_timeout(2 * SECOND)
    page.get_by_role("button", name="Run", exact=True).wait_for()


def field(page: Page, title: str) -> Locator:
    """The input of a form field, by its title; a number's is a line of an editor."""
    return property_of(page, title).locator("input,textarea,.cm-content").first


def property_of(page: Page, title: str) -> Locator:
    """A form field with its title, its help, and what is wrong with it."""
    exactly = re.sub("([()])", r"\\\1", title) + r"( \(Optional\))?"
    label = page.locator(".schema-form-property__label", has_text=re.compile(f"^{exactly}$"))
    return page.locator(".schema-form-property", has=label).last


def shown(page: Page, title: str) -> str:
    """What a form field has in it."""
    of_field = field(page, title)
    is_editor = of_field.evaluate("element => element.isContentEditable")
    return of_field.inner_text() if is_editor else of_field.input_value()


def submit(page: Page, prefect: str) -> None:
    """Start the run, and open its page; a server that is busy is asked again, as a person would."""
    for _ in range(ATTEMPTS):
        with page.expect_response("**/create_flow_run") as asked:
            page.get_by_role("button", name="Submit", exact=True).click()
        if asked.value.ok:
            break
        page.wait_for_timeout(2 * SECOND)
    page.goto(f"{prefect}/runs/flow-run/{asked.value.json()['id']}")


def submit_in_vain(page: Page) -> None:
    """Try to start a run that the server refuses; one that is busy is asked again."""
    page.wait_for_timeout(SECOND)  # the form gathers what was typed for a moment
    for _ in range(ATTEMPTS):
        with page.expect_response("**/schemas/validate") as asked:
            page.get_by_role("button", name="Submit", exact=True).click()
        if asked.value.ok:
            break
        page.wait_for_timeout(2 * SECOND)


def await_completion(page: Page) -> None:
    """Wait until the run's page says that it completed."""
    expect(page.get_by_text("Completed", exact=True).first).to_be_visible(
        timeout=RUN_SECONDS * SECOND
    )


def mlflow_link(page: Page) -> str:
    """The link to MLflow among the artifacts of the run whose page is open."""
    page.get_by_text("Artifacts", exact=True).first.click()
    page.get_by_role("link", name="mlflow-run").click()
    return str(page.get_by_role("link", name="MLflow run").get_attribute("href"))


def open_summary(page: Page) -> None:
    """From the page of a run to its summary."""
    page.get_by_text("Artifacts", exact=True).first.click()
    page.get_by_role("link", name="summary").first.click()
    page.get_by_role("heading", name="What came in").wait_for()


def compare_variants(page: Page, link: str, run_name: str) -> None:
    """From a run's link to the comparison of its float32 and int8 runs."""
    page.goto(f"{link.partition('/runs/')[0]}/runs")
    parent = page.get_by_role("row").filter(has_text=run_name).first
    parent.get_by_role("button").first.click()  # shows the runs below it
    for variant in ("float32", "int8"):
        row = page.get_by_role("row").filter(has_text=variant).first
        row.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Compare").click()
    page.get_by_text("Comparing 2 Runs").wait_for()


def picture(page: Page, path: Path) -> None:
    """Keep what the page shows."""
    page.wait_for_timeout(2 * SECOND)  # let transitions end
    page.screenshot(path=path)
