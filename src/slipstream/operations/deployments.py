"""Applying prefect.yaml and automations.yaml to the Prefect server, keeping edits made there.

An edit in Prefect stays. To distinguish it from what an older file said, the server keeps what was
last applied, in variables: every host that starts servers on its database finds them.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from slipstream.artifacts.home import root
from slipstream.config.parsing import parse_config
from slipstream.operations.merging import Conflict, merge
from slipstream.operations.prefect_api import PrefectApi
from slipstream.runtime import InputError
from slipstream.runtime.text import escape, quote

__all__ = ["POOL", "apply_automations", "apply_deployments", "in_file", "inherited", "on_server"]

POOL = "slipstream"
MOST_CHARACTERS = 5000  # of a variable's value
# What earlier versions called the deployments.
EARLIER = {
    "optimize/optimize-table": "optimize/on-demand",
    "retrain/retrain-now": "retrain/on-demand",
    "retrain/retrain-nightly": "retrain/nightly",
}

Settings = dict[str, Any]
Command = Callable[..., None]
# What counts where a schedule leaves it out.
SCHEDULE: Settings = {"timezone": "UTC", "active": True, "parameters": {}, "day_or": True}


def apply_deployments(
    api: PrefectApi, prefect: Command, folder: Path, *, reset: bool
) -> Iterator[str]:
    """Deploy prefect.yaml, keeping edits made in Prefect; yields notes for the user.

    With `reset`, the file alone counts. `prefect` runs a command of Prefect's.

    Raises:
        InputError: Prefect refuses the file.
    """
    if api.ask("GET", f"/work_pools/{POOL}") is None:
        prefect("work-pool", "create", POOL, "--type", "process")
    file = yaml.safe_load((root() / "prefect.yaml").read_text(encoding="utf-8"))
    wanted = {_name(entry): in_file(entry) for entry in file["deployments"]}
    merged = {}
    for name, settings in wanted.items():
        merged[name], notes = (settings, ()) if reset else _merged(api, name, settings)
        yield from notes
    entries = [_as_entry(entry, merged[_name(entry)]) for entry in file["deployments"]]

    path = folder / "prefect.yaml"
    path.write_text(json.dumps({**file, "deployments": entries}, indent=2))  # JSON is YAML too
    prefect("--no-prompt", "deploy", "--all", "--prefect-file", str(path))
    for name, settings in wanted.items():
        _drop_schedules(api, name, merged[name]["schedules"])
        _remember(api, name, settings)
    for name, earlier in EARLIER.items():
        if deployment := _read(api, earlier):
            api.ask("DELETE", f"/deployments/{deployment['id']}")
            had = deployment["parameters"]
            if had and merged.get(name, {}).get("parameters") != had:
                yield escape(f"{earlier} was removed, its parameters were {json.dumps(had)}")


def apply_automations(api: PrefectApi, *, reset: bool) -> Iterator[str]:
    """Apply automations.yaml, keeping edits made in Prefect; yields notes for the user.

    The server stores an automation in another form than the file, so both are remembered.
    """
    file = yaml.safe_load((root() / "automations.yaml").read_text(encoding="utf-8"))
    there = {each["name"]: each for each in api.ask("POST", "/automations/filter", {})}
    for wanted in file["automations"]:
        place, now = f"automation {wanted['name']}", there.get(wanted["name"])
        edited: set[str] = set()
        then: Mapping[str, Any] = {}
        if now is None:
            now = _create_automation(api, wanted)
        else:
            # If an earlier version created it, only an edit of its switch can be recognised.
            applied = _recall(api, place) or {"file": {}, "server": {**now, "enabled": True}}
            then = applied["server"]
            changed = {key for key in wanted if reset or wanted[key] != applied["file"].get(key)}
            edited = {
                key
                for key in wanted
                # What the file did not have was not remembered: it counts as not edited.
                if not reset and key in then and _comparable(now[key]) != _comparable(then[key])
            }
            if applied["file"]:
                for key in sorted(changed & edited):
                    yield _note(place, Conflict(key, now[key], wanted[key]))
            new = {key: wanted[key] for key in changed - edited}
            if new:
                api.ask("PUT", f"/automations/{now['id']}", {**_writable(now), **new})
                now = api.ask("GET", f"/automations/{now['id']}")
        server = {key: then[key] if key in edited else now[key] for key in wanted}
        _remember(api, place, {"file": wanted, "server": server})


def in_file(entry: Mapping[str, Any]) -> Settings:
    """The settings of an entry of prefect.yaml that can be edited in Prefect."""
    limit = entry.get("concurrency_limit")
    return {
        "description": entry.get("description"),
        "tags": sorted(entry.get("tags") or []),
        "parameters": entry.get("parameters") or {},
        "enforce_parameter_schema": entry.get("enforce_parameter_schema", True),
        "paused": bool(entry.get("paused")),
        "schedules": _schedules(entry.get("schedules") or []),
        "concurrency_limit": limit if isinstance(limit, dict) else {"limit": limit},
        "work_pool": {"work_queue_name": "default", "job_variables": {}, **entry["work_pool"]},
    }


def on_server(deployment: Mapping[str, Any]) -> Settings:
    """The same settings of a deployment, as the server returns them."""
    limit = deployment["global_concurrency_limit"] or {"limit": None}
    options = deployment["concurrency_options"] or {}
    return {
        "description": deployment["description"],
        "tags": sorted(deployment["tags"]),
        "parameters": deployment["parameters"],
        "enforce_parameter_schema": deployment["enforce_parameter_schema"],
        "paused": deployment["paused"],
        "schedules": _schedules(
            [
                {**each["schedule"], **{key: each[key] for key in ("slug", "active", "parameters")}}
                for each in deployment["schedules"]
            ]
        ),
        "concurrency_limit": {"limit": limit["limit"], **_given(options)},
        "work_pool": {
            "name": deployment["work_pool_name"],
            "work_queue_name": deployment["work_queue_name"],
            "job_variables": deployment["job_variables"],
        },
    }


def inherited(wanted: Settings, earlier: Settings) -> Settings:
    """What a deployment takes over from its predecessor under an earlier name.

    One without parameters was never given a table, and would train on the demo every night.
    """
    schedules = earlier["schedules"]
    if not earlier["parameters"]:
        schedules = {name: {**each, "active": False} for name, each in schedules.items()}
    return {
        **wanted,
        "parameters": earlier["parameters"] or wanted["parameters"],
        "schedules": schedules,
    }


def _merged(api: PrefectApi, name: str, wanted: Settings) -> tuple[Settings, tuple[str, ...]]:
    """The settings that a deployment gets, and notes for the user."""
    deployment = _read(api, name)
    if deployment is None:
        earlier = EARLIER.get(name)
        before = _read(api, earlier) if earlier else None
        if before is None:
            return wanted, ()
        came = "its parameters and schedules were taken over"
        if not before["parameters"]:
            came = "it was never given a table, so nothing runs by itself until it is"
        return inherited(wanted, on_server(before)), (f"{earlier} is now {name}: {came}",)
    edited = on_server(deployment)
    merged, conflicts = merge(
        _complete(_recall(api, name) or {}), _complete(edited), _complete(wanted)
    )
    as_written = [  # as edited, else as in the file
        each["parameters"]
        for each in (edited, wanted)
        if _complete(each)["parameters"] == merged["parameters"]
    ]
    parameters = [*as_written, merged["parameters"]][0]
    return {**merged, "parameters": parameters}, tuple(_note(name, each) for each in conflicts)


def _complete(settings: Settings) -> Settings:
    """Settings with a complete config: the form writes every default, and the file none."""
    parameters = settings.get("parameters", {})
    try:
        config = parse_config(parameters.get("config", {})).model_dump(mode="json")
    except InputError:  # of another version, or wrong: Prefect's form reports it
        return settings
    return {**settings, "parameters": {**parameters, "config": config}}


def _as_entry(entry: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """An entry of prefect.yaml with these settings."""
    schedules = [_given(each) for each in settings["schedules"].values()]
    limit = settings["concurrency_limit"]
    return {
        **entry,
        **settings,
        "schedules": schedules,
        "concurrency_limit": limit if limit["limit"] else None,
    }


def _schedules(written: list[dict[str, Any]]) -> dict[str, Settings]:
    """Schedules by their names, each with what it leaves out."""
    return {
        name: {**SCHEDULE, **_given(each)}
        for name, each in zip(_schedule_names(written), written, strict=True)
    }


def _schedule_names(written: list[dict[str, Any]]) -> list[str]:
    """Their slugs, or else when they run: Prefect changes their order, the last edited comes first.

    Those that run at the same times are counted in the order of their parameters.
    """
    names = [each.get("slug") or _when(each) for each in written]
    parameters = [json.dumps(each.get("parameters") or {}, sort_keys=True) for each in written]
    counted = list(names)
    met: Counter[str] = Counter()
    for place in sorted(range(len(written)), key=parameters.__getitem__):
        met[names[place]] += 1
        if met[names[place]] > 1:
            counted[place] = f"{names[place]} ({met[names[place]]})"
    return counted


def _when(schedule: Mapping[str, Any]) -> str:
    """When a schedule runs; not its anchor, which the server invents if there is none."""
    whole = {**SCHEDULE, **_given(schedule)}
    interval = whole.get("interval")
    parts = {
        "cron": whole.get("cron"),
        "rrule": whole.get("rrule"),
        "interval": float(interval) if isinstance(interval, int) else interval,  # as the server
        "timezone": whole["timezone"],
        "day_or": None if whole["day_or"] else False,
    }
    return ", ".join(f"{key} {value}" for key, value in _given(parts).items())


def _given(values: Mapping[str, Any]) -> Settings:
    return {name: value for name, value in values.items() if value is not None}


def _drop_schedules(api: PrefectApi, name: str, kept: Mapping[str, Any]) -> None:
    """Remove the schedules that deploying leaves behind: those that the file no longer has."""
    deployment = _read(api, name)
    if deployment is None:
        return
    for key, schedule in zip(
        on_server(deployment)["schedules"], deployment["schedules"], strict=True
    ):
        if key not in kept:
            path = f"/deployments/{deployment['id']}/schedules/{schedule['id']}"
            api.ask("DELETE", path)


def _note(name: str, conflict: Conflict) -> str:
    return escape(
        f"{name}: {conflict.place} is {quote(conflict.kept)} because it was edited in Prefect, and "
        f"the file now says {quote(conflict.wanted)}; the edit stays, make up "
        "ARGS=--reset-deployments applies the files as they are"
    )


def _name(entry: Mapping[str, Any]) -> str:
    """The full name of an entry's deployment; flows have the names of their functions."""
    return f"{entry['entrypoint'].rpartition(':')[2]}/{entry['name']}"


def _read(api: PrefectApi, name: str) -> dict[str, Any] | None:
    return api.ask("GET", f"/deployments/name/{name}")


def _create_automation(api: PrefectApi, wanted: Settings) -> Settings:
    """Create an automation, and return it as the server stores it.

    The server accepts a second one of the same name, as a repeated request creates it.
    """
    api.ask("POST", "/automations/", wanted)
    there = api.ask("POST", "/automations/filter", {})
    made, *again = [each for each in there if each["name"] == wanted["name"]]
    for each in again:
        api.ask("DELETE", f"/automations/{each['id']}")
    return made


def _comparable(part: Any) -> Any:
    """A part of an automation without what the server invents: the order of sets, and ids."""
    if isinstance(part, dict):
        return {key: _comparable(value) for key, value in part.items() if key != "id"}
    if isinstance(part, list):
        return sorted((_comparable(each) for each in part), key=json.dumps)
    return part


def _writable(automation: Mapping[str, Any]) -> Settings:
    """The part of an automation that can be written."""
    return {
        key: value
        for key, value in automation.items()
        if key not in {"id", "created", "updated", "account", "workspace"}
    }


def _variable(place: str) -> str:
    return "slipstream-applied-" + re.sub("[^a-z0-9]+", "-", place.lower())


def _recall(api: PrefectApi, place: str) -> Any:
    """What was last applied, if the server knows."""
    variable = api.ask("GET", f"/variables/name/{_variable(place)}")
    return variable and variable["value"]


def _remember(api: PrefectApi, place: str, value: Any) -> None:
    if len(json.dumps(value)) > MOST_CHARACTERS:
        raise InputError(
            f"the settings of a deployment or an automation must fit into {MOST_CHARACTERS:,} "
            f"characters, however: {place} does not; enter what is long, such as a query, in the "
            "form of the deployment in Prefect: it stays there"
        )
    name = _variable(place)
    variable = api.ask("GET", f"/variables/name/{name}")
    if variable is None:
        body = {"name": name, "value": value, "tags": ["slipstream"]}
        api.ask("POST", "/variables/", body)
    elif variable["value"] != value:
        api.ask("PATCH", f"/variables/name/{name}", {"value": value})
