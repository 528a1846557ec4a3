"""The real servers: started, used through their own interfaces, and stopped without a trace."""

import subprocess
import time

import httpx

from tests.e2e.browser import SUGGESTED_NAME
from tests.e2e.servers import ASK_SECONDS, LIMIT_SECONDS, PROGRAM, Up, ask, await_run, find


def test_both_pages_answer(servers: Up) -> None:
    """Prefect's and MLflow's pages are there, on the ports that were asked for."""
    for page in (servers.prefect, servers.mlflow):
        assert "<html" in httpx.get(page, follow_redirects=True, timeout=ASK_SECONDS).text
    settings = httpx.get(f"{servers.prefect}/ui-settings", timeout=ASK_SECONDS).json()
    assert settings["api_url"] == f"{servers.prefect}/api"


def test_the_form_explains_itself(servers: Up) -> None:
    """The deployment's parameters have titles, help and bounds for the form."""
    deployment = httpx.get(
        f"{servers.prefect}/api/deployments/name/optimize/optimize-table", timeout=ASK_SECONDS
    ).json()
    schema = deployment["parameter_openapi_schema"]
    features = schema["definitions"]["FeaturesConfig"]["properties"]
    assert features["k"]["title"] == "Number of features"
    assert (features["k"]["minimum"], features["k"]["maximum"]) == (0, 1000)
    assert features["method"]["enum"] == ["auto", "elimination", "mutual_info", "anova_f"]
    assert deployment["global_concurrency_limit"]["limit"] == 1
    assert set(deployment["tags"]) == {"slipstream", "optimize"}


def test_the_nightly_run_waits_for_a_table(servers: Up) -> None:
    """Nothing is planned until somebody turns the schedule on; and a run without a table fails.

    That run keeps the name that somebody gave it, and its log has one message and no traceback.
    """
    deployment = ask(servers, "GET", "/deployments/name/retrain/retrain-nightly")
    (schedule,) = deployment["schedules"]
    assert not schedule["active"]
    assert schedule["slug"] == "nightly"
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == ("0 2 * * *", "UTC")
    path = f"/deployments/{deployment['id']}"
    named = {"name": "my-run"}
    run = await_run(servers, ask(servers, "POST", f"{path}/create_flow_run", named)["id"])
    assert run["name"] == "my-run"
    assert run["state"]["type"] == "FAILED"
    assert "YOUR_TABLE.csv" in run["state"]["message"]
    logs = "\n".join(log["message"] for log in find(servers, "logs", run))
    assert "YOUR_TABLE.csv" in logs
    assert "Traceback" not in logs

    switch = f"{path}/schedules/{schedule['id']}"
    ask(servers, "PATCH", switch, {"active": True}, answers=False)
    mine = {
        "deployments": {"id": {"any_": [deployment["id"]]}},
        "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
    }
    end = time.monotonic() + LIMIT_SECONDS
    while not (planned := ask(servers, "POST", "/flow_runs/filter", mine)):
        assert time.monotonic() < end
        time.sleep(0.5)
    ask(servers, "PATCH", switch, {"active": False}, answers=False)
    assert "T02:00:00" in planned[0]["expected_start_time"]


def test_a_mistake_in_the_form_is_one_message(servers: Up) -> None:
    """A wrong target fails the run with our message, and no traceback of ours is in its log.

    A run whose name was made up, by the form or the server, is called what it does.
    """
    entry = ask(servers, "GET", "/deployments/name/optimize/optimize-table")
    config = {"data": {"path": "demo", "target": "tragte"}}
    body = {"name": SUGGESTED_NAME, "parameters": {"config": config}}
    path = f"/deployments/{entry['id']}/create_flow_run"
    run = await_run(servers, ask(servers, "POST", path, body)["id"])
    assert run["name"] == "demo · search width"
    assert run["state"]["type"] == "FAILED"
    assert "did you mean 'target'?" in run["state"]["message"]
    logs = "\n".join(log["message"] for log in find(servers, "logs", run))
    assert "did you mean 'target'?" in logs
    assert "Traceback" not in logs


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
