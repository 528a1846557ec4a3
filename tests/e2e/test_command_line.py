import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import slipstream as library
from slipstream.artifacts.home import root
from tests.conftest import ALL_COMPUTED
from tests.e2e.conftest import Command

EXPORT = ("export", "output/demo.int8.safetensors", "--format", "onnx")


def test_the_main_job_says_it_all(demo_run: subprocess.CompletedProcess[str], place: Path) -> None:
    """The demo ends with trace, epochs, comparison, verdict, one row and the next commands."""
    assert demo_run.returncode == 0, demo_run.stderr
    # A busy machine makes the run say what it waits for.
    waiting = "Waiting for Prefect's server to start …\n"
    assert demo_run.stderr in ("", waiting)
    printed = demo_run.stdout
    headings = [
        "Stages",
        "Training",
        "training loss",
        "Comparison",
        "Waterfall",
        "Verdict",
        "Prediction",
        "Next",
    ]
    places = [printed.index(heading) for heading in headings]
    assert places == sorted(places)
    assert "1000 rows x 10 columns -> 1000 rows x 5 columns" in printed
    assert "Traceback" not in printed
    files = {path.name for path in (place / "output").iterdir()}
    assert files == {"demo.float32.safetensors", "demo.int8.safetensors", "report.json"}


def test_the_report_keeps_the_contract(
    demo_run: subprocess.CompletedProcess[str], place: Path
) -> None:
    """report.json has the keys that programs rely on, and says what the terminal says."""
    report = json.loads((place / "output" / "report.json").read_text())
    stages = report["stages"]
    names = [stage["stage"] for stage in stages]
    assert names == [*ALL_COMPUTED, "benchmark", "compare", "track"]
    assert all(set(stage) == {"stage", "cached", "seconds", "shape"} for stage in stages)
    assert [epoch["epoch"] for epoch in report["history"]][:2] == [1, 2]
    assert len(report["feature_mask"]["features"]) == 5
    assert set(report["comparison"]) == {"float32", "int8"}
    assert report["comparison"]["float32"].keys() == report["comparison"]["int8"].keys()
    assert set(report["verdict"]) == {"winner", "reason"}
    assert len(report["mlflow"]["run_id"]) == 32
    float32, int8 = report["comparison"]["float32"], report["comparison"]["int8"]
    assert float32["weights_bytes"] == 4 * int8["weights_bytes"]
    assert int8["tensors_bytes"] <= 0.40 * float32["tensors_bytes"]
    assert report["benchmark"]["changed_answers"] <= 1


def test_a_mistake_is_one_message(slipstream: Command, place: Path) -> None:
    """A wrong target ends with code 2, one message, no traceback and nothing written."""
    table = place / "people.csv"
    table.write_text("age,label\n1,yes\n2,no\n")
    done = slipstream(
        *("optimize", "--data.path", "people.csv", "--data.target", "lable"),
        *("--tracking.uri", f"sqlite:///{place}/none.db", "--output", "none"),
    )
    assert done.returncode == 2
    assert done.stderr.startswith("slipstream: data.target must be a column")
    assert done.stderr.count("did you mean 'label'") == 1
    assert "Traceback" not in done.stderr + done.stdout
    assert not (place / "none.db").exists()
    assert not any((place / "none").glob("*"))


def test_mistakes_in_a_small_table_are_reported_before_prefect_starts(tmp_path: Path) -> None:
    """Who mistypes a path or a target waits for the table to be read, and no longer."""
    table = tmp_path / "people.csv"
    table.write_text("age,label\n1,yes\n2,no\n")
    program = (
        "import sys\n"
        "from slipstream.cli.main import main\n"
        "code = main(['optimize', '--data.path', sys.argv[1], '--data.target', 'lable'])\n"
        "sys.exit(code if 'prefect' not in sys.modules else 'Prefect was imported')"
    )
    for path, expected in ((table, "did you mean 'label'"), (tmp_path / "no.csv", "not exist")):
        done = subprocess.run(
            [sys.executable, "-c", program, path],
            cwd=tmp_path,
            env={**os.environ, "SLIPSTREAM_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, expected in done.stderr) == (2, True), done.stderr


def test_a_prefect_server_that_cannot_start_is_one_message(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Its database is damaged: code 2, the reason, where to read more, and no traceback."""
    database = tmp_path / "home" / "prefect" / "prefect.db"
    database.parent.mkdir(parents=True)
    database.write_text("this is not a database" * 100)
    done = subprocess.run(
        [Path(sys.executable).parent / "slipstream", "optimize"],
        cwd=tmp_path,
        env={**environment, "SLIPSTREAM_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "Prefect's server must start, however: it ended with code 3" in done.stderr
    assert "file is not a database; see " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["optimize", "--features.k", "-1"], "features.k: .*however: '-1'"),
        (["optimize", "--feature.k", "1"], "arguments: --feature.k 1; did you mean '--features.k'"),
        (["optimize", "--features", "5"], "features: .*however: 5"),
        (["optimize", "--config", "absent.toml"], "absent.toml: No such file"),
        (["optimize", "--config", "bad.toml"], "features.kk: no such key; did you mean 'k'"),
        (["optimize", "--output", "people.csv/x"], "--output must be a folder"),
        (["inspect", "absent.safetensors"], "absent.safetensors: No such file"),
        (["predict", "output/demo.int8.safetensors", "absent.csv"], "does not exist"),
        (["predict", "output/demo.int8.safetensors", "{bad"], "must be a JSON object"),
        (
            ["predict", "output/demo.int8.safetensors", "{}"],
            "'feature_01', .* are missing from the row",
        ),
        (["predict", "output", "people.csv"], "it is a folder that has 'demo.float32.safetensors'"),
        (
            ["predict", "output/demo.int8.safetensors", "people.csv"],
            "must have the model's columns",
        ),
        (["export", "absent.safetensors", "--format", "onnx"], "absent.safetensors: No such file"),
        (["export", "people.csv", "--format", "onnx"], "people.csv: not a usable bundle"),
        (["export", "output/demo.int8.safetensors"], "required: --format"),
        ([*EXPORT, "--output", "people.csv/x.onnx"], "--output must be a file"),
        ([*EXPORT, "--output", "output"], "--output must be a file"),
        (["clean", "--keep-days", "-1"], "0 or more"),
        (["up", "--prefect-port", "65536"], "must be 1 to 65535, however: '65536'"),
        ([], "COMMAND"),
        (["optimise"], "invalid choice: 'optimise'; did you mean 'optimize'"),
    ],
)
def test_mistakes_end_with_code_2(
    demo_run: subprocess.CompletedProcess[str],
    slipstream: Command,
    place: Path,
    arguments: list[str],
    expected: str,
) -> None:
    """Wrong flags, files and values are reported in one message, with code 2."""
    import re

    (place / "bad.toml").write_text("[features]\nkk = 3\n")
    (place / "people.csv").write_text("age,label\n1,yes\n2,no\n")
    done = slipstream(*arguments)
    assert done.returncode == 2
    assert re.search(expected, done.stderr), done.stderr
    assert "Traceback" not in done.stderr


def test_flags_win_over_the_file(slipstream: Command, place: Path) -> None:
    """A flag replaces what the TOML file says, and leaves its other fields."""
    (place / "run.toml").write_text("[features]\nk = 3\nmethod = 'wrong'\n")
    done = slipstream("optimize", "--config", "run.toml", "--features.method", "wrong2")
    assert "'wrong2'" in done.stderr


def test_predict_and_inspect_need_the_bundle_only(
    demo_run: subprocess.CompletedProcess[str], slipstream: Command, place: Path
) -> None:
    """Both commands work on the file alone, and agree with the library."""
    bundle = "output/demo.int8.safetensors"
    model = library.load(place / bundle)
    row = dict.fromkeys(model.features, 5.0)
    answered = json.loads(slipstream("predict", bundle, json.dumps(row)).stdout)
    assert answered == {
        "probability": model.predict_one(row),
        "label": model.classes[model.predict_one(row) >= 0.5],
    }
    names = ["other", *model.features]
    cells = ["x", *(["5.0"] * len(model.features))]
    (place / "rows.csv").write_text(f"{','.join(names)}\n{','.join(cells)}\n")
    lines = slipstream("predict", bundle, "rows.csv").stdout.splitlines()
    assert lines == ["probability,label", f"{answered['probability']:.6f},{answered['label']}"]
    shown = slipstream("inspect", bundle).stdout
    assert "int8" in shown
    assert "5-32-32-1" in shown
    assert "feature_01" in shown


def test_predict_reads_a_pipe(
    demo_run: subprocess.CompletedProcess[str], environment: dict[str, str], place: Path
) -> None:
    """`… | slipstream predict BUNDLE - --keep id --on-error null`: as many lines as rows."""
    program = Path(sys.executable).parent / "slipstream"
    names = library.load(place / "output/demo.int8.safetensors").features
    table = f"id,{','.join(names)}\na,{',5' * len(names)}\nb,x{',5' * (len(names) - 1)}\n"
    done = subprocess.run(
        [program, "predict", "output/demo.int8.safetensors", "-", "--keep=id", "--on-error=null"],
        input=table.replace("a,,", "a,"),
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    header, first, second = done.stdout.splitlines()
    assert header == "id,probability,label"
    assert first.startswith("a,0.")
    assert second == "b,,"
    assert "1 of 2 rows has no answer" in done.stderr


def test_export_writes_a_file_that_another_runtime_runs(
    demo_run: subprocess.CompletedProcess[str], slipstream: Command, place: Path
) -> None:
    """The command names the file and its size; ONNX Runtime agrees with the library on a row."""
    import numpy as np
    import onnxruntime

    done = slipstream(*EXPORT)
    assert done.returncode == 0, done.stderr
    exported = place / "output" / "demo.int8.onnx"
    size_bytes = exported.stat().st_size
    assert done.stdout == f"output/demo.int8.onnx  {size_bytes:,} bytes\n"
    model = library.load(place / EXPORT[1])
    row = dict.fromkeys(model.features, np.array([[5.0]]))
    (answers,) = onnxruntime.InferenceSession(exported).run(["prediction"], row)
    assert abs(answers[0, 0] - model.predict_one([5.0] * len(row))) < 1e-6


def test_an_old_cache_can_be_cleaned(slipstream: Command) -> None:
    """`clean` says what it removed, and removes nothing that was used lately."""
    done = slipstream("clean", "--keep-days", "30")
    assert done.stdout == "removed 0 files, 0 bytes\n"


def test_the_help_names_every_field(slipstream: Command) -> None:
    """Every config field is a flag with its help."""
    from slipstream.config.optimize import OptimizeConfig

    shown = slipstream("optimize", "--help").stdout
    for section, field in OptimizeConfig.model_fields.items():
        for name in field.annotation.model_fields:
            assert f"--{section}.{name}" in shown.split()


def test_the_wheel_says_that_a_checkout_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Away from a checkout, running the pipeline is refused with the way out."""
    from slipstream.artifacts import home
    from slipstream.runtime import InputError

    assert (root() / "flows" / "optimize.py").exists()
    monkeypatch.setattr(home, "_ROOT", Path("/somewhere/site-packages"))
    with pytest.raises(InputError, match="needs a checkout"):
        home.root()
