"""The documentation says what the programs say, and its code runs."""

import importlib.util
import re
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from slipstream.checkout import root
from tests.e2e.conftest import Command

VARIABLE = re.compile(r'"((?:SLIPSTREAM|PREFECT|MLFLOW)_[A-Z_]+|DO_NOT_TRACK)"')
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def render() -> ModuleType:
    spec = importlib.util.spec_from_file_location("render", root() / "docs" / "render.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("page", "block"), [("configuration", "configuration"), ("command-line", "commands")]
)
def test_generated_pages_are_up_to_date(render: ModuleType, page: str, block: str) -> None:
    """The configuration and the commands in the guide are what the code has."""
    text = (root() / "docs" / "guide" / f"{page}.md").read_text()
    assert f"\n{getattr(render, block)()}\n<!-- end" in text, "run python docs/render.py"


def test_every_environment_variable_is_explained() -> None:
    """The page on configuration names each variable that the code names."""
    page = (root() / "docs" / "guide" / "configuration.md").read_text()
    sources = [*root().glob("src/**/*.py"), root() / "src/slipstream/runtime/_native.c"]
    named = {name for source in sources for name in VARIABLE.findall(source.read_text())}
    assert {"SLIPSTREAM_HOME", "SLIPSTREAM_ISA", "PREFECT_API_URL"} <= named
    named -= {"MLFLOW_DATABASE", "PREFECT_DATABASE"}  # what the code calls two of them
    assert {name for name in named if f"`{name}`" not in page} == set()


def test_the_example_of_a_config_runs_for_everybody(
    slipstream: Command, tracked: list[str]
) -> None:
    """The guide's command with a config needs no file that the checkout has not."""
    guide = (root() / "docs" / "guide" / "own-data.md").read_text()
    (config,) = re.findall(r'^make run ARGS="--config (\S+)"$', guide, re.MULTILINE)
    done = slipstream("optimize", "--config", str(root() / config), "--output", "example", *tracked)
    assert done.returncode == 0, done.stderr


def wording(text: str) -> set[str]:
    """The words of each line that are no measurement."""
    lines = (" ".join(re.findall(r"[A-Za-z]{3,}", line)) for line in text.splitlines())
    return {line for line in lines if line}


def test_the_readme_shows_what_a_run_prints(demo_run: subprocess.CompletedProcess[str]) -> None:
    """Headings, labels and stages in the README are those of a run now; remarks may differ."""
    readme = (root() / "README.md").read_text()
    block = readme.split("<!-- begin run output -->")[1].split("<!-- end")[0]
    shown = block.split("Waterfall")[0].replace("```text", "")
    measured = ("predictor", "AMD", "Intel", "timer")  # the machine, and where its line breaks
    missing = wording(shown) - wording(demo_run.stdout)
    unexplained = {line for line in missing if not any(word in line for word in measured)}
    assert not unexplained, "run python docs/render.py"
    for heading in ("Waterfall", "Verdict", "Prediction", "Next"):
        assert heading in block


@pytest.fixture(scope="module")
def exported(demo_run: subprocess.CompletedProcess[str], slipstream: Command, place: Path) -> Path:
    """The demo's int8 bundle as an ONNX file, by the command that the guide gives."""
    guide = (root() / "docs" / "guide" / "exporting.md").read_text()
    command = re.search(r"^slipstream (export output/demo\.int8.*)$", guide, re.MULTILINE)
    done = slipstream(*command[1].split())
    assert done.returncode == 0, done.stderr
    return place / "output" / "demo.int8.onnx"


@pytest.mark.parametrize(
    "page", ["README.md", "docs/guide/predicting.md", "docs/guide/exporting.md"]
)
def test_the_python_in_the_documentation_runs(
    page: str,
    exported: Path,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The code blocks of a page run, one after the other, where the demo's files lie."""
    monkeypatch.chdir(place)
    blocks = PYTHON.findall((root() / page).read_text())
    assert blocks
    exec("\n".join(blocks), {})


def test_every_page_is_linked_and_every_link_leads_somewhere() -> None:
    """No guide page is out of reach of the README, and no relative link is broken."""
    linked = set()
    for page in [root() / "README.md", *(root() / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
            if not target.startswith("http"):  # pictures count too
                assert (page.parent / target).exists(), (page, target)
                linked.add((page.parent / target).resolve())
    assert set((root() / "docs" / "guide").glob("*.md")) <= linked
