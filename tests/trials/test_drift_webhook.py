"""The automation of the guide, for real: the data moves, and somebody is called."""

import json
import re
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest

from slipstream.artifacts.home import root
from tests.e2e.servers import ASK_SECONDS, LIMIT_SECONDS, Up, find, run_deployment

BLOCK = re.compile(r"<!-- begin webhook -->\n```sh\n(.*?)```", re.DOTALL)


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[dict]]]:
    """An HTTP server on loopback: its address, and the bodies of the calls it gets."""
    calls: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            calls.append({"type": self.headers["Content-Type"], **body})
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/drift", calls
    server.shutdown()


def apply_as_the_guide_says(up: Up, address: str, folder: Path) -> None:
    """Run the guide's block; only addresses and places are this test's own."""
    (block,) = BLOCK.findall((root() / "docs/guide/retraining.md").read_text())
    for written, ours in (
        ("http://127.0.0.1:4200", up.prefect),
        ("https://example.com/drift", address),
        ("> drift-webhook.yaml", f"> {shlex.quote(str(folder))}/drift-webhook.yaml"),
        ("--from-file drift", f"--from-file {shlex.quote(str(folder))}/drift"),
        (".venv/bin/", f"{shlex.quote(str(Path(sys.executable).parent))}/"),
    ):
        assert written in block
        block = block.replace(written, ours)
    done = subprocess.run(
        ["bash", "-euc", block],
        cwd=root(),
        env={**up.environment, "PREFECT_HOME": str(folder / "prefect"), "DO_NOT_TRACK": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Created automation" in done.stdout


def test_a_first_model_becomes_champion_and_drift_calls_the_webhook(
    servers: Up, receiver: tuple[str, list[dict]], tmp_path: Path
) -> None:
    """A first retraining promotes; rows that have not moved keep its model and call nobody.

    When they have, the guide's automation posts the figures.
    """
    address, calls = receiver
    apply_as_the_guide_says(servers, address, tmp_path)
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(900, 2)).round(4), columns=["a", "b"])
    noise = random.normal(0, 0.5, 900)  # a column that gives the label away would be left out
    frame["label"] = np.where(frame["a"] + noise > 0, "yes", "no")
    table = tmp_path / "moving.csv"
    config = {
        "data": {"path": str(table), "target": "label"},
        "model": {"hidden": [8]},
        "features": {"k": 5},
        "search": {"mode": "off"},
        "training": {"epochs": 30, "learning_rate": 0.02, "distill": "off"},
        "tracking": {"uri": servers.environment["MLFLOW_BACKEND_STORE_URI"]},
    }
    frame.to_csv(table, index=False)
    first = run_deployment(servers, config, "retrain/retrain-now")
    assert first["state"]["message"].startswith("version 1 promoted: there was no champion")
    summary = next(e["data"] for e in find(servers, "artifacts", first) if e["key"] == "summary")
    assert "**Version 1 promoted**: there was no champion." in summary
    assert first["name"] == "moving · k=5 · 8 · retrain"
    champion = httpx.get(
        f"{servers.mlflow}/api/2.0/mlflow/registered-models/alias",
        params={"name": "moving", "alias": "champion"},
        timeout=ASK_SECONDS,
    ).json()
    assert champion["model_version"]["version"] == "1"
    same = run_deployment(servers, config, "retrain/retrain-now")
    assert same["state"]["message"].startswith("unchanged, champion kept")
    assert "drift" not in same["state"]["message"]

    frame.assign(a=frame["a"] + 2).to_csv(table, index=False)
    moved = run_deployment(servers, config, "retrain/retrain-now")
    assert "drift: PSI" in moved["state"]["message"]
    end = time.monotonic() + LIMIT_SECONDS
    while not calls and time.monotonic() < end:
        time.sleep(0.5)  # events are evaluated in the background
    (call,) = calls
    assert call["type"] == "application/json"
    assert (call["model"], call["version"], call["feature"]) == ("moving", "1", "a")
    assert call["psi"] > 0.25
    assert call["message"] in moved["state"]["message"]
