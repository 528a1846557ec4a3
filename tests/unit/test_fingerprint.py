import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from slipstream.checkout import root

CODE = """
from slipstream.fingerprint import code_digest, library_versions
for stage in ("ingest", "preprocess", "select", "train", "quantize", "predict"):
    print(code_digest(f"tasks.{stage}"), sorted(library_versions(f"tasks.{stage}")))
"""
STAGES = ("ingest", "preprocess", "select", "train", "quantize", "predict")
pytestmark = pytest.mark.source


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, to be edited."""
    folder = tmp_path_factory.mktemp("copy")
    for part in ("src", "tasks", "flows"):
        shutil.copytree(root() / part, folder / part, ignore=shutil.ignore_patterns("*.pyc"))
    return folder


def digests(copy: Path) -> dict[str, str]:
    """What each stage's key says of its code and libraries, seen from a fresh process."""
    environment = {"PYTHONPATH": f"{copy / 'src'}:{copy}", "SLIPSTREAM_HOME": str(copy / "home")}
    command = [sys.executable, "-c", CODE]
    printed = subprocess.run(
        command, cwd=copy, env=environment, check=True, capture_output=True, text=True
    ).stdout
    return dict(zip(STAGES, printed.splitlines(), strict=True))


@pytest.mark.parametrize(
    ("edited", "changed"),
    [
        ("src/slipstream/store.py", set(STAGES)),
        ("src/slipstream/schema.py", set(STAGES) - {"predict"}),
        ("src/slipstream/sources/database.py", {"ingest"}),
        ("src/slipstream/selection.py", {"select"}),
        ("src/slipstream/network.py", {"train"}),
        ("src/slipstream/quantization.py", {"quantize"}),
        ("src/slipstream/tracing.py", {"predict"}),
        ("src/slipstream/runtime/columns.py", set(STAGES) - {"ingest"}),
        ("src/slipstream/runtime/_native.c", {"quantize", "predict"}),
        ("src/slipstream/runtime/binding/rows.c", {"quantize", "predict"}),
        ("src/slipstream/runtime/csrc/vectors.h", {"quantize", "predict"}),
        ("src/slipstream/tracking/runs.py", set()),
        ("src/slipstream/terminal/report.py", set()),
        ("tasks/predict.py", {"predict"}),
        ("tasks/track.py", set()),
    ],
)
def test_a_change_reaches_what_depends_on_it(copy: Path, edited: str, changed: set[str]) -> None:
    """Editing a helper changes the keys of the stages that import it, at any depth; no others."""
    before = digests(copy)
    path = copy / edited
    original = path.read_text()
    path.write_text(original + ("# edited\n" if path.suffix == ".py" else "/* edited */\n"))
    after = digests(copy)
    path.write_text(original)
    assert {stage for stage in STAGES if before[stage] != after[stage]} == changed


def test_the_libraries_that_compute_are_named(copy: Path) -> None:
    """A stage's key holds the versions of what it computes with, and not of Prefect."""
    seen = digests(copy)
    assert "'torch'" in seen["train"]
    assert "'torch'" not in seen["ingest"]
    assert "'scikit-learn'" in seen["select"]
    assert "'numpy'" in seen["predict"]
    assert not any("prefect" in each for each in seen.values())
