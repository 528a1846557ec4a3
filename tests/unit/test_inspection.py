from pathlib import Path

import pytest

from slipstream.inspection import describe
from slipstream.runtime import Predictor, instruction_set
from slipstream.runtime.bundle import dump
from slipstream.runtime.types import Backend
from tests.unit.runtime.agreement import Shape, bundle_of


@pytest.mark.parametrize(
    ("outputs", "answers"), [(1, "target"), (3, "P(target = …) of '0', '1', '2'")]
)
@pytest.mark.parametrize(
    ("backend", "runs"), [("compiled", f"compiled for {instruction_set}"), ("numpy", "in numpy")]
)
def test_tells_what_runs_and_what_it_answers(
    tmp_path: Path, outputs: int, answers: str, backend: Backend, runs: str
) -> None:
    """Every task is described, with the backend and the instruction set that run it here."""
    bundle = bundle_of(Shape(2, 3, [4], outputs, 0, 1), "int8", categorical=0)
    path = tmp_path / "some.safetensors"
    path.write_bytes(dump(bundle))
    lines = list(describe(Predictor(bundle, backend=backend), path))
    for name, fact in {"answers": answers, "runs": runs, "network": f"2-4-{outputs}"}.items():
        assert f"  {name:<14} {fact}" in lines
