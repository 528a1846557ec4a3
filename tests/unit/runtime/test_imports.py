import subprocess
import sys
from pathlib import Path

import pytest

from slipstream.runtime.bundle import dump
from tests.unit.runtime.people import people

HEAVY = ["torch", "pandas", "prefect", "mlflow", "sklearn", "pydantic", "scipy", "pyarrow"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "people.safetensors"
    path.write_bytes(dump(people()))
    return path


def run_fresh(code: str, *arguments: str) -> str:
    """Run code in a fresh interpreter and return what it prints."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_predicting_imports_numpy_and_safetensors_only(file: Path) -> None:
    """Import, load and a first prediction bring in none of the libraries that training needs."""
    code = (
        "import sys, slipstream\n"
        "model = slipstream.load(sys.argv[1])\n"
        "model.predict_one({'age': 40, 'city': 'Oslo', 'member': True})\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    loaded = set(run_fresh(code, str(file)).split())
    assert "numpy" in loaded
    assert not loaded & set(HEAVY)


def test_the_library_works_where_training_is_not_installed(file: Path) -> None:
    """With every heavy library hidden, loading still works, and the registry asks for mlflow."""
    code = (
        "import sys\n"
        f"for name in {HEAVY!r}: sys.modules[name] = None\n"
        "import slipstream\n"
        "model = slipstream.load(sys.argv[1])\n"
        "print(model.predict([[40.0, 'Oslo', 100.0, 1.0]]).shape)\n"
        "try: slipstream.load('models:/m@champion')\n"
        "except slipstream.InputError as error: print(error)"
    )
    printed = run_fresh(code, str(file))
    assert printed.startswith("(1,)")
    assert "pip install mlflow" in printed


@pytest.mark.parametrize("module", ["slipstream", "slipstream.runtime", "slipstream.cli"])
def test_importing_starts_nothing(module: str) -> None:
    """Importing the package, the predictor or the console script needs no training library."""
    code = f"import sys, {module}; print(*sorted(sys.modules))"
    assert not {name.split(".")[0] for name in run_fresh(code).split()} & set(HEAVY)
