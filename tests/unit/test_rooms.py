"""Who may import whom (see CONTRIBUTING): read off the code, not off what happens to run."""

import sys

import grimp
import pytest

LIBRARY = {"numpy", "pandas", "pyarrow", "sklearn", "scipy", "torch", "pydantic", "safetensors"}
RUNTIME = {"numpy", "safetensors"}
# The one library that an adapter adapts; no other module may import it.
ADAPTERS = {
    "slipstream.cli": {"bench", "pydantic_settings"},  # the checkout's benchmark, when it is run
    "slipstream.databases": {"sqlalchemy"},
    "slipstream.fingerprint": {"grimp"},
    "slipstream.timing": {"threadpoolctl"},
    "slipstream.locking": {"filelock", "sqlalchemy"},
    "slipstream.onnx_export": {"onnx"},
    "slipstream.plots": {"matplotlib"},
    "slipstream.sources.database": {"sqlalchemy", "sqlparse"},
    "slipstream.registered": {"mlflow"},
    "slipstream.terminal.progress": {"rich"},
    "slipstream.terminal.report": {"rich"},
    "slipstream.tracking.registry": {"mlflow"},
    "slipstream.tracking.runs": {"mlflow"},
}
GRAPH = grimp.build_graph(
    "slipstream", "tasks", "flows", include_external_packages=True, cache_dir=None
)
SHARED = {"tasks.stage", "tasks.progress"}  # what tasks may import of their own room
OWN = sorted(
    name for name in GRAPH.modules if name.split(".")[0] in ("slipstream", "tasks", "flows")
)


def allowed(module: str) -> set[str]:
    """The outside libraries that a module may import."""
    if module.startswith("slipstream.runtime"):
        return RUNTIME
    if module.startswith("slipstream"):
        return LIBRARY | ADAPTERS.get(module, set())
    if module.startswith("tasks"):
        return {"prefect"}
    return {"prefect"}


@pytest.mark.parametrize("module", OWN)
def test_imports_stay_in_their_rooms(module: str) -> None:
    """A module imports its room's libraries, and of our own code only what its room may."""
    imported = GRAPH.find_modules_directly_imported_by(module)
    outside = {name for name in imported if name not in OWN} - set(sys.stdlib_module_names)
    assert outside <= allowed(module)
    inside = imported & set(OWN)
    if module.startswith("slipstream.runtime"):
        assert all(name.startswith("slipstream.runtime") for name in inside)
    elif module.startswith("slipstream") and module != "slipstream.cli":
        assert all(name.startswith("slipstream") for name in inside)
    elif module.startswith("tasks."):
        assert all(name.startswith("slipstream") or name in SHARED for name in inside)


def test_the_console_script_reaches_flows_only_when_it_runs_one() -> None:
    """Importing the console script does not import a flow: the wheel has none."""
    details = GRAPH.get_import_details(importer="slipstream.cli", imported="flows.optimize")
    assert details
    assert all(detail["line_contents"].startswith("from flows") for detail in details)


def test_every_adapter_is_needed() -> None:
    """The table above names no adapter, and no library, that is no longer used."""
    for module, libraries in ADAPTERS.items():
        assert libraries <= GRAPH.find_modules_directly_imported_by(module)
