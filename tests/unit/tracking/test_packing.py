"""What a logged model needs to be loaded elsewhere comes with it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import mlflow
import pandas as pd
import pytest

import slipstream
from slipstream.reporting.record import TrackedRun
from slipstream.runtime import native
from slipstream.tracking.packing import pack

LOAD = """
import sys, mlflow, pandas, slipstream
model = mlflow.pyfunc.load_model(sys.argv[1])
print(slipstream.__file__, slipstream.runtime.backend)
print(model.predict(pandas.DataFrame([{"age": 40.0, "member": True}])).tolist())
"""


@pytest.fixture(scope="module")
def folder(tracked: TrackedRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A logged model, downloaded as a server would."""
    uri = f"runs:/{tracked.variants['int8']}/model"
    return Path(
        mlflow.artifacts.download_artifacts(
            uri,
            dst_path=str(tmp_path_factory.mktemp("model")),
            tracking_uri=tracked.tracking_uri,
        )
    )


def test_nothing_of_our_name_is_asked_of_a_registry(folder: Path) -> None:
    """Each requirement is a file that is in the model's folder, or a pinned library."""
    lines = (folder / "requirements.txt").read_text().split()
    ours = [line for line in lines if "slipstream" in line]
    assert len(ours) == 1
    assert (folder / ours[0]).is_file()
    assert {line.split("==")[0] for line in lines} - set(ours) == {
        *("mlflow", "numpy", "pandas", "pyarrow", "safetensors")
    }
    assert "- slipstream" not in (folder / "conda.yaml").read_text()


def test_an_environment_of_the_models_own_loads_it(folder: Path, tmp_path: Path) -> None:
    """The wheel is installed as pip would in the model's folder, and answers with its own code."""
    python = tmp_path / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path], check=True)
    (wheel,) = (folder / "code").glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    install = ["--python", python, "install", "--no-deps", "--no-index", f"code/{wheel.name}"]
    subprocess.run([*pip, *install], cwd=folder, check=True)
    find = "import sysconfig; print(sysconfig.get_path('purelib'))"
    place = subprocess.check_output([python, "-c", find], text=True).strip()
    # The other libraries are this environment's; pip would have to fetch them.
    lent = [each for each in sys.path if each.endswith("site-packages")]
    (Path(place) / "lent.pth").write_text("\n".join([*lent, ""]))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    printed = subprocess.check_output(
        [python, "-W", "ignore", "-c", LOAD, folder], text=True, cwd=tmp_path, env=environment
    )
    code, answers = printed.splitlines()
    assert code == f"{place}/slipstream/__init__.py {native.backend}"
    here = mlflow.pyfunc.load_model(str(folder))
    assert answers == str(here.predict(pd.DataFrame([{"age": 40.0, "member": True}])).tolist())


def test_equal_code_makes_equal_wheels(tmp_path: Path) -> None:
    """Nothing of the time or the place is in it, nor what only builds or caches."""
    (tmp_path / "other").mkdir()
    one, other = pack(tmp_path), pack(tmp_path / "other")
    assert one.read_bytes() == other.read_bytes()
    names = zipfile.ZipFile(one).namelist()
    assert {Path(name).suffix for name in names} <= {".py", ".pyi", ".typed", ".so", ".pyd", ""}
    assert "slipstream/pyfunc.py" in names
    assert not any("__pycache__" in name for name in names)


def test_without_a_compiled_predictor_it_is_for_any_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The numpy predictor runs everywhere, so the wheel installs everywhere."""
    monkeypatch.setattr(native, "backend", "numpy")
    wheel = pack(tmp_path)
    assert wheel.name == f"slipstream-{slipstream.__version__}-py3-none-any.whl"
    assert not [each for each in zipfile.ZipFile(wheel).namelist() if "_native.c" in each]
