"""The compiled predictor by another compiler, and under the sanitizers: builds of half a minute."""

import shutil
import subprocess
from pathlib import Path

import pytest

from slipstream.runtime.native import instruction_sets
from tests.unit.runtime.test_native import (
    RUNTIME,
    STRICT,
    compile_native,
    compiler,
    give_up,
    run_python,
)


def test_clang_agrees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built by Clang, without a warning, every instruction set gives numpy's answers."""
    if shutil.which("clang") is None:
        give_up("clang is not installed; on Debian: apt-get install clang")
    monkeypatch.setenv("CC", "clang")
    package = tmp_path / "slipstream"
    ignored = shutil.ignore_patterns("*.so", "__pycache__")
    shutil.copytree(RUNTIME.parent, package, ignore=ignored)
    compile_native(package / "runtime" / "_native.so", *STRICT)
    for name in instruction_sets:
        printed = run_python(
            *("-m", "tests.unit.runtime.agreement"), SLIPSTREAM_ISA=name, PYTHONPATH=f"{tmp_path}:."
        )
        assert printed.split() == [name, str(package / "runtime" / "_native.so")]


def test_damage_is_harmless_under_the_sanitizers(tmp_path: Path) -> None:
    """Damaged bundles, odd rows and odd arguments reach no memory that is not theirs."""
    sanitizers = [
        *("-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
        "-DCHUNK_BYTES=0",  # each array alone, so that reading past its end is seen
    ]
    library = compile_native(tmp_path / "_native.so", "-O1", "-g1", *sanitizers)
    preload = [
        subprocess.check_output([*compiler(), f"-print-file-name={each}.so"], text=True).strip()
        for each in ("libasan", "libubsan")
    ]
    if not all(Path(each).is_absolute() for each in preload):
        give_up("this compiler has no sanitizers")
    for name in instruction_sets:
        printed = run_python(
            *("tests/fuzz/runtime.py", "--native", str(library)),
            *("--bundles", "600", "--rows", "4000"),
            LD_PRELOAD=" ".join(preload),
            ASAN_OPTIONS="detect_leaks=0",  # Python's own
            SLIPSTREAM_ISA=name,
        )
        assert printed.startswith(f"{library} on {name}")
