"""What a stage's result depends on besides its inputs: its code and its libraries."""

import hashlib
import importlib.metadata
import sys
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import grimp

__all__ = ["code_digest", "library_versions"]

PACKAGES = ("slipstream", "tasks")
# These move values about, or show them; they do not compute them.
NOT_COMPUTING = {"grimp", "prefect", "rich"}


@cache
def code_digest(module: str) -> str:
    """SHA-256 of the sources of a module and of everything in the project that it imports.

    Imports are followed statically, those inside functions included. The compiled predictor's C
    files count with `native.py`, its only way in: `_native.c` and all that is in its folder.
    """
    digest = hashlib.sha256()
    for name in sorted(_closure(module)):
        source = _source(name)
        is_seam = source.with_name(f"_{source.stem}.c").exists()
        compiled = sorted(source.parent.rglob("*.[ch]")) if is_seam else []
        for path in (source, *compiled):
            digest.update(f"{name} {path.name}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def library_versions(module: str) -> dict[str, str]:
    """Versions of Python and of the installed libraries that a module's closure imports."""
    internal = _closure(module)
    imported = {
        name for own in internal for name in _graph().find_modules_directly_imported_by(own)
    }
    libraries = imported - internal - set(sys.stdlib_module_names) - NOT_COMPUTING
    distributions = _distributions()
    versions = {"python": ".".join(str(part) for part in sys.version_info[:3])}
    for library in sorted(libraries & distributions.keys()):
        distribution = distributions[library][0]
        versions[distribution] = importlib.metadata.version(distribution)
    return versions


def _closure(module: str) -> set[str]:
    graph = _graph()
    return {
        name
        for name in {module, *graph.find_upstream_modules(module)}
        if name.split(".")[0] in PACKAGES
    }


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)


@cache
def _distributions() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


def _source(module: str) -> Path:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin)
