"""The guide's first hour, step by step: every command runs, every address shows what it says."""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from slipstream.artifacts.home import root
from tests.e2e import browser
from tests.e2e.clone import clone_checkout
from tests.e2e.servers import LIMIT_SECONDS, Up, await_run, find, free_port, processes_of

BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
ADDRESS = re.compile(r"<(http[^>]+)>")


class Reader:
    """Somebody who goes through the page in a clone, and does what it says."""

    def __init__(self, place: Path, environment: dict[str, str]) -> None:
        self.text = (root() / "docs" / "guide" / "first-hour.md").read_text()
        self.blocks = [(kind, code) for kind, code in BLOCK.findall(self.text)]
        self.place = place
        ports = {"4200": str(free_port()), "5000": str(free_port())}
        self.prefect, self.mlflow = (f"http://127.0.0.1:{port}" for port in ports.values())
        self.flags = f"--prefect-port {ports['4200']} --mlflow-port {ports['5000']}"
        self.environment = {
            name: value for name, value in environment.items() if name != "SLIPSTREAM_HOME"
        }
        self.python = ""
        self.up = Up(place / ".slipstream", self.environment, [], self.prefect, self.mlflow)

    def do(self, expected: str) -> str:
        """Carry out the next block, which must begin so; returns what it prints."""
        kind, code = self.blocks.pop(0)
        assert code.startswith(expected), (expected, code)
        if kind == "python":
            self.python += code
            return self.run([".venv/bin/python", "-c", self.python])
        code = code.replace("ARGS=--detach", f'ARGS="--detach {self.flags}"')
        return self.run(["bash", "-ec", code])

    def run(self, command: list[str]) -> str:
        done = subprocess.run(
            command,
            cwd=self.place,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def here(self, address: str) -> str:
        """An address of the page, on the ports of this test."""
        return address.replace("http://127.0.0.1:4200", self.prefect).replace(
            "http://127.0.0.1:5000", self.mlflow
        )

    def quick_run(self, page: Page) -> dict:
        """*Run*, *Quick run*, on the nightly deployment; the run when it is over."""
        page.goto(f"{self.prefect}/deployments")
        page.get_by_role("row").get_by_text("retrain-nightly", exact=True).click()
        page.get_by_role("button", name="Run", exact=True).click()
        with page.expect_response("**/create_flow_run") as asked:
            page.get_by_text("Quick run").click()
        return await_run(self.up, asked.value.json()["id"])


@pytest.fixture
def reader(environment: dict[str, str]) -> Iterator[Reader]:
    # Not pytest's folder, whose path is too long for the socket of supervisor.
    with tempfile.TemporaryDirectory(prefix="slipstream-") as folder:
        place = clone_checkout(Path(folder))
        reader = Reader(place, environment)
        yield reader
        subprocess.run(["make", "down"], cwd=place, env=reader.environment, check=True)
        assert processes_of(place) == []


@pytest.mark.usefixtures("needs_chromium")
def test_the_first_hour(reader: Reader) -> None:
    """From a table to a schedule, to drift, and back to the champion before, as the page says."""
    addresses = ADDRESS.findall(reader.text)
    reader.do("import numpy")
    printed = reader.do("make run")
    assert "'customer'" in printed
    assert "'country'" in printed
    reader.do(".venv/bin/slipstream predict")
    answers = (reader.place / "answers.csv").read_text().splitlines()
    assert len(answers) == 4001
    assert answers[0].startswith("customer,")

    reader.do("make up")
    with browser.browser_page() as page:
        deployments, champion = map(reader.here, addresses)
        page.goto(deployments)
        for name in ("optimize-table", "retrain-now", "retrain-nightly"):
            expect(page.get_by_text(name, exact=True)).to_be_visible()

        browser.open_edit_form(page, reader.prefect, "retrain-nightly")
        browser.field(page, "Path").fill("customers.csv")
        browser.field(page, "Target").fill("churned")
        browser.save(page)
        first = reader.quick_run(page)
        assert first["state"]["type"] == "COMPLETED", first["state"]
        assert "version 1 promoted" in first["state"]["message"]
        page.goto(champion)
        expect(page.get_by_text("customers").first).to_be_visible()
        expect(page.get_by_text("champion").first).to_be_visible()

        assert "champion" in reader.do(".venv/bin/slipstream models")
        assert "customers" in reader.do("import slipstream")

        reader.do("customers(seed=2")
        night = reader.quick_run(page)
        assert "version 2 promoted" in night["state"]["message"]
        assert "drift: PSI" in night["state"]["message"]
        drift = next(each for each in find(reader.up, "artifacts", night) if each["key"] == "drift")
        assert drift["data"].index("spend") < drift["data"].index("months")
        assert "unchanged, champion kept" in reader.do(".venv/bin/slipstream retrain")

    rolled_back = reader.do(".venv/bin/slipstream rollback")
    assert "version 2 is no longer champion, version 1 is again" in rolled_back
    assert "the export was in another currency" in rolled_back
    reader.do("make down")
    assert reader.blocks == []
