"""The documentation says what the programs say, and its code runs."""

import importlib.util
import json
import re
import subprocess
from pathlib import Path
from types import ModuleType

import mlflow
import pytest
from mlflow.tracking import MlflowClient

import slipstream
from slipstream.artifacts.home import root
from slipstream.artifacts.opening import open_store
from slipstream.config.parsing import parse_config, read_toml
from slipstream.data.ingestion import ingest
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
    sources = [path for kind in ("py", "c") for path in root().glob(f"src/**/*.{kind}")]
    named = {name for source in sources for name in VARIABLE.findall(source.read_text())}
    assert {"SLIPSTREAM_HOME", "SLIPSTREAM_ISA", "PREFECT_API_URL"} <= named
    named -= {"MLFLOW_DATABASE", "PREFECT_DATABASE"}  # what the code calls two of them
    assert {name for name in named if f"`{name}`" not in page} == set()


def test_the_example_of_a_config_runs_for_everybody() -> None:
    """The guide's command with a config needs no file that the checkout has not."""
    guide = (root() / "docs" / "guide" / "own-data.md").read_text()
    (config,) = re.findall(r'^make run ARGS="--config (\S+)"$', guide, re.MULTILINE)
    example = parse_config(read_toml(root() / config))
    assert ingest(example.data, open_store()).rows["train"] > 0


def wording(output: str) -> set[str]:
    """The words of each line of a run's output that are no measurement and no machine's name."""
    measured = (
        r"(?<=winner: )\w+",
        r"(?<=one test row, )\w+",
        r"\nSearch *\n.*?(?=\nComparison)",  # which models are on the front, by their latency
        r"one thread,.*?(?=\nWaterfall)",  # the machine, on which the lines' ends depend
        r"\n  baseline: .*?(?=\nPrediction)",  # remarks and verdict
    )
    text = re.sub("|".join(measured), "", output, flags=re.DOTALL)
    text, _, following = text.partition("\nNext\n")
    lines = [" ".join(re.findall(r"[A-Za-z]{3,}", line)) for line in text.splitlines()]
    return {*filter(None, lines), *re.findall(r"^  (\w+) ", following, re.MULTILINE)}


def run_output(page: str) -> str:
    """The block of a page that shows a run's output."""
    text = (root() / page).read_text()
    return text.split("<!-- begin run output -->\n")[1].split("\n<!-- end run output -->")[0]


def test_the_guide_shows_what_a_run_prints(demo_run: subprocess.CompletedProcess[str]) -> None:
    """Headings, labels and stages in the guide are those of a run now, no more and no fewer."""
    block = run_output("docs/guide/output.md").removeprefix("```text\n").removesuffix("```")
    assert wording(block) == wording(demo_run.stdout), "run python docs/render.py"
    assert {"Stages", "Comparison", "features selected", "true label", "report"} <= wording(block)
    assert "\nVerdict: " in block


def test_the_readme_shows_parts_of_that_run(render: ModuleType) -> None:
    """Stages, comparison and verdict in the README are those of the guide, figures included."""
    shown = run_output("README.md")
    assert shown == render.excerpt(run_output("docs/guide/output.md")), "run python docs/render.py"
    assert all(f"\n{part}" in shown for part in render.SHOWN)


def test_the_readme_is_short() -> None:
    """The README has at most 200 lines: what is more belongs to the guide."""
    assert len((root() / "README.md").read_text().splitlines()) <= 200


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


@pytest.fixture
def registered(demo_run: subprocess.CompletedProcess[str], place: Path, tracked: list[str]) -> str:
    """The demo's int8 variant as the champion `customers`; its run's id."""
    mlflow.set_tracking_uri(tracked[-1])
    report = json.loads((place / "output" / "report.json").read_text())
    run_id = report["mlflow"]["variants"]["int8"]
    client = MlflowClient()
    (output,) = client.get_run(run_id).outputs.model_outputs
    version = mlflow.register_model(f"models:/{output.model_id}", "customers").version
    client.set_registered_model_alias("customers", "champion", version)
    return run_id


@pytest.mark.parametrize("page", ["runs", "retraining", "team"])
def test_the_python_that_asks_mlflow_runs(page: str, registered: str, tracked: list[str]) -> None:
    """What the guide loads from a run and from the registry are models, in the test's own store."""
    text = (root() / "docs" / "guide" / f"{page}.md").read_text()
    blocks = [*PYTHON.findall(text), *re.findall(r'^python -c "(.*)"$', text, re.MULTILINE)]
    assert blocks
    code = "\n".join(blocks).replace("RUN_ID_OF_INT8", registered)
    exec(code.replace("sqlite:///mlruns/mlflow.db", tracked[-1]), {"slipstream": slipstream})


def test_every_page_is_linked_and_every_link_leads_somewhere() -> None:
    """No guide page is out of reach of the README, and no relative link is broken."""
    linked = set()
    for page in [root() / "README.md", *(root() / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
            if not target.startswith("http"):  # pictures count too
                assert (page.parent / target).exists(), (page, target)
                linked.add((page.parent / target).resolve())
    assert set((root() / "docs" / "guide").glob("*.md")) <= linked
