"""The compiled predictor on aarch64: built by a cross compiler, run by an emulator.

Debian's arm64 packages are unpacked into a temporary folder; nothing of them is installed.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from slipstream.artifacts.home import root
from tests.unit.runtime.test_native import FLAGS, STRICT, give_up

TOOLS = ("aarch64-linux-gnu-gcc", "qemu-aarch64", "apt-get", "dpkg")
PACKAGES = "gcc-aarch64-linux-gnu qemu-user"


def run(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=root(),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def unpack_python(folder: Path) -> Path:
    """Debian's Python for arm64, with its headers, the C library and all that these need."""
    system = folder / "system"
    for part in ("lists/partial", "cache/archives/partial", "system"):
        (folder / part).mkdir(parents=True)
    (folder / "status").touch()  # nothing is installed: everything is fetched
    options = {
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Sandbox::User": "",
        "Debug::NoLocking": "1",
        "Dir::Cache": folder / "cache",
        "Dir::State::Lists": folder / "lists",
        "Dir::State::status": folder / "status",
    }
    apt = ["apt-get", *(f"-o{key}={value}" for key, value in options.items())]
    run(*apt, "update")
    run(*apt, "install", "-y", "--download-only", "--no-install-recommends", "libpython3-dev",
        "python3", "libstdc++6")  # fmt: skip
    for package in (folder / "cache/archives").glob("*.deb"):
        run("dpkg", "--extract", package, system)
    return system


@dataclass(frozen=True)
class Emulated:
    """A Python for aarch64, with the predictor and what it needs."""

    system: Path
    python: Path
    packages: Path
    library: Path

    def __call__(self, cpu: str, *arguments: str) -> str:
        paths = f"PYTHONPATH={self.packages}:{root()}"
        command = ("qemu-aarch64", "-cpu", cpu, "-L", self.system, "-E", paths, self.python)
        return run(*command, "-W", "ignore", *arguments, PYTHONDONTWRITEBYTECODE="1")


def fetch(folder: Path) -> Emulated:
    """Debian's Python, and the wheels that the predictor and its tests import."""
    system, packages = unpack_python(folder), folder / "packages"
    python = (system / "usr/bin/python3").resolve()
    version = python.name.removeprefix("python")
    run(sys.executable, "-m", "pip", "install", "--quiet", "--target", packages,
        "--platform=manylinux2014_aarch64", "--platform=manylinux_2_28_aarch64",
        "--only-binary=:all:", f"--python-version={version}", "--constraint=constraints.txt",
        "numpy", "safetensors", "hypothesis")  # fmt: skip
    return Emulated(system, python, packages, packages / "slipstream/runtime/_native.so")


def build(emulated: Emulated) -> None:
    """Put Slipstream beside the wheels; the C file must not warn."""
    packages, headers = emulated.packages, emulated.system / "usr/include"
    ignored = shutil.ignore_patterns("*.so", "__pycache__")
    shutil.copytree(root() / "src/slipstream", packages / "slipstream", ignore=ignored)
    run("aarch64-linux-gnu-gcc", f"--sysroot={emulated.system}", *FLAGS, *STRICT,
        "-fPIC", "-shared",
        f"-I{headers}", f"-I{headers / emulated.python.name}",
        "-isystem", packages / "numpy/_core/include",
        packages / "slipstream/runtime/_native.c", "-o", emulated.library)  # fmt: skip


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Emulated:
    if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
        give_up(f"{missing} not installed; on Debian: apt-get install {PACKAGES}")
    try:
        fetched = fetch(tmp_path_factory.mktemp("aarch64"))
    except AssertionError as error:
        give_up(f"the packages for aarch64 cannot be fetched: {error}")
    build(fetched)
    return fetched


@pytest.mark.parametrize(("cpu", "expected"), [("max", "i8mm"), ("cortex-a72", "baseline")])
def test_the_compiled_predictor_agrees_with_numpy(
    emulated: Emulated, cpu: str, expected: str
) -> None:
    """The CPU's best instruction set is what runs; int8 equals numpy to the bit."""
    printed = emulated(cpu, "-m", "tests.unit.runtime.agreement")
    assert printed.split() == [expected, str(emulated.library)]


def test_damage_is_harmless(emulated: Emulated) -> None:
    """Damaged bundles and odd rows are answered or refused."""
    printed = emulated("max", "tests/fuzz/runtime.py", "--bundles", "1000", "--rows", "10000")
    assert printed.startswith(f"{emulated.library} on i8mm")


def test_i8mm_is_used(emulated: Emulated) -> None:
    """GCC finds the dot product of bytes in a plain loop."""
    assert "\tusdot\t" in run("aarch64-linux-gnu-objdump", "--disassemble", emulated.library)
