"""A champion and a challenger predict the same kind of target."""

from types import SimpleNamespace

import pytest

from slipstream.artifacts.references import ColumnSchema, SplitRule
from slipstream.artifacts.values import Blob
from slipstream.config.parsing import parse_config
from slipstream.lifecycle.promotion import Champion, check_schema
from slipstream.lifecycle.retraining import identity, inherit, naming_the_champion
from slipstream.runtime import InputError
from tests.unit.records import dataset

LABELS = {"task": "multiclass", "classes": ("a", "b", "c"), "class_shares": (0.3, 0.3, 0.4)}
QUANTILES = {
    "task": "quantiles",
    "classes": (),
    "class_shares": (),
    "quantiles": (0.1, 0.9),
    "mean": 5.0,
}
NUMBERS = {"task": "regression", "classes": (), "class_shares": (), "mean": 5.0}


def champion(task: str, classes: tuple[str, ...], quantiles: tuple[float, ...] = ()) -> Champion:
    return Champion(
        version="1",
        bundle=Blob(sha256="0", suffix="", size_bytes=1),
        task=task,
        classes=classes,
        quantiles=quantiles,
        split=SplitRule(seed=0, test_fraction=0.2, validation_fraction=0.2),
    )


@pytest.mark.parametrize(
    ("task", "classes", "today", "fact"),
    [
        ("binary", ("no", "yes"), LABELS, "the target was binary and is multiclass"),
        ("multiclass", ("a", "b", "c"), NUMBERS, "the target was multiclass and is regression"),
        ("regression", (), {}, "the target was regression and is binary"),
        ("multiclass", ("a", "b", "d"), LABELS, "the labels were"),
        ("regression", (), QUANTILES, "the target was regression and is quantiles"),
        ("quantiles", (0.1, 0.5), NUMBERS, "the target was quantiles and is regression"),
        ("quantiles", (0.1, 0.5), QUANTILES, r"quantiles were \(0.1, 0.5\) and are \(0.1, 0.9\)"),
    ],
)
def test_a_champion_of_another_kind_is_refused(
    task: str, classes: tuple, today: dict, fact: str
) -> None:
    """The kind, the labels, or the levels, have changed: the message says from what to what."""
    known = {"quantiles": classes, "classes": ()} if task == "quantiles" else {"classes": classes}
    bundle = SimpleNamespace(**{"columns": (), "task": task, "quantiles": (), **known})
    with pytest.raises(InputError, match=fact):
        check_schema(bundle, dataset(**today))
    check_schema(bundle, dataset(task=task, **known))


@pytest.mark.parametrize(
    ("task", "classes", "positive"),
    [("binary", ("yes", "no"), "no"), ("multiclass", ("a", "b"), ""), ("regression", (), "")],
)
def test_the_kind_is_the_champions(task: str, classes: tuple[str, ...], positive: str) -> None:
    """What the config leaves open, the champion decides; what it says stays."""
    config = parse_config({"data": {"path": "x.csv"}})
    data = inherit(config, champion(task, classes)).data
    assert (data.task, data.positive, data.labels) == (task, positive, list(classes))
    own = {"task": "binary", "positive": "b", "labels": ["a", "b"]}
    said = parse_config({"data": {"path": "x.csv", **own}})
    kept = inherit(said, champion(task, classes)).data
    assert (kept.task, kept.positive, kept.labels) == ("binary", "b", ["a", "b"])
    assert inherit(config, None) is config


def test_labels_of_another_kind_are_not_inherited() -> None:
    """Where the config asks for another kind of target, the champion's labels say nothing."""
    config = parse_config({"data": {"path": "x.csv", "task": "multiclass"}})
    data = inherit(config, champion("binary", ("no", "yes"))).data
    assert (data.task, data.positive, data.labels) == ("multiclass", "", [])
    config = parse_config({"data": {"path": "x.csv", "quantiles": [0.5]}})
    data = inherit(config, champion("binary", ("no", "yes"))).data
    assert (data.kind, data.positive, data.labels) == ("quantiles", "", [])


def test_an_error_says_what_comes_from_the_champion() -> None:
    """Only of what the user did not set, only where the error names it, and of no first run."""
    asked, reigning = parse_config({"data": {"path": "x.csv"}}), champion("binary", ("no", "yes"))
    config = inherit(asked, reigning)
    for error, more in (
        ("data.task is wrong", "the champion, version 1, has data.task = binary; "),
        ("data.positive is wrong", "the champion, version 1, has data.positive = yes; "),
        ("the file is gone", ""),
    ):
        with (
            pytest.raises(InputError, match=f"^{error}{f' .{more}for another' if more else ''}"),
            naming_the_champion(asked, config, reigning),
        ):
            raise InputError(error)
    for said, current in ((asked, None), (config, reigning)):
        with (
            pytest.raises(InputError, match=r"^data\.task is wrong$"),
            naming_the_champion(said, config, current),
        ):
            raise InputError("data.task is wrong")


@pytest.mark.parametrize(
    ("kind", "found", "way_out"),
    [
        ("categorical", "numeric", 'set data.types = { "zip" = "category" }, fix the source'),
        ("numeric", "categorical", 'set data.types = { "zip" = "numeric" }, fix the source'),
        ("datetime", "categorical", 'set data.types = { "zip" = "datetime" }, fix the source'),
        ("boolean", "numeric", "is numeric; fix the source"),
    ],
)
def test_a_column_of_another_kind_can_be_given_the_champions(
    kind: str, found: str, way_out: str
) -> None:
    """A category of which only digits came is named, with what data.types must say."""
    column = SimpleNamespace(name="zip", kind=kind)
    bundle = SimpleNamespace(columns=(column,), task="binary", classes=("no", "yes"), quantiles=())
    today = dataset(columns=(ColumnSchema(name="zip", kind=found),), classes=("no", "yes"))
    with pytest.raises(InputError) as refused:
        check_schema(bundle, today)
    assert f"'zip' was {kind} and is {found}" in str(refused.value)
    assert way_out in str(refused.value)


def test_what_is_inherited_makes_no_other_model() -> None:
    """The first night infers the kind, the second has it from the champion: nothing changed."""
    config = parse_config({"data": {"path": "x.csv"}})
    today = dataset(**NUMBERS)
    inherited = inherit(config, champion("regression", ()))
    assert identity(today, config, {}) == identity(today, inherited, {})
    assert identity(today, config, {}) != identity(dataset(**LABELS), config, {})


def test_levels_are_the_champions_unless_the_config_says_otherwise() -> None:
    """Quantiles are predicted again; a task or other levels that are said stay, to be refused."""
    reigning = champion("quantiles", (), (0.1, 0.9))
    for said, task, levels in (
        ({}, "auto", [0.1, 0.9]),
        ({"quantiles": [0.5]}, "auto", [0.5]),
        ({"task": "regression"}, "regression", []),
        ({"task": "multiclass"}, "multiclass", []),
    ):
        config = parse_config({"data": {"path": "x.csv", **said}})
        data = inherit(config, reigning).data
        assert (data.task, data.quantiles) == (task, levels)
        assert inherit(config, champion("binary", ("no", "yes"))).data.quantiles == (
            said.get("quantiles", [])
        )


def test_inherited_levels_make_no_other_model_and_other_levels_do() -> None:
    """The config's levels and the champion's are the same model where they are equal."""
    open_, said = (
        parse_config({"data": {"path": "x.csv", **each}})
        for each in ({}, {"quantiles": [0.1, 0.9]})
    )
    today = dataset(**QUANTILES)
    assert identity(today, open_, {}) == identity(today, said, {})
    other = dataset(**{**QUANTILES, "quantiles": (0.1, 0.5)})
    assert identity(other, said, {}) != identity(today, said, {})
