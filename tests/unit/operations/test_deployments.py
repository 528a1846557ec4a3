"""Deploying to a fake server that keeps state, and treats requests as Prefect's does."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from slipstream.config.parsing import parse_config
from slipstream.operations import deployments
from slipstream.operations.deployments import (
    apply_automations,
    apply_deployments,
    in_file,
    on_server,
)

PREFECT_YAML = {
    "name": "x",
    "deployments": [
        {
            "name": "retrain-nightly",
            "entrypoint": "flows/retrain.py:retrain",
            "description": "nightly",
            "tags": ["b", "a"],
            "parameters": {"config": {"data": {"path": "a.csv"}}},
            "schedules": [{"slug": "nightly", "cron": "0 2 * * *", "active": False}],
            "concurrency_limit": {"limit": 1, "collision_strategy": "CANCEL_NEW"},
            "work_pool": {"name": "slipstream"},
        }
    ],
}
AUTOMATION = {
    "name": "watch",
    "enabled": True,
    "trigger": {"within": 90, "expect": ["succeeded", "failed"]},
    "actions": [],
}
NAME = "retrain/retrain-nightly"


class Server:
    """What a Prefect server keeps, behind the few requests that deploying makes."""

    def __init__(self) -> None:
        self.pools: set[str] = set()
        self.deployments: dict[str, dict] = {}
        self.variables: dict[str, Any] = {}
        self.automations: dict[str, dict] = {}
        self.reads = 0

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        _, kind, *rest = path.split("/")
        if kind == "work_pools":
            return {} if rest[0] in self.pools else None
        if kind == "variables":
            if method != "GET":
                name = body["name"] if method == "POST" else rest[1]
                self.variables[name] = {"value": body["value"]}
            return self.variables.get(rest[-1])
        if kind == "automations":
            return self.automation(method, rest, body)
        if method == "GET":
            return self.deployments.get("/".join(rest[1:]))
        assert method == "DELETE"
        found = next(each for each in self.deployments.values() if each["id"] == rest[0])
        if len(rest) == 1:
            self.deployments.pop(f"{found['flow']}/{found['name']}")
        else:
            found["schedules"] = [each for each in found["schedules"] if each["id"] != rest[2]]
        return None

    def automation(self, method: str, rest: list[str], body: Any) -> Any:
        """Stored as it was sent, but returned in another form, as by Prefect."""
        if rest == ["filter"]:
            return [self.returned(each) for each in self.automations.values()]
        if method == "DELETE":
            return self.automations.pop(rest[0])
        if method in {"POST", "PUT"}:
            self.automations[body["name"]] = {**body, "id": body["name"], "tags": []}
        return self.returned(self.automations[body["name"] if body else rest[0]])

    def returned(self, automation: dict) -> dict:
        """With ids that are new each time, defaults, and sets in another order."""
        self.reads += 1
        trigger = {"posture": "Reactive", **automation["trigger"], "id": f"read {self.reads}"}
        return reverse_lists({"description": "", **automation, "trigger": trigger})

    def deploy(self, entry: dict) -> None:
        """Schedules that are not named again stay, as Prefect has it."""
        flow = entry["entrypoint"].rpartition(":")[2]
        given = [schedule(**each) for each in entry["schedules"]]
        slugs = {each["slug"] for each in given}
        before = self.deployments.get(f"{flow}/{entry['name']}", {"schedules": []})["schedules"]
        limit = entry["concurrency_limit"] or {"limit": None, "collision_strategy": None}
        self.deployments[f"{flow}/{entry['name']}"] = {
            **{key: entry[key] for key in ("name", "description", "tags", "parameters", "paused")},
            "flow": flow,
            "id": f"id of {flow} {entry['name']}",
            "enforce_parameter_schema": entry["enforce_parameter_schema"],
            "schedules": given + [each for each in before if each["slug"] not in slugs],
            "global_concurrency_limit": {"limit": limit["limit"]} if limit["limit"] else None,
            "concurrency_options": {
                "collision_strategy": limit["collision_strategy"],
                "grace_period_seconds": None,
            },
            "work_pool_name": entry["work_pool"]["name"],
            "work_queue_name": entry["work_pool"]["work_queue_name"],
            "job_variables": entry["work_pool"]["job_variables"],
        }


def reverse_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reverse_lists(each) for key, each in value.items()}
    if isinstance(value, list):
        return [reverse_lists(each) for each in reversed(value)]
    return value


def schedule(
    slug: str | None = None, *, active: bool = True, parameters: dict | None = None, **when: Any
) -> dict:
    return {
        "id": slug or "unnamed",
        "slug": slug,
        "active": active,
        "parameters": parameters or {},
        "schedule": {"timezone": "UTC", "day_or": True, **when},
    }


class Checkout:
    """A checkout with the two files, and `make up` in it."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server = folder, server
        self.write(PREFECT_YAML)

    def write(self, text: dict, automation: dict = AUTOMATION) -> None:
        (self.folder / "prefect.yaml").write_text(yaml.safe_dump(text))
        (self.folder / "automations.yaml").write_text(yaml.safe_dump({"automations": [automation]}))

    def write_entry(self, **changes: Any) -> None:
        entry = {**PREFECT_YAML["deployments"][0], **changes}
        self.write({**PREFECT_YAML, "deployments": [entry]})

    def prefect(self, *arguments: str) -> None:
        if arguments[0] == "work-pool":
            self.server.pools.add(arguments[2])
            return
        for entry in json.loads(Path(arguments[-1]).read_text())["deployments"]:
            self.server.deploy(entry)

    def up(self, *, reset: bool = False) -> list[str]:
        services = self.folder / "services"
        services.mkdir(exist_ok=True)
        return [
            *apply_deployments(self.server, self.prefect, services, reset=reset),
            *apply_automations(self.server, reset=reset),
        ]

    @property
    def nightly(self) -> dict:
        return self.server.deployments[NAME]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    made = Checkout(tmp_path, Server())
    monkeypatch.setattr(deployments, "root", lambda: tmp_path)
    return made


def test_deploying_again_changes_and_reports_nothing(checkout: Checkout) -> None:
    """The server has what the file says, the first time and ever after."""
    for _ in range(2):
        assert checkout.up() == []
        assert on_server(checkout.nightly) == in_file(PREFECT_YAML["deployments"][0])
    assert checkout.server.pools == {"slipstream"}


def test_edits_stay_and_changes_of_the_file_are_applied(checkout: Checkout) -> None:
    """Each setting is as it was edited last, else as the file says; within the config too."""
    checkout.up()
    edited = {"config": {"data": {"path": "mine.csv", "target": "y"}, "features": {"k": 5}}}
    checkout.nightly.update(parameters=edited, paused=True, global_concurrency_limit={"limit": 2})
    checkout.nightly["schedules"][0]["active"] = True
    assert checkout.up() == []
    assert checkout.nightly["parameters"] == edited
    assert checkout.nightly["schedules"][0]["active"]

    checkout.write_entry(
        description="every night",
        parameters={"config": {"data": {"path": "a.csv"}, "training": {"epochs": 9}}},
        schedules=[{"slug": "nightly", "cron": "0 3 * * *", "active": False}],
    )
    assert checkout.up() == []
    config = checkout.nightly["parameters"]["config"]
    assert (config["data"]["path"], config["training"]["epochs"]) == ("mine.csv", 9)
    assert checkout.nightly["schedules"][0]["schedule"]["cron"] == "0 3 * * *"
    assert checkout.nightly["schedules"][0]["active"]
    assert checkout.nightly["description"] == "every night"
    assert checkout.nightly["paused"]
    assert checkout.nightly["global_concurrency_limit"] == {"limit": 2}


def test_a_form_that_was_saved_untouched_stays_as_it_was_saved(checkout: Checkout) -> None:
    """The defaults that the form wrote down mean what the file says, and are left alone."""
    checkout.up()
    config = parse_config({"data": {"path": "a.csv"}}).model_dump(mode="json")
    checkout.nightly["parameters"] = {"config": config}
    assert checkout.up() == []
    assert checkout.nightly["parameters"] == {"config": config}
    checkout.write_entry(parameters={"config": {"data": {"path": "b.csv"}}})
    assert checkout.up() == []
    assert checkout.nightly["parameters"]["config"]["data"]["path"] == "b.csv"


def test_a_conflict_is_reported_with_the_way_out(checkout: Checkout) -> None:
    """Where both changed, the edit stays; the note has the place and the command that resets."""
    checkout.up()
    checkout.nightly["schedules"][0]["schedule"]["cron"] = "0 4 * * *"
    checkout.write_entry(schedules=[{"slug": "nightly", "cron": "0 3 * * *", "active": False}])
    (note,) = checkout.up()
    assert checkout.nightly["schedules"][0]["schedule"]["cron"] == "0 4 * * *"
    for part in (NAME, "schedules.nightly.cron", "0 4", "0 3", "ARGS=--reset-deployments"):
        assert part in note


def test_a_reset_applies_the_files_alone(checkout: Checkout) -> None:
    """Parameters, schedules that were added, and switches are as in the files again."""
    checkout.up()
    checkout.nightly["parameters"] = {"config": {"features": {"k": 9}}}
    checkout.nightly["schedules"].append(schedule(cron="0 9 * * *"))
    checkout.server.automations["watch"]["enabled"] = False
    assert checkout.up() == []
    assert len(checkout.nightly["schedules"]) == 2
    assert checkout.up(reset=True) == []
    assert on_server(checkout.nightly) == in_file(PREFECT_YAML["deployments"][0])
    assert checkout.server.automations["watch"]["enabled"]


def test_a_schedule_goes_with_the_file(checkout: Checkout) -> None:
    """One that the file no longer has is removed; one removed in Prefect does not come back."""
    checkout.up()
    checkout.write_entry(schedules=[{"slug": "weekly", "cron": "0 2 * * 1"}])
    assert checkout.up() == []
    assert [each["slug"] for each in checkout.nightly["schedules"]] == ["weekly"]
    checkout.nightly["schedules"].clear()
    assert checkout.up() == []
    assert checkout.nightly["schedules"] == []


def test_schedules_without_a_slug_are_known_in_any_order(checkout: Checkout) -> None:
    """Prefect lists the last edited first; an edit still stays with its own schedule."""
    schedules = [
        {"cron": "0 2 * * *", "active": False},
        {"cron": "0 3 * * *", "active": False},
        {"interval": 3600, "active": False, "parameters": {"a": 1}},
        {"interval": 3600, "active": False, "parameters": {"a": 2}},
    ]
    checkout.write_entry(schedules=schedules)
    checkout.up()
    checkout.nightly["schedules"].reverse()
    late = next(
        e for e in checkout.nightly["schedules"] if e["schedule"].get("cron") == "0 3 * * *"
    )
    late["active"] = True
    checkout.write_entry(schedules=[{**schedules[0], "parameters": {"b": 3}}, *schedules[1:]])
    assert checkout.up() == []
    assert {
        (each["schedule"].get("cron"), each["active"], json.dumps(each["parameters"]))
        for each in checkout.nightly["schedules"]
    } == {
        ("0 2 * * *", False, '{"b": 3}'),
        ("0 3 * * *", True, "{}"),
        (None, False, '{"a": 1}'),
        (None, False, '{"a": 2}'),
    }


@pytest.mark.parametrize("parameters", [{}, {"config": {"data": {"path": "old.csv"}}}])
def test_an_earlier_name_hands_over(checkout: Checkout, parameters: dict) -> None:
    """Parameters and schedules move to the new name; without a table, nothing runs by itself."""
    entry = checkout.server
    old = {**PREFECT_YAML["deployments"][0], "name": "nightly", "parameters": parameters}
    settings = {**in_file(old), "schedules": [{"slug": "nightly", "cron": "0 5 * * *"}]}
    entry.deploy({**old, **settings})
    (note,) = checkout.up()
    assert "retrain/nightly is now retrain/retrain-nightly" in note
    assert list(entry.deployments) == [NAME]
    (moved,) = checkout.nightly["schedules"]
    assert moved["schedule"]["cron"] == "0 5 * * *"
    assert moved["active"] == bool(parameters)
    file = PREFECT_YAML["deployments"][0]["parameters"]
    assert checkout.nightly["parameters"] == (parameters or file)
    assert checkout.up() == []


def test_an_earlier_name_that_comes_too_late_is_removed_with_a_note(checkout: Checkout) -> None:
    """Where the new name is in use, the old deployment goes; the note has what it was set to."""
    checkout.up()
    old = {**PREFECT_YAML["deployments"][0], "name": "nightly"}
    parameters = {"config": {"data": {"path": "old.csv"}}}
    checkout.server.deploy({**old, **in_file(old), "schedules": [], "parameters": parameters})
    (note,) = checkout.up()
    assert "retrain/nightly was removed" in note
    assert "old.csv" in note
    assert list(checkout.server.deployments) == [NAME]


def test_an_automation_keeps_its_switch(checkout: Checkout) -> None:
    """Switched off in Prefect, it stays off, and what the file changes is applied all the same."""
    checkout.up()
    checkout.server.automations["watch"]["enabled"] = False
    checkout.write(PREFECT_YAML, {**AUTOMATION, "trigger": {"within": 60}})
    assert checkout.up() == []
    watch = checkout.server.automations["watch"]
    assert (watch["enabled"], watch["trigger"]) == (False, {"within": 60})
    watch["trigger"] = {"within": 30}
    checkout.write(PREFECT_YAML, {**AUTOMATION, "trigger": {"within": 45}})
    (note,) = checkout.up()
    assert "automation watch: trigger" in note
    assert checkout.server.automations["watch"]["trigger"] == {"within": 30}


def test_the_automation_of_an_earlier_version_keeps_its_switch(checkout: Checkout) -> None:
    """Made when nothing was remembered, it takes what the file says, but stays switched off."""
    checkout.server.automation("POST", [], {**AUTOMATION, "enabled": False, "trigger": {}})
    assert checkout.up() == []
    watch = checkout.server.automations["watch"]
    assert (watch["enabled"], watch["trigger"]) == (False, AUTOMATION["trigger"])


def test_an_automation_gains_what_the_file_gains(checkout: Checkout) -> None:
    """A key that an earlier file did not have is applied, and edits of the others stay."""
    checkout.up()
    checkout.server.automations["watch"]["enabled"] = False
    checkout.write(PREFECT_YAML, {**AUTOMATION, "description": "looks after runs"})
    for _ in range(2):
        assert checkout.up() == []
        watch = checkout.server.automations["watch"]
        assert (watch["description"], watch["enabled"]) == ("looks after runs", False)


def test_an_automation_that_nobody_edited_follows_the_file(checkout: Checkout) -> None:
    """What the server changes, ids and defaults and the order, does not count as an edit."""
    checkout.up()
    checkout.write(PREFECT_YAML, {**AUTOMATION, "trigger": {"within": 60}})
    assert checkout.up() == []
    assert checkout.server.automations["watch"]["trigger"] == {"within": 60}


def test_an_automation_that_was_sent_twice_is_there_once(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the request had to be repeated, the server made two, and one of them goes."""
    server = checkout.server
    ask = server.ask

    def ask_twice(method: str, path: str, body: Any = None) -> Any:
        if (method, path) == ("POST", "/automations/"):
            server.automations["first"] = {**body, "id": "first", "tags": []}
        return ask(method, path, body)

    monkeypatch.setattr(server, "ask", ask_twice)
    assert checkout.up() == []
    assert len(server.automations) == 1
    assert checkout.up() == []
