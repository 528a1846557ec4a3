import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from slipstream import __version__
from slipstream.checkout import root
from slipstream.runtime import Predictor
from slipstream.runtime.bundle import read
from tests.conftest import Trained

PARTS = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "src")
CHECK = """
import sys, slipstream
from slipstream.runtime import backend, instruction_set
model = slipstream.load(sys.argv[1])
print(slipstream.__file__, backend, instruction_set, model.predict_one([40.0, "Oslo", 1.0, 1.0]))
print(model.predict([[40.0, "Oslo", 1.0, 1.0]] * 20)[19])
"""


def run(*command: str, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, installed from a wheel that was built from a source distribution."""
    folder = tmp_path_factory.mktemp("distribution")
    copy = folder / "copy"
    copy.mkdir()
    for part in PARTS:
        source = root() / part
        ignored = shutil.ignore_patterns("*.so", "*.egg-info", "__pycache__")
        if source.is_dir():
            shutil.copytree(source, copy / part, ignore=ignored)
        else:
            shutil.copy(source, copy / part)
    build = f"from setuptools.build_meta import build_sdist; build_sdist({str(folder)!r})"
    run("-c", build, cwd=copy)
    (source_distribution,) = folder.glob("*.tar.gz")
    with tarfile.open(source_distribution) as archive:
        assert any(name.endswith("runtime/_native.c") for name in archive.getnames())
    pip = ("-m", "pip", "--disable-pip-version-check")
    options = ("--no-deps", "--no-index", "--no-build-isolation")
    run(*pip, "wheel", *options, "-w", str(folder), str(source_distribution), cwd=folder)
    (wheel,) = folder.glob(f"slipstream-{__version__}-*.whl")
    target = folder / "installed"
    run(*pip, "install", *options, "--target", str(target), str(wheel), cwd=folder)
    shutil.rmtree(copy)
    return target


def test_the_wheel_predicts_without_the_source(installed: Path, mixed: Trained) -> None:
    """Source distribution, wheel and install bring the compiled predictor along."""
    file = mixed.store.path(mixed.bundles.int8.file)
    first, last = run(
        "-c", CHECK, str(file), cwd=installed.parent, PYTHONPATH=str(installed)
    ).splitlines()
    place, backend, instruction_set, answer = first.split()
    expected = Predictor(read(file), backend="numpy").predict_one([40.0, "Oslo", 1.0, 1.0])
    assert Path(place).is_relative_to(installed)
    assert backend == "compiled"
    assert instruction_set
    assert float(answer) == float(last) == pytest.approx(expected, abs=1e-12)


def test_the_wheel_holds_the_predictor_and_its_types(installed: Path) -> None:
    """The stub and the marker for type checkers are there; flows and tasks are not."""
    names = {path.name for path in (installed / "slipstream/runtime").iterdir()}
    assert {"_native.pyi", "native.py"} <= names
    assert (installed / "slipstream/py.typed").exists()
    assert not (installed / "flows").exists()
