"""Who may import whom (see CONTRIBUTING): read off the code, not off what happens to run."""

import sys
from pathlib import Path

import grimp
import pytest

from slipstream import cli

LIBRARY = {"numpy", "pandas", "pyarrow", "sklearn", "scipy", "torch", "pydantic", "safetensors"}
PEERS = {"lightgbm", "mlflow", "onnx", "onnxruntime", "openvino"}
# What a room may import: libraries, then our own. The first room that a module is in counts.
ROOMS = {
    "slipstream.runtime": ({"numpy", "safetensors"}, {"slipstream.runtime"}),
    "slipstream.cli": (LIBRARY, {"slipstream", "flows", "tasks", "bench"}),  # what its commands run
    "slipstream": (LIBRARY, {"slipstream"}),
    "tasks": ({"prefect"}, {"slipstream", "tasks.progress", "tasks.records", "tasks.stage"}),
    "flows": ({"prefect"}, {"slipstream", "tasks", "flows"}),
    "bench": (LIBRARY | PEERS | {"matplotlib", "rich"}, {"slipstream", "bench"}),
}
# Every other library of `slipstream`, and the adapters that import it: one, or a few of which each
# adapts another part of it (of SQLAlchemy: a source's rows, a lock, a server's database).
ADAPTERS = {
    "coolname": {"slipstream.run_names"},
    "filelock": {"slipstream.locking"},
    "grimp": {"slipstream.fingerprint"},
    "httpx": {"slipstream.prefect_api"},
    "matplotlib": {"slipstream.plots"},
    "flask": {"slipstream.mlflow_server"},
    "mlflow": {
        "slipstream.mlflow_server",
        "slipstream.pyfunc",
        "slipstream.registered",
        "slipstream.tracking.connection",
        "slipstream.tracking.experiments",
        "slipstream.tracking.registry",
        "slipstream.tracking.runs",
        "slipstream.tracking.signature",
    },
    "onnx": {"slipstream.onnx_export"},
    "pydantic_settings": {"slipstream.cli"},
    "rich": {
        "slipstream.terminal.models",
        "slipstream.terminal.progress",
        "slipstream.terminal.report",
    },
    "sqlalchemy": {"slipstream.databases", "slipstream.locking", "slipstream.sources.database"},
    "sqlparse": {"slipstream.sources.database"},
    "threadpoolctl": {"slipstream.timing"},
    "yaml": {"slipstream.deployments"},
}
PACKAGES = ("slipstream", "tasks", "flows", "bench")
GRAPH = grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)


def is_in(module: str, *packages: str) -> bool:
    return any(f"{module}.".startswith(f"{package}.") for package in packages)


OWN = {module for module in GRAPH.modules if is_in(module, *PACKAGES)}


@pytest.mark.parametrize("module", sorted(OWN))
def test_imports_stay_in_their_rooms(module: str) -> None:
    """A module imports its room's libraries, and of our own code only what its room may."""
    libraries, rooms = next(ROOMS[room] for room in ROOMS if is_in(module, room))
    imported = GRAPH.find_modules_directly_imported_by(module)
    adapted = {library for library, adapters in ADAPTERS.items() if module in adapters}
    assert imported - OWN - set(sys.stdlib_module_names) <= libraries | adapted
    assert {each for each in imported & OWN if not is_in(each, *rooms)} == set()


@pytest.mark.parametrize("library", ADAPTERS)
def test_a_library_is_imported_by_its_adapters_alone(library: str) -> None:
    """The table above is what the code does: no adapter is missing, and none is left over."""
    importers = GRAPH.find_modules_that_directly_import(library)
    assert {each for each in importers if is_in(each, "slipstream")} == ADAPTERS[library]


@pytest.mark.parametrize("package", ["flows", "tasks", "bench"])
def test_the_console_script_reaches_a_checkout_only_when_it_runs_one(package: str) -> None:
    """Importing the console script imports neither flows nor the benchmark: the wheel has none."""
    imported = GRAPH.find_modules_directly_imported_by("slipstream.cli")
    details = [
        detail
        for module in imported
        if is_in(module, package)
        for detail in GRAPH.get_import_details(importer="slipstream.cli", imported=module)
    ]
    assert details
    lines = Path(cli.__file__).read_text().splitlines()
    for detail in details:
        assert lines[detail["line_number"] - 1].startswith("    "), "within a command"
