import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import grimp
import pytest

from slipstream.artifacts.fingerprint import closure
from slipstream.artifacts.home import root
from tasks.support.stage import COMPUTING

# A process that has imported Prefect and listed what is installed, which takes most of the time: it
# is forked for each look at the sources, and what a look remembers is gone with it.
CODE = """
import os, sys
from slipstream.artifacts.fingerprint import _distributions, library_versions
from tasks.support.stage import COMPUTING, stage_code
_distributions()
for _ in sys.stdin:
    if os.fork():
        assert os.wait()[1] == 0
        print(flush=True)
        continue
    for stage in COMPUTING:
        print(stage, stage_code(stage), sorted(library_versions(*COMPUTING[stage])))
    sys.stdout.flush()
    os._exit(0)
"""
STAGES = set(COMPUTING)
pytestmark = pytest.mark.source


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, to be edited."""
    folder = tmp_path_factory.mktemp("copy")
    for part in ("src", "tasks", "flows"):
        shutil.copytree(root() / part, folder / part, ignore=shutil.ignore_patterns("*.pyc"))
    return folder


@pytest.fixture(scope="module")
def digests(copy: Path) -> Iterator[Callable[[], dict[str, str]]]:
    """Reads what each stage's key says of its code and libraries, as the copy now is."""
    environment = {"PYTHONPATH": f"{copy / 'src'}:{copy}", "SLIPSTREAM_HOME": str(copy / "home")}
    with subprocess.Popen(
        [sys.executable, "-c", CODE],
        cwd=copy,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        asking, answering = process.stdin, process.stdout
        assert asking
        assert answering

        def read() -> dict[str, str]:
            asking.write("\n")
            asking.flush()
            lines = list(iter(answering.readline, "\n"))
            return {line.split()[0]: line for line in lines}

        yield read


@pytest.fixture(scope="module")
def before(digests: Callable[[], dict[str, str]]) -> dict[str, str]:
    """What the keys say of the sources as they are."""
    return digests()


@pytest.mark.parametrize(
    ("edited", "changed"),
    [
        ("src/slipstream/artifacts/store.py", STAGES),
        ("src/slipstream/data/schema.py", {"ingest"}),
        ("src/slipstream/data/sources/database.py", {"ingest"}),
        ("src/slipstream/features/selection.py", {"select", "baseline"}),
        (
            "src/slipstream/training/network.py",
            {"teach", "select", "search", "train", "quantize", "baseline"},
        ),
        ("src/slipstream/quantization/integers.py", {"search", "quantize", "baseline"}),
        ("src/slipstream/evaluation/row_trace.py", {"predict"}),
        ("src/slipstream/runtime/columns.py", STAGES - {"ingest"}),
        ("src/slipstream/runtime/_native.c", {"select", "search", "quantize", "predict"}),
        ("src/slipstream/runtime/binding/rows.c", {"select", "search", "quantize", "predict"}),
        ("src/slipstream/runtime/csrc/vectors.h", {"select", "search", "quantize", "predict"}),
        (
            "src/slipstream/config/training.py",
            {"teach", "select", "search", "train", "quantize", "baseline"},
        ),
        ("src/slipstream/config/tracking.py", set()),
        ("src/slipstream/artifacts/home.py", set()),
        ("src/slipstream/evaluation/verdict.py", set()),
        ("src/slipstream/lifecycle/promotion.py", set()),
        ("src/slipstream/reporting/terminal/screen.py", set()),
        ("src/slipstream/search/alternatives.py", {"search"}),
        ("src/slipstream/search/search.py", {"search"}),
        ("src/slipstream/search/elimination.py", {"select"}),
        ("src/slipstream/serving/tables.py", set()),
        ("src/slipstream/tracking/runs.py", set()),
        ("tasks/predict.py", {"predict"}),
        ("tasks/support/trace.py", set()),
        ("tasks/track.py", set()),
    ],
)
def test_a_change_reaches_what_depends_on_it(
    copy: Path,
    digests: Callable[[], dict[str, str]],
    before: dict[str, str],
    edited: str,
    changed: set[str],
) -> None:
    """Editing a helper changes the keys of the stages that import it, at any depth; no others."""
    path = copy / edited
    original = path.read_text()
    path.write_text(original + ("# edited\n" if path.suffix == ".py" else "/* edited */\n"))
    after = digests()
    path.write_text(original)
    assert {stage for stage in STAGES if before[stage] != after[stage]} == changed


# What no stage computes with: showing, tracking, serving, deciding, promoting, operating.
NOBODYS = (
    *("cli", "execution", "export", "lifecycle", "operations", "reporting", "serving"),
    *("tracking", "config.drift", "config.optimize", "config.tracking"),
    *(
        "artifacts.home",
        "artifacts.opening",
        "evaluation.verdict",
        "evaluation.drift",
    ),
)
MUST_NOT_HOLD = {
    "ingest": ("features", "training", "quantization", "evaluation", "search", "config.model"),
    "preprocess": ("data.ingestion", "data.sources", "training", "quantization", "evaluation"),
    "teach": ("data.ingestion", "features.selection", "quantization", "evaluation"),
    "select": (
        *("data.ingestion", "data.sources", "quantization", "search.search"),
        *("config.data", "config.search", "config.budget"),
    ),
    "search": ("data.ingestion", "data.sources", "features.selection", "config.features"),
    "train": ("data.ingestion", "data.sources", "features.selection", "quantization", "search"),
    "quantize": ("data.ingestion", "data.sources", "features.selection", "training.fitting"),
    "predict": ("data.ingestion", "features", "training", "quantization", "config"),
    "baseline": ("data.ingestion", "data.sources", "config.data", "config.quantization"),
}


@pytest.mark.parametrize("stage", COMPUTING)
def test_a_key_holds_nothing_that_does_not_compute(stage: str) -> None:
    """No stage's key follows code that shows, tracks, serves or decides, or a section not read."""
    held = closure(*COMPUTING[stage])
    unwanted = tuple(f"slipstream.{each}." for each in (*NOBODYS, *MUST_NOT_HOLD[stage]))
    assert {each for each in held if f"{each}.".startswith(unwanted)} == set()


@pytest.mark.parametrize("stage", COMPUTING)
def test_a_key_holds_all_that_a_task_computes_with(stage: str) -> None:
    """Of what a cached task imports, only the store's place and the progress bar are in no key."""
    graph = grimp.build_graph("slipstream", "tasks", cache_dir=None)
    imported = graph.find_modules_directly_imported_by(f"tasks.{stage}")
    library = {each for each in imported if each.startswith("slipstream.")}
    assert library - closure(*COMPUTING[stage]) <= {
        "slipstream.artifacts.opening",
        "slipstream.reporting.terminal.progress",
    }


def test_the_libraries_that_compute_are_named(before: dict[str, str]) -> None:
    """A stage's key holds the versions of what it computes with, and not of Prefect."""
    assert "'torch'" in before["train"]
    assert "'torch'" not in before["ingest"]
    assert "'scikit-learn'" in before["select"]
    assert "'numpy'" in before["predict"]
    assert not any("prefect" in each for each in before.values())
