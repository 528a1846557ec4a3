"""Builds both distributions and tests what they install, where no sources are: `make wheel`.

1. `dist/` gets the source distribution, and the wheel that is built from it.
2. The wheel passes tests/unit beside the libraries of this environment.
3. The wheel passes tests/unit/runtime beside what pip installs for it: numpy and safetensors. This
   is what `pip install slipstream` promises. pip needs the network, or a wheelhouse.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
# What tests/unit read besides the package: everything but src.
PARTS = (
    *("tests", "tasks", "flows", "bench", "configs", "docs"),
    *("pyproject.toml", "prefect.yaml", "automations.yaml"),
)
PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
LOCAL = ("--no-deps", "--no-index")
TESTS = ("-m", "pytest", "-m", "not source", "tests/wheel")


def main() -> None:
    """Build, then test in two environments; the first failure ends it."""
    dist = CHECKOUT / "dist"
    wheel = build(dist)
    with tempfile.TemporaryDirectory(prefix="slipstream-wheel-") as name:
        copy = Path(name) / "checkout"
        copy_without_sources(copy)

        beside = new_environment(Path(name) / "beside")
        run(*PIP, "--python", beside, "install", *LOCAL, wheel, cwd=dist)
        lend_libraries(beside)
        run(beside, *TESTS, "tests/unit", "--numprocesses", "2", "--dist", "loadfile", cwd=copy)

        alone = new_environment(Path(name) / "alone")
        exact = ("--constraint", CHECKOUT / "constraints.txt")
        run(*PIP, "--python", alone, "install", *exact, wheel, "pytest", "hypothesis", cwd=dist)
        strict = ("-o", "filterwarnings=error")  # and not pyproject's, which name libraries
        run(alone, *TESTS, "tests/unit/runtime", *strict, cwd=copy)


def build(dist: Path) -> Path:
    """Fill `dist` again; returns the wheel."""
    shutil.rmtree(dist, ignore_errors=True)
    make = f"from setuptools.build_meta import build_sdist; build_sdist({str(dist)!r})"
    run(sys.executable, "-c", make, cwd=CHECKOUT, stdout=subprocess.DEVNULL)
    (source,) = dist.glob("*.tar.gz")
    run(*PIP, "wheel", *LOCAL, "--no-build-isolation", "--wheel-dir", dist, source, cwd=dist)
    (wheel,) = dist.glob("*.whl")
    return wheel


def copy_without_sources(copy: Path) -> None:
    """Make a checkout that has the tests and what they read, and no src."""
    copy.mkdir()
    for part in PARTS:
        source = CHECKOUT / part
        if source.is_dir():
            shutil.copytree(source, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / part)


def new_environment(folder: Path) -> Path:
    """Make an empty virtual environment; returns its Python."""
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    return folder / "bin" / "python"


def lend_libraries(python: Path) -> None:
    """Let an environment import this one's libraries, but not what is installed editable here."""
    find = "import sysconfig; print(sysconfig.get_path('purelib'))"
    place = subprocess.check_output([python, "-c", find], text=True).strip()
    (Path(place) / "lent.pth").write_text(f"{sysconfig.get_path('purelib')}\n")


def run(*command: str | Path, cwd: Path, stdout: int | None = None) -> None:
    """Run a command without the caller's PYTHONPATH; where it fails, so do we."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=cwd, env=environment, stdout=stdout, check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
