"""The real servers: started, used through their own interfaces, and stopped without a trace."""

import re
import signal
import subprocess
import time
from pathlib import Path

import httpx

from tests.e2e.servers import (
    PROGRAM,
    Up,
    ask,
    await_run,
    find,
    free_port,
    processes_of,
    run_deployment,
)


def test_both_pages_answer(servers: Up) -> None:
    """Prefect's and MLflow's pages are there, on the ports that were asked for."""
    for page in (servers.prefect, servers.mlflow):
        assert "<html" in httpx.get(page, follow_redirects=True, timeout=30).text
    settings = httpx.get(f"{servers.prefect}/ui-settings", timeout=30).json()
    assert settings["api_url"] == f"{servers.prefect}/api"


def test_the_form_explains_itself(servers: Up) -> None:
    """The deployment's parameters have titles, help and bounds for the form."""
    deployment = httpx.get(
        f"{servers.prefect}/api/deployments/name/optimize/optimize-table", timeout=30
    ).json()
    schema = deployment["parameter_openapi_schema"]
    features = schema["definitions"]["FeaturesConfig"]["properties"]
    assert features["k"]["title"] == "Number of features"
    assert (features["k"]["minimum"], features["k"]["maximum"]) == (0, 1000)
    assert features["method"]["enum"] == ["mutual_info", "anova_f"]
    assert deployment["global_concurrency_limit"]["limit"] == 1
    assert set(deployment["tags"]) == {"slipstream", "optimize"}


def test_a_run_from_the_ui_completes(servers: Up) -> None:
    """Started as the form does it, a run shows its stages, its comparison and a link to MLflow."""
    uri = servers.environment["MLFLOW_BACKEND_STORE_URI"]
    run = run_deployment(
        servers, {"features": {"k": 3}, "training": {"epochs": 2}, "tracking": {"uri": uri}}
    )
    assert run["state"]["type"] == "COMPLETED", run["state"]
    assert run["name"] == "demo · k=3 · 32×32"
    stages = {task["name"] for task in find(servers, "task_runs", run)}
    assert stages >= {"ingest", "preprocess", "select", "train", "quantize", "predict", "track"}
    artifacts = {each["key"]: each["data"] for each in find(servers, "artifacts", run)}
    assert float(artifacts["training"]) == 100
    assert "latency p50, hot" in artifacts["comparison"]
    (link,) = re.findall(r"\((http[^)]+)\)", artifacts["mlflow-run"])
    assert link.startswith(servers.mlflow)
    run_id = link.rpartition("/")[2]
    found = httpx.get(
        f"{servers.mlflow}/api/2.0/mlflow/runs/get", params={"run_id": run_id}, timeout=30
    ).json()
    tags = {tag["key"]: tag["value"] for tag in found["run"]["data"]["tags"]}
    assert tags["prefect.flow_run_url"] == f"{servers.prefect}/runs/flow-run/{run['id']}"


def test_retraining_from_the_ui_makes_a_champion(servers: Up) -> None:
    """The retraining deployment registers a champion, and the same again keeps it."""
    config = {
        "data": {"path": "breast_cancer"},
        "training": {"epochs": 30},
        "tracking": {"uri": servers.environment["MLFLOW_BACKEND_STORE_URI"]},
    }
    run = run_deployment(servers, config, "retrain/retrain-now")
    assert run["state"]["type"] == "COMPLETED", run["state"]
    assert run["name"] == "breast_cancer · k=5 · 32×32 · retrain"
    artifacts = {each["key"]: each["data"] for each in find(servers, "artifacts", run)}
    assert "**Version 1 promoted**: there was no champion." in artifacts["summary"]
    assert run["state"]["message"].startswith("version 1 promoted: there was no champion; AUC 0.9")
    found = httpx.get(
        f"{servers.mlflow}/api/2.0/mlflow/registered-models/alias",
        params={"name": "breast_cancer", "alias": "champion"},
        timeout=30,
    ).json()
    assert found["model_version"]["version"] == "1"
    again = run_deployment(servers, config, "retrain/retrain-now")
    assert again["state"]["message"] == "unchanged, champion kept"


def test_the_nightly_run_waits_for_a_table(servers: Up) -> None:
    """Nothing is planned until somebody turns the schedule on; and a run without a table fails."""
    deployment = ask(servers, "GET", "/deployments/name/retrain/retrain-nightly")
    (schedule,) = deployment["schedules"]
    assert not schedule["active"]
    assert schedule["slug"] == "nightly"
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == ("0 2 * * *", "UTC")
    path = f"/deployments/{deployment['id']}"
    run = await_run(servers, ask(servers, "POST", f"{path}/create_flow_run", {})["id"])
    assert run["state"]["type"] == "FAILED"
    assert "YOUR_TABLE.csv" in run["state"]["message"]

    switch = f"{path}/schedules/{schedule['id']}"
    ask(servers, "PATCH", switch, {"active": True}, answers=False)
    mine = {
        "deployments": {"id": {"any_": [deployment["id"]]}},
        "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
    }
    for _ in range(30):  # the scheduler looks at new deployments every few seconds
        planned = ask(servers, "POST", "/flow_runs/filter", mine)
        if planned:
            break
        time.sleep(1)
    ask(servers, "PATCH", switch, {"active": False}, answers=False)
    assert "T02:00:00" in planned[0]["expected_start_time"]


def test_a_mistake_in_the_form_is_one_message(servers: Up) -> None:
    """A wrong target fails the run with our message, and no traceback of ours is in its log."""
    run = run_deployment(servers, {"data": {"target": "tragte"}})
    assert run["state"]["type"] == "FAILED"
    assert "did you mean 'target'?" in run["state"]["message"]
    logs = "\n".join(log["message"] for log in find(servers, "logs", run))
    assert "did you mean 'target'?" in logs
    assert "Traceback" not in logs


def test_the_console_script_uses_the_running_server(servers: Up) -> None:
    """While the servers run, a run from the terminal appears in them."""
    uri = servers.environment["MLFLOW_BACKEND_STORE_URI"]
    flags = ["--features.k", "2", "--training.epochs", "2", "--tracking.uri", uri]
    done = servers.run("optimize", *flags)
    assert done.returncode == 0, done.stderr
    assert f"{servers.mlflow}/#/experiments/" in done.stdout
    runs = httpx.post(f"{servers.prefect}/api/flow_runs/filter", json={}, timeout=30).json()
    assert "demo · k=2 · 32×32" in {run["name"] for run in runs}


def test_starting_twice_is_refused(servers: Up) -> None:
    """A second start says that they run; a taken port is named with the flag that changes it."""
    again = servers.run("up", "--detach", *servers.flags)
    assert again.returncode == 2
    assert "they do; stop them first" in again.stderr
    elsewhere = {**servers.environment, "SLIPSTREAM_HOME": str(servers.home.parent / "other")}
    taken = subprocess.run(
        [PROGRAM, "up", *servers.flags], env=elsewhere, capture_output=True, text=True, check=False
    )
    assert taken.returncode == 2
    assert "choose another with --prefect-port" in taken.stderr


def test_a_public_address_needs_a_password(servers: Up) -> None:
    """Listening where others can reach it is refused while nobody asks for a password."""
    elsewhere = {**servers.environment, "SLIPSTREAM_HOME": str(servers.home.parent / "public")}
    refused = subprocess.run(
        [PROGRAM, "up", "--host", "0.0.0.0"],
        env=elsewhere,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 2
    assert "PREFECT_SERVER_API_AUTH_STRING is not set" in refused.stderr


def test_ctrl_c_stops_everything(environment: dict[str, str], tmp_path: Path) -> None:
    """In the foreground, Ctrl-C ends all processes."""
    home = tmp_path / "home"
    # a shell's background job ignores Ctrl-C, and so would all that it starts
    signal.signal(signal.SIGINT, signal.default_int_handler)
    up = subprocess.Popen(
        [PROGRAM, "up", "--prefect-port", str(free_port()), "--mlflow-port", str(free_port())],
        env={
            **environment,
            "SLIPSTREAM_HOME": str(home),
            "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{tmp_path}/mlflow.db",
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    assert any("press Ctrl-C" in line for line in up.stdout)
    assert len(processes_of(home)) >= 4
    up.send_signal(signal.SIGINT)
    assert up.wait(timeout=40) == 0
    assert processes_of(home) == []
