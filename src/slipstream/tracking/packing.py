"""The package itself as a wheel, to travel with a model that it is needed to load.

No registry has a package of this name that is ours, so a model must not ask for one. What is packed
is what runs: the modules that were imported and the compiled predictor beside them. So nothing is
built or downloaded, and it takes milliseconds.

Format: https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

import base64
import hashlib
import importlib.metadata
import sys
import sysconfig
import zipfile
from pathlib import Path

import slipstream
from slipstream.runtime import native

__all__ = ["pack", "requirements"]

PACKAGE = Path(slipstream.__file__).parent
# What loading and serving a model imports besides this package and MLflow, which pins itself.
LIBRARIES = ("numpy", "pandas", "pyarrow", "safetensors")
TIME = (1980, 1, 1, 0, 0, 0)  # the first that a ZIP file knows: equal code, equal bytes


def requirements(wheel: Path) -> list[str]:
    """What pip installs in the model's folder: the wheel in it, and libraries as they are here.

    MLflow keeps what comes with a model in `code`.
    """
    pins = [f"{name}=={importlib.metadata.version(name)}" for name in LIBRARIES]
    return [f"code/{wheel.name}", *pins]


def pack(folder: Path) -> Path:
    """Write the wheel into a folder, and return its path."""
    installed = importlib.metadata.distribution("slipstream")
    metadata = installed.read_text("METADATA") or installed.read_text("PKG-INFO") or ""
    name, tag = f"slipstream-{installed.version}", _tag()
    contents = {
        f"slipstream/{path.relative_to(PACKAGE).as_posix()}": path.read_bytes()
        for path in sorted(PACKAGE.rglob("*"))
        if _is_installed(path)
    }
    contents[f"{name}.dist-info/METADATA"] = metadata.encode()
    contents[f"{name}.dist-info/WHEEL"] = (
        "Wheel-Version: 1.0\nGenerator: slipstream\n"
        f"Root-Is-Purelib: {str(tag.endswith('any')).lower()}\nTag: {tag}\n"
    ).encode()
    record = f"{name}.dist-info/RECORD"
    lines = [f"{path},sha256={_digest(data)},{len(data)}" for path, data in contents.items()]
    contents[record] = "\n".join([*lines, f"{record},,", ""]).encode()
    wheel = folder / f"{name}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as file:
        for path, data in contents.items():
            file.writestr(zipfile.ZipInfo(path, TIME), data, zipfile.ZIP_DEFLATED)
    return wheel


def _is_installed(path: Path) -> bool:
    """Whether a file of the package is a part of it, and not its C sources or caches."""
    compiled = sysconfig.get_config_var("EXT_SUFFIX") if native.backend == "compiled" else ".py"
    return path.name.endswith((".py", ".pyi", "py.typed", compiled))


def _tag() -> str:
    """Which Python and machine the wheel is for: any, unless it has the compiled predictor."""
    if native.backend != "compiled":
        return "py3-none-any"
    version = f"cp{sys.version_info.major}{sys.version_info.minor}"
    machine = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    return f"{version}-{version}-{machine}"


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
