"""Who may import whom (see CONTRIBUTING): read off the code, not off what happens to run."""

import sys
from pathlib import Path

import grimp
import pytest

import slipstream
from slipstream.cli import main

# From the top floor down: a line may import those below it, and the wings of one line never each
# other.
FLOORS = (
    {"cli"},
    {"flows"},
    {"tasks"},
    {"lifecycle", "operations"},
    {"tracking"},
    {"reporting"},
    {"search"},
    {"evaluation"},
    {"training", "quantization"},
    {"features", "measurement", "serving"},
    {"data"},
    {"config"},
    {"artifacts", "export"},
    {"runtime"},
)
PLACES = {"flows": "flows", "tasks": "tasks"}  # every other wing is a folder of `slipstream`
# Some take less than what is below them. `slipstream` itself is what a program imports to predict,
# `slipstream.pyfunc` what MLflow loads.
TAKES = {
    "slipstream": {"slipstream.runtime", "slipstream.tracking.download"},
    "slipstream.pyfunc": {"slipstream.runtime", "slipstream.serving"},
    "slipstream.export": {"slipstream.runtime"},
    "slipstream.serving": {
        "slipstream.runtime",
        "slipstream.data.cells",
        "slipstream.data.sources.files",
    },
    "bench": {
        f"slipstream.{each}" for floor in FLOORS[FLOORS.index({"search"}) :] for each in floor
    },
}

LIBRARY = {"numpy", "pandas", "pyarrow", "sklearn", "scipy", "torch", "pydantic", "safetensors"}
PEERS = {"lightgbm", "mlflow", "onnx", "onnxruntime", "openvino"}
# The libraries of a wing, where they are not the library's.
LIBRARIES = {
    "runtime": {"numpy", "safetensors"},
    "tasks": {"coolname", "prefect"},
    "flows": {"prefect"},
    "bench": LIBRARY | PEERS | {"matplotlib", "rich"},
}
# Every other library, and the modules of `slipstream` that adapt it: one, or a few of which each
# adapts another part of it.
ADAPTERS = {
    "filelock": {"slipstream.tracking.locking"},
    "flask": {"slipstream.tracking.server"},
    "grimp": {"slipstream.artifacts.fingerprint"},
    "httpx": {"slipstream.operations.prefect_api"},
    "lightgbm": {"slipstream.measurement.boosters", "slipstream.training.teaching.trees"},
    "matplotlib": {
        "slipstream.reporting.front",
        "slipstream.reporting.outcomes",
        "slipstream.reporting.plots",
        "slipstream.reporting.reliability",
        "slipstream.reporting.selection",
    },
    "mlflow": {
        "slipstream.pyfunc",
        "slipstream.tracking.connection",
        "slipstream.tracking.download",
        "slipstream.tracking.experiments",
        "slipstream.tracking.origin",
        "slipstream.tracking.registry",
        "slipstream.tracking.runs",
        "slipstream.tracking.server",
        "slipstream.tracking.signature",
    },
    "onnx": {"slipstream.export.onnx_graph"},
    "pydantic_settings": {"slipstream.cli.options"},
    "rich": {
        "slipstream.cli.model_table",
        "slipstream.reporting.terminal.progress",
        "slipstream.reporting.terminal.screen",
    },
    "sqlalchemy": {
        "slipstream.data.sources.database",
        "slipstream.operations.databases",
        "slipstream.tracking.locking",
    },
    "sqlparse": {"slipstream.data.sources.database"},
    "threadpoolctl": {"slipstream.measurement.timing"},
    "yaml": {"slipstream.operations.deployments"},
}
PACKAGES = ("slipstream", "tasks", "flows", "bench")
GRAPH = grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)
OWN = {module for module in GRAPH.modules if module.split(".")[0] in PACKAGES}
SOURCES = Path(slipstream.__file__).parent
MOST_LINES = 350


def is_in(module: str, *packages: str) -> bool:
    return any(f"{module}.".startswith(f"{package}.") for package in packages)


def wing(module: str) -> str:
    """The wing a module is in: of `slipstream`, the folder; `slipstream` for its root."""
    package, _, rest = module.partition(".")
    inside = rest.partition(".")[0]
    if package != "slipstream" or not (SOURCES / inside).is_dir():
        return package
    return inside or package


def test_imports_run_down() -> None:
    """No wing imports one on its own floor or above, directly or through others."""
    illegal = GRAPH.find_illegal_dependencies_for_layers(
        [{PLACES.get(each, f"slipstream.{each}") for each in floor} for floor in FLOORS]
    )
    assert {(each.importer, each.imported) for each in illegal} == set()


@pytest.mark.parametrize("here", sorted(TAKES))
def test_some_take_less_than_they_may(here: str) -> None:
    """The predictor, what serves and exports it, and the benchmark import few wings."""
    inside = {here} if wing(here) == "slipstream" else {each for each in OWN if is_in(each, here)}
    imported = {
        each
        for module in inside
        for each in GRAPH.find_modules_directly_imported_by(module)
        if each in OWN - inside
    }
    assert {each for each in imported if not is_in(each, *TAKES[here])} == set()


@pytest.mark.parametrize("module", sorted(OWN))
def test_libraries_are_those_of_the_wing(module: str) -> None:
    """A module imports its wing's libraries, and one more if it is the adapter for it."""
    imported = GRAPH.find_modules_directly_imported_by(module)
    adapted = {library for library, adapters in ADAPTERS.items() if module in adapters}
    libraries = LIBRARIES.get(wing(module), LIBRARY)
    assert imported - OWN - set(sys.stdlib_module_names) <= libraries | adapted


@pytest.mark.parametrize("library", ADAPTERS)
def test_only_adapters_import_a_library(library: str) -> None:
    """The table above matches the code: no adapter is missing, and none is left over."""
    importers = GRAPH.find_modules_that_directly_import(library)
    assert {each for each in importers if is_in(each, "slipstream")} == ADAPTERS[library]


def test_the_package_holds_wings_and_nothing_else() -> None:
    """`slipstream` is folders, its `__init__`, the module that MLflow loads, and type markers."""
    names = {each.name for each in SOURCES.iterdir()} - {"__pycache__"}
    wings = set().union(*FLOORS) - {"flows", "tasks"}
    assert names == wings | {"__init__.py", "pyfunc.py", "py.typed"}


def test_a_wing_exports_nothing() -> None:
    """A wing's `__init__` imports nothing: re-exports would widen cache keys and wake PyTorch."""
    wings = {f"slipstream.{each}" for floor in FLOORS for each in floor - set(PLACES)}
    importing = {each for each in wings if GRAPH.find_modules_directly_imported_by(each)}
    assert importing == {"slipstream.runtime"}  # the public names of the predictor


@pytest.mark.source
@pytest.mark.parametrize("folder", [SOURCES, *(SOURCES.parents[1] / each for each in PACKAGES[1:])])
def test_files_stay_small(folder: Path) -> None:
    """No module of Slipstream's is above 350 lines, no C file above 700."""
    lengths = {
        path: len(path.read_text().splitlines())
        for path in folder.rglob("*.*")
        if path.suffix in (".py", ".c", ".h")
    }
    assert lengths
    limits = {".py": MOST_LINES, ".c": 2 * MOST_LINES, ".h": 2 * MOST_LINES}
    assert {str(path) for path, count in lengths.items() if count > limits[path.suffix]} == set()


@pytest.mark.parametrize("package", ["flows", "tasks", "bench"])
def test_the_console_script_reaches_a_checkout_only_when_it_runs_one(package: str) -> None:
    """Importing the console script imports neither flows nor the benchmark: the wheel has none."""
    lines = {}
    for module in sorted(each for each in OWN if is_in(each, "slipstream.cli")):
        source = Path(sys.modules[main.__name__].__file__ or "").parent
        for imported in GRAPH.find_modules_directly_imported_by(module):
            if is_in(imported, package):
                for detail in GRAPH.get_import_details(importer=module, imported=imported):
                    text = (source / f"{module.rpartition('.')[2]}.py").read_text().splitlines()
                    lines[module, detail["line_number"]] = text[detail["line_number"] - 1]
    assert lines
    assert all(line.startswith("    ") for line in lines.values()), "within a command"
