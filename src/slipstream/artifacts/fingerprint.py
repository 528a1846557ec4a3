"""What a stage's result depends on besides its inputs: its code and its libraries."""

import hashlib
import importlib.metadata
import sys
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import grimp

__all__ = ["closure", "code_digest", "library_versions"]

PACKAGE = "slipstream"


@cache
def code_digest(task: str, *computing: str) -> str:
    """SHA-256 of a task's own file, and of the modules that compute with all that they import.

    Imports are followed statically, those inside functions included. C files count with the Python
    file that is their only way in, `native.py`.
    """
    digest = hashlib.sha256()
    for name in (task, *sorted(closure(*computing))):
        for path in _sources(name):
            digest.update(f"{name} {path.name}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def library_versions(*computing: str) -> dict[str, str]:
    """Versions of Python and of the installed libraries that modules and their imports use."""
    internal = closure(*computing)
    imported = {
        name for own in internal for name in _graph().find_modules_directly_imported_by(own)
    }
    libraries = imported - internal - set(sys.stdlib_module_names)
    distributions = _distributions()
    versions = {"python": ".".join(str(part) for part in sys.version_info[:3])}
    for library in sorted(libraries & distributions.keys()):
        distribution = distributions[library][0]
        versions[distribution] = importlib.metadata.version(distribution)
    return versions


def closure(*modules: str) -> set[str]:
    """Modules, and every module of Slipstream that they import at any depth."""
    graph = _graph()
    upstream = {each for module in modules for each in graph.find_upstream_modules(module)}
    return {each for each in {*modules, *upstream} if each.split(".")[0] == PACKAGE}


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph(PACKAGE, include_external_packages=True, cache_dir=None)


@cache
def _distributions() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


def _sources(module: str) -> list[Path]:
    """A module's file, and the C files behind it."""
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin)
    if not path.with_name(f"_{path.stem}.c").exists():
        return [path]
    return [path, *sorted(path.parent.rglob("*.[ch]"))]
