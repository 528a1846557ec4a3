"""Take the pictures of the documentation: `python docs/pictures.py`; needs chromium.

It starts servers of its own, fills in the form, and keeps what a person sees on the way.
"""

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from slipstream.reporting.pages import find_runs  # noqa: E402
from tests.e2e import browser  # noqa: E402
from tests.e2e.servers import up_in  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"


def main() -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as folder:
        up = up_in(Path(folder), dict(os.environ))
        up.run("up", "--detach", *up.flags)
        try:
            with browser.browser_page() as page:
                page.goto(f"{up.prefect}/deployments")
                page.get_by_text("retrain-nightly", exact=True).wait_for()
                browser.picture(page, PICTURES / "deployments.png")
                browser.open_form(page, up.prefect)
                browser.field(page, "Path").fill("breast_cancer")
                browser.picture(page, PICTURES / "form.png")
                store = up.environment["MLFLOW_BACKEND_STORE_URI"]
                browser.field(page, "MLflow store").fill(store)
                browser.submit(page, up.prefect)
                browser.await_completion(page)
                browser.picture(page, PICTURES / "run.png")
                run_page = page.url
                browser.open_summary(page)
                browser.picture(page, PICTURES / "summary.png")
                page.goto(run_page)
                link = browser.mlflow_link(page)
                browser.compare_variants(page, link, "breast_cancer")
                page.get_by_text("Show diff only").nth(1).scroll_into_view_if_needed()
                browser.picture(page, PICTURES / "comparison.png")
                page.goto(find_runs(up.mlflow, "slipstream"))
                page.get_by_role("row").filter(has_text="breast_cancer").first.wait_for()
                browser.picture(page, PICTURES / "runs.png")
        finally:
            up.run("down")


if __name__ == "__main__":
    main()
