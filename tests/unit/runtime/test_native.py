import os
import platform
import re
import shlex
import subprocess
import sys
import sysconfig
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from slipstream.runtime import (
    InputError,
    Predictor,
    backend,
    instruction_set,
    native,
    predictor,
)
from slipstream.runtime.bundle import dump, parse
from slipstream.runtime.native import instruction_sets
from tests.conftest import CHECKOUT
from tests.unit.runtime import agreement
from tests.unit.runtime.agreement import Shape, bundle_of, complete, raw_rows
from tests.unit.runtime.people import people

RUNTIME = Path(native.__file__).parent
SOURCES = sorted(RUNTIME.rglob("*.c"))  # those in csrc/ know nothing of Python
FLAGS = ["-std=c11", "-ffp-contract=off", "-fopenmp-simd", "-fvisibility=hidden", "-fPIC"]
STRICT = ["-O3", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
SHAPE = Shape(features=5, bins=24, hidden=[32, 32], outputs=1, rows=100, seed=0)


def compiler() -> list[str]:
    return shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")


def give_up(reason: str) -> NoReturn:
    """Skip a test that cannot run here, except in CI, where it must."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


def compile_native(into: Path, *flags: str) -> Path:
    """Build the compiled predictor; no file may warn."""
    return linked(compiled(into.parent / "objects", *flags), into, *flags)


def compiled(into: Path, *flags: str) -> list[Path]:
    """An object file of every C file; none may warn, and the kernels find no header of Python's."""
    binding = [f"-I{sysconfig.get_path('include')}", "-isystem", np.get_include()]
    objects = [(into / each.relative_to(RUNTIME)).with_suffix(".o") for each in SOURCES]
    for source, made in zip(SOURCES, objects, strict=True):
        made.parent.mkdir(parents=True, exist_ok=True)
        headers = () if made.parent.name == "csrc" else binding
        build(*FLAGS, *flags, *headers, "-c", str(source), "-o", str(made))
    return objects


def linked(objects: list[Path], into: Path, *flags: str) -> Path:
    build("-shared", *flags, *map(str, objects), "-o", str(into))
    return into


def build(*arguments: str) -> None:
    done = subprocess.run([*compiler(), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr


def run_python(*arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *arguments],
        cwd=CHECKOUT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def cpu_flags() -> set[str]:
    """What Linux says that the CPU can do."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return {
        flag
        for line in lines
        if line.startswith(("flags", "Features"))
        for flag in line.partition(":")[2].split()
    }


# What Linux must report for each instruction set, the best last.
NEEDS = {
    "baseline": set(),
    "avx2": {"avx2"},
    "avx512": {"avx512f", "avx512bw", "avx512vl", "avx512dq"},
    "avx512vnni": {"avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512_vnni"},
    "i8mm": {"i8mm"},
}


def test_the_compiled_predictor_was_built() -> None:
    """Where these tests run there is a compiler, so the best instruction set must be what runs."""
    assert backend == "compiled"
    assert instruction_set == os.environ.get("SLIPSTREAM_ISA", instruction_sets[-1])


@pytest.mark.skipif(not cpu_flags(), reason="needs Linux's /proc")
def test_every_instruction_set_of_the_machine_is_found() -> None:
    """What C finds is what Linux reports, so no CPU runs below what it can do."""
    assert set(instruction_sets) == {name for name, needs in NEEDS.items() if needs <= cpu_flags()}


def test_the_limits_are_those_of_the_format() -> None:
    """C and Python refuse the same models."""
    from slipstream.runtime import _native, limits

    for name in (each for each in limits.__all__ if each.startswith("MAX_")):
        assert getattr(_native, name) == getattr(limits, name)


def test_int8_equals_numpy_to_the_bit() -> None:
    """Before the link, the int8 answers of C and numpy are the same bits."""
    agreement.int8_is_bit_identical()


def test_logarithms_equal_numpy_to_the_bit() -> None:
    """A number whose log1p an int8 model gives has the same bits in C and numpy, and is finite."""
    agreement.logarithms_are_bit_identical()


def test_float32_stays_close_to_numpy() -> None:
    """Probabilities differ by less than 1e-6, regressions by 1e-5 of their standard deviation."""
    agreement.float32_is_close()


def test_a_row_answers_as_in_a_table() -> None:
    """A list, a dict, an array and a table's row get the same answer to the bit, in both."""
    agreement.a_row_answers_as_in_a_table()


def test_quantiles_never_cross() -> None:
    """A row's answers ascend, in C and numpy, of both precisions; int8's are the same bits."""
    agreement.quantiles_never_cross()


@pytest.mark.parametrize("outputs", [1, 9])
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_wide_layers_equal_numpy(precision, outputs: int) -> None:
    """Where float32 does not hold an int8 layer's sums, int8 answers are the same bits too."""
    bundle = bundle_of(Shape(5, 8, [700, 900], outputs, 0, 4), precision)
    rows = raw_rows(list(bundle.columns), 100, np.random.default_rng(4))
    compiled, logits = agreement.both(bundle, rows, "identity")
    if precision == "int8":
        assert np.array_equal(compiled, logits.astype(np.float64))
    tolerance = agreement.regression_tolerance(bundle, logits)
    np.testing.assert_allclose(compiled, logits, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", [each for each in instruction_sets if each != instruction_set])
def test_every_instruction_set_agrees(name: str) -> None:
    """Every other instruction set of this machine agrees with numpy in the same way."""
    printed = run_python("-m", "tests.unit.runtime.agreement", SLIPSTREAM_ISA=name, PYTHONPATH=".")
    assert native._native is not None
    assert printed.split() == [name, native._native.__file__]


def test_an_unsupported_instruction_set_is_reported() -> None:
    """An unsupported SLIPSTREAM_ISA is never ignored, and the console script reports it too."""
    code = (
        "import slipstream\n"
        "from tests.unit.runtime.people import people\n"
        "try: slipstream.Predictor(people())\n"
        "except slipstream.InputError as error: print(error)\n"
        "from slipstream.cli.main import main\n"
        "assert main(['down']) == 2"
    )
    printed = run_python("-c", code, SLIPSTREAM_ISA="mmx")
    assert printed.startswith("SLIPSTREAM_ISA must be one of ('baseline'")


def test_an_empty_instruction_set_is_ignored() -> None:
    """An empty SLIPSTREAM_ISA counts as unset."""
    code = "import slipstream.runtime; print(slipstream.runtime.instruction_set)"
    assert run_python("-c", code, SLIPSTREAM_ISA="").strip() == instruction_sets[-1]


def test_without_the_compiled_predictor_numpy_answers() -> None:
    """An install without a compiler answers in numpy and says so; asking for C is refused."""
    code = (
        "import sys; sys.modules['slipstream.runtime._native'] = None\n"
        "from slipstream.runtime import Predictor, InputError, backend, instruction_set\n"
        "from tests.unit.runtime.agreement import Shape, bundle_of\n"
        f"bundle = bundle_of({SHAPE}, 'int8', categorical=0)\n"
        "print(backend, instruction_set, Predictor(bundle).predict_one([0.5] * 5))\n"
        "try: Predictor(bundle, backend='compiled')\n"
        "except InputError as error: print(error)"
    )
    first, second = run_python("-c", code, PYTHONPATH=".").splitlines()
    alone = Predictor(bundle_of(SHAPE, "int8", categorical=0)).predict_one([0.5] * 5)
    assert first == f"numpy None {alone}"
    assert second.startswith("the compiled predictor must have been built, however")


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_every_task_answers_in_its_own_form(precision, outputs: int) -> None:
    """A regression answers numbers, a multiclass model a probability for each class."""
    bundle = parse(dump(bundle_of(Shape(3, 4, [8], outputs, 0, 1), precision)))
    rows = raw_rows(list(bundle.columns), 20, np.random.default_rng(0))
    compiled, plain = Predictor(bundle), Predictor(bundle, backend="numpy")
    assert (compiled.backend, plain.backend) == ("compiled", "numpy")
    for model in (compiled, plain):
        table = model.predict(rows)
        alone = [model.predict_one(row) for row in rows]
        assert model.predict(np.empty((0, 3), object)).shape == ((0,) if outputs == 1 else (0, 3))
        np.testing.assert_allclose(alone, table, rtol=1e-6, atol=1e-6)
        if outputs == 1:
            assert (model.task, model.classes, table.shape) == ("regression", [], (20,))
            assert type(alone[0]) is float
        else:
            assert (model.task, model.classes) == ("multiclass", ["0", "1", "2"])
            assert table.shape == (20, 3)
            assert type(alone[0]) is list
            np.testing.assert_allclose(table.sum(axis=1), 1)
    np.testing.assert_allclose(compiled.predict(rows), plain.predict(rows), rtol=1e-5, atol=1e-6)


class Blank(str):
    """A string of another class."""


@pytest.mark.parametrize(
    "row",
    [
        {"age": np.float32(40), "city": " Oslo ", "member": 1.0, "income": 5.0},
        {"age": np.int64(40), "city": Blank("Oslo"), "member": np.True_, "income": "?"},
        {"age": 40, "city": "Oslo", "member": True, "income": None, "other": object()},
        {"age": 10**400, "city": "never seen", "member": False},
        {"age": 40.0, "city": None, "member": 1},
    ],
)
def test_unusual_values_mean_in_c_what_they_mean_in_python(row: dict) -> None:
    """What C does not read itself, Python turns into what C reads: the answer is numpy's."""
    bundle = people()
    model, plain = Predictor(bundle), Predictor(bundle, backend="numpy")
    assert model.predict_one(row) == pytest.approx(plain.predict_one(row), abs=1e-12)
    listed = [row.get(name) for name in model.features]
    assert model.predict_one(listed) == model.predict_one(tuple(listed)) == model.predict_one(row)


def test_a_missing_value_is_refused_from_every_kind_of_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where training saw none missing, C leaves the row to Python, which names the column."""
    model = Predictor(complete(bundle_of(SHAPE, "int8", categorical=0)))
    name = model.features[1]
    row = np.zeros(5)
    row[1] = np.nan
    named = dict(zip(model.features, row.tolist(), strict=True))
    for each in (
        row,
        row.astype(np.float32),
        row.tolist(),
        tuple(row),
        named,
        {**named, name: None},
    ):
        with pytest.raises(InputError, match=f"column '{name}' must have a value"):
            model.predict_one(each)
    monkeypatch.setattr("slipstream.runtime.predictor.ROWS_A_THREAD", 1)
    for threads in (1, 2):
        with pytest.raises(InputError, match=f"column '{name}' must have a value.*row 50 "):
            model.predict(np.concatenate([np.zeros((49, 5)), row[None]]), threads=threads)


@pytest.mark.parametrize("threads", [0, -1, 1.5, "two", None, np.int64(0), np.float64(2)])
def test_threads_are_a_positive_number(threads) -> None:
    """Any other number of threads is refused."""
    model = Predictor(bundle_of(SHAPE, "int8", categorical=0))
    with pytest.raises(InputError, match="threads must be"):
        model.predict(np.zeros((3, 5)), threads=threads)


def test_threads_may_be_counted_by_numpy() -> None:
    """A whole number of numpy's is a number of threads like any other."""
    model = Predictor(bundle_of(SHAPE, "int8", categorical=0))
    table = np.random.default_rng(0).normal(size=(10_000, 5))
    assert model.predict(table, threads=np.int64(2)).tolist() == model.predict(table).tolist()


@pytest.mark.parametrize("threads_were_used", [False, True])
def test_a_table_is_answered_while_the_interpreter_ends(threads_were_used: bool) -> None:
    """Where no thread can be started any more, the one that asks answers all rows."""
    code = (
        "import atexit, numpy as np\n"
        "from slipstream.runtime import Predictor\n"
        "from tests.unit.runtime.agreement import Shape, bundle_of\n"
        f"model = Predictor(bundle_of({SHAPE}, 'int8', categorical=0))\n"
        "table = np.random.default_rng(0).normal(size=(10_000, 5))\n"
        "expected = model.predict(table).tolist()\n"
        f"model.predict(table, threads={1 + threads_were_used})\n"
        "def ask(): print(model.predict(table, threads=2).tolist() == expected)\n"
        "atexit.register(ask)"
    )
    assert run_python("-c", code, PYTHONPATH=".") == "True\n"


def test_a_table_is_answered_where_no_thread_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit on threads costs time and no answer, and once it is gone threads share again."""
    model = Predictor(bundle_of(SHAPE, "int8", categorical=0))
    table = np.random.default_rng(0).normal(size=(10_000, 5))
    expected = model.predict(table).tolist()

    def refuse(_: threading.Thread) -> NoReturn:
        raise RuntimeError("can't start new thread")

    predictor._pool.cache_clear()
    with monkeypatch.context() as limited:
        limited.setattr(threading.Thread, "start", refuse)
        assert model.predict(table, threads=2).tolist() == expected
    assert model.predict(table, threads=2).tolist() == expected
    assert any(each.name.startswith("slipstream") for each in threading.enumerate())


def test_threads_share_one_model() -> None:
    """Eight threads get the answers of one, from single rows and from tables at once."""
    bundle = bundle_of(SHAPE, "int8", categorical=0)
    model = Predictor(bundle)
    table = np.random.default_rng(0).normal(size=(5000, 5))
    rows = table[:500].tolist()
    expected = model.predict(table).tolist()

    def ask(_: int) -> bool:
        alone = [model.predict_one(row) for row in rows]
        return alone == expected[:500] and model.predict(table, threads=2).tolist() == expected

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(32)))


def test_memory_does_not_grow() -> None:
    """Ten million calls of every kind leave the process as large as it was, to a megabyte."""
    code = (
        "import gc, resource, numpy as np\n"
        "from slipstream.runtime import Predictor\n"
        "from tests.unit.runtime.agreement import Shape, bundle_of\n"
        "models = [Predictor(bundle_of(Shape(2, 3, [4], outputs, 0, 1), 'int8', categorical=0))"
        " for outputs in (1, 3)]\n"
        "rows = [[0.5, 1], (0.5, None), {'column 0': 0.1}, np.ones(2), [np.float32(1), 2.0]]\n"
        "def ask(count):\n"
        "    for model in models:\n"
        "        predict = model.predict_one\n"
        "        for row in rows:\n"
        "            for _ in range(count // 100 if row is rows[-1] else count): predict(row)\n"
        "        model.predict(np.ones((1000, 2)))\n"
        "        for _ in range(count // 1000): Predictor(model.bundle).predict_one(rows[0])\n"
        "def size():\n"
        "    pages = int(open('/proc/self/statm').read().split()[1])\n"
        "    return pages * resource.getpagesize()\n"
        "ask(20_000); gc.collect(); before = size()\n"
        "ask(1_250_000); gc.collect(); print(size() - before)"
    )
    if not Path("/proc/self/statm").exists():
        pytest.skip("needs Linux's /proc")
    assert int(run_python("-c", code, PYTHONPATH=".")) < 1 << 20


def test_a_model_is_freed_with_its_predictor() -> None:
    """A predictor has no reference cycle, so a server that reloads models keeps no old one."""
    import gc
    import weakref

    gc.disable()
    try:
        model = Predictor(bundle_of(SHAPE, "int8"))
        gone = weakref.ref(model)
        del model
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.source
def test_the_c_files_compile_without_warnings(tmp_path: Path, objects: list[Path]) -> None:
    """The strict warnings are errors, conversions included; and what they compile to links."""
    linked(objects, tmp_path / "strict.so")


@pytest.mark.source
def test_the_kernels_know_nothing_of_python(tmp_path: Path, objects: list[Path]) -> None:
    """csrc/ links without Python: it names nothing of Python's, and shows only what it prefixes."""
    kernels = [each for each in objects if each.parent.name == "csrc"]
    linked(kernels, tmp_path / "kernels.so", "-Wl,--no-undefined")
    # Of an object file: every name that is not static, and every one that it looks for.
    printed = subprocess.check_output(["nm", "--extern-only", *map(str, kernels)], text=True)
    symbols = [line.split()[-2:] for line in printed.splitlines() if " " in line]
    defined = {name for kind, name in symbols if kind in "BDRT"}
    assert {"slipstream_build", "slipstream_answer_table"} <= defined
    assert not [name for name in defined if not name.startswith("slipstream_")]
    assert not [name for _, name in symbols if name.startswith(("Py", "_Py"))]


@pytest.mark.source
@pytest.mark.skipif(platform.machine() != "x86_64", reason="these are x86-64's instructions")
@pytest.mark.parametrize(
    ("function", "instruction"),
    [
        ("one_int8_avx512vnni", "vpdpbusd"),
        ("one_narrow_int8_avx512vnni", "vpdpbusd"),
        ("many_dots_avx512vnni", "vpdpbusd"),
        ("many_dots_avx2", "vpmaddwd"),
        ("one_int8_avx512", "vpmaddwd"),
        ("one_narrow_int8_avx512", "vpmaddwd"),
        ("one_int8_avx2", "vpmaddwd"),
        ("one_narrow_int8_avx2", "vpmaddwd"),
    ],
)
def test_the_compiler_finds_the_dot_products(
    function: str, instruction: str, optimized: Path
) -> None:
    """A loop that GCC no longer recognises would take three times as long, and answer the same."""
    assert f"\t{instruction} " in disassembled(function, optimized)


@pytest.mark.source
@pytest.mark.skipif(platform.machine() != "x86_64", reason="these are x86-64's instructions")
@pytest.mark.parametrize("function", ["many_float32", "many_narrow_int8", "one_narrow_float32"])
@pytest.mark.parametrize("instruction_set", ["avx2", "avx512", "avx512vnni"])
def test_the_compiler_fuses_whole_vectors(
    function: str, instruction_set: str, optimized: Path
) -> None:
    """Products are added in one step, a vector at a time: no `fmaf` is left."""
    code = disassembled(f"{function}_{instruction_set}", optimized)
    assert re.search(r"\tvfmadd\d+ps ", code)
    assert not re.search(r"\tvfmadd\d+ss |fmaf", code)


def disassembled(function: str, library: Path) -> str:
    """The instructions of one function."""
    code = subprocess.check_output(
        ["objdump", "--disassemble=" + function, "--no-show-raw-insn", str(library)], text=True
    )
    assert f"<{function}>:" in code
    return code


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The C files as they are installed, for every test that looks at what they compile to."""
    return compiled(tmp_path_factory.mktemp("objects"), *STRICT)


@pytest.fixture(scope="module")
def optimized(objects: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled predictor as it is installed."""
    version = subprocess.check_output([*compiler(), "--version"], text=True)
    if "Free Software Foundation" not in version:
        pytest.skip("the expected instructions are those that GCC chooses")
    return linked(objects, tmp_path_factory.mktemp("optimized") / "_native.so")
