"""What holds in an environment where the wheel is installed; run by `make wheel`."""

import subprocess
import sys
from pathlib import Path

import pytest

import slipstream
from slipstream.artifacts.home import root
from slipstream.runtime import InputError, _native, backend
from tests.conftest import CHECKOUT

PACKAGE = Path(slipstream.__file__).parent


def test_the_wheel_is_what_is_tested() -> None:
    """Package and compiled predictor are the environment's; here are tests, and no sources."""
    assert PACKAGE.is_relative_to(sys.prefix)
    assert Path(_native.__file__).parent == PACKAGE / "runtime"
    assert backend == "compiled"
    assert not (CHECKOUT / "src").exists()


def test_processes_that_tests_start_import_the_wheel() -> None:
    """What holds for this process holds for those that tests start here."""
    code = "import slipstream; print(slipstream.__file__)"
    printed = subprocess.check_output([sys.executable, "-c", code], cwd=CHECKOUT, text=True)
    assert printed.strip() == slipstream.__file__


def test_the_wheel_brings_the_package_only() -> None:
    """The types of the predictor and the marker for type checkers are there; flows are not."""
    assert (PACKAGE / "runtime" / "_native.pyi").exists()
    assert (PACKAGE / "py.typed").exists()
    assert not [name for name in ("flows", "tasks", "tests") if (PACKAGE.parent / name).exists()]


def test_commands_that_need_a_checkout_say_so() -> None:
    """The wheel has no flows, so what runs them names the way out."""
    with pytest.raises(InputError, match="needs a checkout"):
        root()
