"""A champion and a challenger predict the same kind of target."""

from types import SimpleNamespace

import pytest

from slipstream.artifacts.references import SplitRule
from slipstream.artifacts.values import Blob
from slipstream.config.parsing import parse_config
from slipstream.lifecycle.promotion import Champion, check_schema
from slipstream.lifecycle.retraining import identity, inherit
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
    assert (data.task, data.positive) == (task, positive)
    said = parse_config({"data": {"path": "x.csv", "task": "binary", "positive": "b"}})
    kept = inherit(said, champion(task, classes)).data
    assert (kept.task, kept.positive) == ("binary", "b")
    assert inherit(config, None) is config


def test_what_is_inherited_makes_no_other_model() -> None:
    """The first night infers the kind, the second has it from the champion: nothing changed."""
    config = parse_config({"data": {"path": "x.csv"}})
    today = dataset(**NUMBERS)
    inherited = inherit(config, champion("regression", ()))
    assert identity(today, config, {}) == identity(today, inherited, {})
    assert identity(today, config, {}) != identity(dataset(**LABELS), config, {})
