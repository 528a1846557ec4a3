"""prefect.yaml and automations.yaml against what Prefect reads: it ignores unknown keys."""

from typing import Any

import pytest
import yaml
from prefect.cli.deploy._models import PrefectYamlModel
from prefect.events.schemas.automations import AutomationCore

from slipstream.config.parsing import parse_config
from slipstream.data.sources.source import source_of
from slipstream.runtime import InputError
from tests.conftest import CHECKOUT


def lost(written: Any, understood: Any, place: str = "") -> list[str]:
    """The keys that were written and not understood."""
    if isinstance(written, dict) and isinstance(understood, dict):
        gone = [f"{place}{key}" for key in written if key not in understood]
        kept = [key for key in written if key in understood]
        return gone + [
            each for key in kept for each in lost(written[key], understood[key], f"{place}{key}.")
        ]
    if isinstance(written, list) and isinstance(understood, list):
        pairs = zip(written, understood, strict=True)
        return [each for pair in pairs for each in lost(*pair, place)]
    return []


def unread_keys(text: str) -> list[str]:
    written = yaml.safe_load(text)
    understood = PrefectYamlModel.model_validate(written)
    return lost(written, understood.model_dump(exclude_unset=True, by_alias=True))


def test_prefect_reads_every_key() -> None:
    """Prefect ignores no key of the file."""
    assert unread_keys((CHECKOUT / "prefect.yaml").read_text()) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("description:", "descripton:"),
        ("collision_strategy:", "colision:"),
        ("work_pool:", "pool:"),
    ],
)
def test_a_typo_would_be_found(right: str, wrong: str) -> None:
    """A misspelt key at any depth is noticed."""
    text = (CHECKOUT / "prefect.yaml").read_text().replace(right, wrong)
    assert any(wrong.rstrip(":") in key for key in unread_keys(text))


def test_prefect_reads_the_automation() -> None:
    """Every automation is valid, and Prefect knows all of its keys."""
    for written in yaml.safe_load((CHECKOUT / "automations.yaml").read_text())["automations"]:
        understood = AutomationCore.model_validate(written)
        assert lost(written, understood.model_dump(exclude_unset=True)) == []


def test_the_guide_shows_what_prefect_reads() -> None:
    """The schedule in the guide can be written into the file, and its parameters are a config."""
    guide = (CHECKOUT / "docs" / "guide" / "scheduling.md").read_text()
    shown = yaml.safe_load(guide.split("```yaml\n")[1].split("```")[0])
    written = yaml.safe_load((CHECKOUT / "prefect.yaml").read_text())
    written["deployments"][-1] |= shown
    assert unread_keys(yaml.safe_dump(written)) == []
    assert parse_config(shown["parameters"]["config"]).data.target == "churned"


def test_deployments_lead_to_flows() -> None:
    """Every entrypoint is one of our flows, and its parameters are a valid config."""
    for deployment in yaml.safe_load((CHECKOUT / "prefect.yaml").read_text())["deployments"]:
        path, _, name = deployment["entrypoint"].partition(":")
        assert f"def {name}(" in (CHECKOUT / path).read_text()
        assert parse_config(deployment["parameters"].get("config", {}))
        assert deployment["concurrency_limit"]["limit"] == 1
        assert deployment["tags"]
        assert deployment["description"]


def test_the_nightly_run_waits_for_a_table() -> None:
    """It is switched off, has no table to train on by mistake, and its description says how."""
    nightly = yaml.safe_load((CHECKOUT / "prefect.yaml").read_text())["deployments"][-1]
    assert [each["active"] for each in nightly["schedules"]] == [False]
    with pytest.raises(InputError, match="YOUR_TABLE.csv"):
        source_of(parse_config(nightly["parameters"]["config"]).data).read()
    for word in ("Edit", "Path", "Target", "Save", "Schedules", "nightly"):
        assert f"*{word}*" in nightly["description"]
