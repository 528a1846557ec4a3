"""What Prefect's forms and its server read in the config's schema."""

from collections.abc import Iterator
from typing import Any

import pytest
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools.validation import build_error_obj, validate

from flows.optimize import optimize
from slipstream.config.optimize import OptimizeConfig
from slipstream.config.parsing import parse_config
from slipstream.config.section import Section
from slipstream.runtime import InputError

SCHEMA = parameter_schema(optimize.fn).model_dump(exclude_unset=True)
# What else must be given for a field to be read.
COMPANIONS = {"cost": {"threshold": "cost"}}
SMALL = (0.0005, 0.003, 0.0123, 1e-7)


def parts_of(schema: Any) -> Iterator[dict]:
    """A schema and all within it, except what the form does not read."""
    for each in schema if isinstance(schema, list) else [schema]:
        if isinstance(each, dict):
            yield each
            for name, value in each.items():
                if name not in {"if", "then", "else", "default"}:
                    yield from parts_of(value)


def numbers() -> list[tuple[str, str]]:
    """The section and the name of every field that takes any number."""
    return [
        (section, name)
        for section, part in OptimizeConfig.model_fields.items()
        for name, field in part.annotation.model_fields.items()
        if field.annotation is float
    ]


def faults(config: dict) -> list[str]:
    return [error.message for error in validate({"config": config}, SCHEMA)]


def whole(section: str, **values: object) -> dict:
    """A section as the form sends it."""
    return {section: {**OptimizeConfig().model_dump()[section], **values}}


def test_no_field_has_steps_in_the_form() -> None:
    """Prefect's form gives `number` inputs steps of 0.01: the schema has none at any depth."""
    assert len(numbers()) >= 5
    assert [each for each in parts_of(SCHEMA) if each.get("type") == "number"] == []


@pytest.mark.parametrize("inner", [list[float], float | None, dict[str, float]])
def test_a_number_within_a_field_has_no_steps_either(inner: Any) -> None:
    """Numbers in a list, an optional one and those of a dictionary are as free."""

    class Another(Section):
        values: inner

    schema = Another.model_json_schema()
    assert [each for each in parts_of(schema) if each.get("type") == "number"] == []


@pytest.mark.parametrize(("section", "name"), numbers())
def test_the_server_takes_any_number_within_the_bounds(section: str, name: str) -> None:
    """What the config accepts, the server does; it refuses text, and what is out of bounds."""
    others = COMPANIONS.get(name, {})
    for value in SMALL:
        assert faults(whole(section, **others, **{name: value})) == []
        assert parse_config({section: {**others, name: value}})
    for value in ("fast", -1):
        assert faults(whole(section, **others, **{name: value})) != []
        with pytest.raises(InputError):
            parse_config({section: {**others, name: value}})


def test_the_defaults_are_accepted() -> None:
    """The form as it opens, and a run without parameters, break no rule."""
    assert faults(OptimizeConfig().model_dump(mode="json")) == []
    assert faults({}) == []


@pytest.mark.parametrize(
    ("section", "values", "field"),
    [
        ("data", {"path": "sqlite:///x.db", "query": ""}, "query"),
        ("data", {"query": "SELECT 1"}, "query"),
        ("data", {"target": ""}, "target"),
        ("features", {"k": -1}, "k"),
        ("model", {"hidden": [0]}, "hidden"),
        ("evaluation", {"threshold": "cost"}, "cost"),
        ("evaluation", {"threshold": "f1", "cost": 2}, "cost"),
        ("evaluation", {"cost": 2}, "cost"),
        ("tracking", {"uri": "postgresql://db/mlflow"}, "uri"),
        ("tracking", {"uri": "mysql+pymysql://db/mlflow"}, "uri"),
        ("tracking", {"uri": "https://me:secret@host"}, "uri"),
        ("tracking", {"registered_model": "a/b"}, "registered_model"),
        ("tracking", {"registered_model": ".."}, "registered_model"),
    ],
)
def test_what_the_rules_refuse_is_refused_at_its_field(
    section: str, values: dict, field: str
) -> None:
    """The server refuses what the config would, before a run is made, and names the field."""
    with pytest.raises(InputError):
        parse_config({section: values})
    errors = validate({"config": whole(section, **values)}, SCHEMA)
    (config,) = build_error_obj(errors)["errors"]
    (refused,) = config["errors"]
    assert refused["property"] == section
    assert [each["property"] for each in refused["errors"]] == [field]


def test_what_every_run_needs_comes_first_and_is_not_optional() -> None:
    """Path, target and the number of features lead their sections, and those lead the form."""
    schema = OptimizeConfig.model_json_schema()
    order = sorted(schema["properties"].items(), key=lambda each: each[1].get("position", 0))
    assert [name for name, _ in order][:3] == ["data", "features", "budget"]
    for section, needed in (("DataConfig", ["path", "target"]), ("FeaturesConfig", ["k"])):
        fields = schema["$defs"][section]
        assert fields["required"] == needed
        assert list(fields["properties"])[: len(needed)] == needed
