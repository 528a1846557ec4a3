"""The console script, as far as it needs no more than the predictor."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from slipstream.runtime import Predictor
from slipstream.runtime.bundle import dump
from slipstream.runtime.types import Task
from tests.unit.runtime.people import people

ROW = {"age": 40, "city": "Oslo", "member": True}
FACTS = {
    "binary": ("P(label = 'stays'), else 'churns'", "4-16-8-1"),
    "multiclass": ("P(label = …) of 'bronze', 'silver', 'gold'", "4-16-8-3"),
    "regression": ("label", "4-16-8-1"),
}


def console(*arguments: str | Path) -> str:
    program = Path(sys.executable).parent / "slipstream"
    return subprocess.check_output([program, *arguments], text=True)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_row_is_answered_and_the_bundle_described(tmp_path: Path, task: Task) -> None:
    """Names, values and the predicted class are the library's, whatever the task."""
    bundle = people(task=task)
    file = tmp_path / "people.safetensors"
    file.write_bytes(dump(bundle))
    model = Predictor(bundle)
    found = model.predict_one(ROW)
    expected = {
        "binary": lambda: {"probability": found, "label": model.classes[found >= 0.5]},
        "multiclass": lambda: {
            "probability_bronze": found[0],
            "probability_silver": found[1],
            "probability_gold": found[2],
            "label": max(zip(found, model.classes, strict=True))[1],
        },
        "regression": lambda: {"prediction": found},
    }[task]()
    assert json.loads(console("predict", file, json.dumps(ROW))) == expected
    described = console("inspect", file).splitlines()
    answers, network = FACTS[task]
    assert f"  answers        {answers}" in described
    assert f"  network        {network}" in described
