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
NUMBERS = {"task": "regression", "classes": (), "class_shares": (), "mean": 5.0}


def champion(task: str, classes: tuple[str, ...]) -> Champion:
    return Champion(
        version="1",
        bundle=Blob(sha256="0", suffix="", size_bytes=1),
        task=task,
        classes=classes,
        split=SplitRule(seed=0, test_fraction=0.2, validation_fraction=0.2),
    )


@pytest.mark.parametrize(
    ("task", "classes", "today", "fact"),
    [
        ("binary", ("no", "yes"), LABELS, "the target was binary and is multiclass"),
        ("multiclass", ("a", "b", "c"), NUMBERS, "the target was multiclass and is regression"),
        ("regression", (), {}, "the target was regression and is binary"),
        ("multiclass", ("a", "b", "d"), LABELS, "the labels were"),
    ],
)
def test_a_champion_of_another_kind_is_refused(
    task: str, classes: tuple[str, ...], today: dict, fact: str
) -> None:
    """The kind, or the labels, have changed: the message says from what to what."""
    bundle = SimpleNamespace(columns=(), task=task, classes=classes)
    with pytest.raises(InputError, match=fact):
        check_schema(bundle, dataset(**today))
    check_schema(bundle, dataset(task=task, classes=classes))


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
    bundle = SimpleNamespace(columns=(column,), task="binary", classes=("no", "yes"))
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
