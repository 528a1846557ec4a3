"""A small table is tried before Prefect starts."""

from pathlib import Path

import pytest

from slipstream.artifacts.values import Blob
from slipstream.cli import pipeline
from slipstream.config.optimize import OptimizeConfig
from slipstream.config.parsing import parse_config
from slipstream.lifecycle import retraining
from slipstream.lifecycle.promotion import Champion
from slipstream.runtime import InputError
from slipstream.tracking import registry
from tests.unit.records import dataset


def config(tmp_path: Path, answers: range | list[str], **data: object) -> OptimizeConfig:
    path = tmp_path / "table.csv"
    rows = "".join(f"{row % 7}.5,{answer}\n" for row, answer in enumerate(answers))
    path.write_text("x,y\n" + rows)
    return parse_config({"data": {"path": str(path), "target": "y", **data}})


def reign(patch: pytest.MonkeyPatch, tmp_path: Path, task: str) -> None:
    """Have a champion of this kind, or none."""
    champion = task and Champion(
        version="3",
        bundle=Blob(sha256="0", suffix="", size_bytes=1),
        task=task,
        classes=("no", "yes") if task == "binary" else (),
        split=dataset().split,
    )
    patch.setenv("SLIPSTREAM_HOME", str(tmp_path / "home"))
    patch.setattr(registry, "Registry", lambda *_: None)
    patch.setattr(retraining, "find_champion", lambda *_: champion or None)


def test_a_challenger_is_tried_as_the_champions_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole numbers that number the rows are quantities if they were; by themselves, they are not.

    Labels in their place are refused, and the message says that the kind is the champion's.
    """
    numbers = config(tmp_path, range(100, 300))
    reign(monkeypatch, tmp_path, "")
    with pytest.raises(InputError, match="as in an identifier"):
        pipeline._try_as_challenger(numbers)
    reign(monkeypatch, tmp_path, "regression")
    pipeline._try_as_challenger(numbers)
    reign(monkeypatch, tmp_path, "binary")
    labels = config(tmp_path, [f"label {row}" for row in range(200)])
    with pytest.raises(InputError, match="version 3, has data.task = binary"):
        pipeline._try_as_challenger(labels)


def test_a_kind_that_is_asked_for_is_no_champions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the champion is not looked up."""
    reign(monkeypatch, tmp_path, "regression")
    with pytest.raises(InputError, match="as in an identifier"):
        pipeline._try_as_challenger(config(tmp_path, range(100, 300), task="multiclass"))
