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


@pytest.fixture(scope="module")
def before(copy: Path) -> dict[str, str]:
    """The keys' parts of the sources as they are."""
    return digests(copy)


def digests(copy: Path) -> dict[str, str]:
    """What each stage's key says of its code and libraries, before from a fresh process."""
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
        ("src/slipstream/tracking/runs.py", set()),
        ("src/slipstream/terminal/report.py", set()),
        ("tasks/predict.py", {"predict"}),
        ("tasks/track.py", set()),
    ],
)
def test_a_change_reaches_what_depends_on_it(
    copy: Path, before: dict[str, str], edited: str, changed: set[str]
) -> None:
    """Editing a helper changes the keys of the stages that import it, at any depth; no others."""
    path = copy / edited
    original = path.read_text()
    path.write_text(original + ("/* edited */\n" if path.suffix == ".c" else "# edited\n"))
    after = digests(copy)
    path.write_text(original)
    assert {stage for stage in STAGES if before[stage] != after[stage]} == changed


def test_the_libraries_that_compute_are_named(before: dict[str, str]) -> None:
    """A stage's key holds the versions of what it computes with, and not of Prefect."""
    assert "'torch'" in before["train"]
    assert "'torch'" not in before["ingest"]
    assert "'scikit-learn'" in before["select"]
    assert "'numpy'" in before["predict"]
    assert not any("prefect" in each for each in before.values())
