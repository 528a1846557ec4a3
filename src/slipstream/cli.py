"""The console script: reads arguments, runs one command, and turns mistakes into one message.

Exit codes: 0 done; 1 a defect; 2 the user's input is at fault; 3 no variant met the budget;
130 interrupted.
"""

from __future__ import annotations

import argparse
import errno
import io
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from slipstream import __version__, load
from slipstream.arguments import Parser, split_names
from slipstream.checkout import check_password, check_room, home, prepare_environment, root
from slipstream.inspection import describe
from slipstream.predicting import Choices, predict
from slipstream.runtime import InputError, SlipstreamError
from slipstream.runtime.bundle import read
from slipstream.runtime.native import check_instruction_set
from slipstream.runtime.text import escape, quote, shorten

if TYPE_CHECKING:
    from pydantic_settings import CliSettingsSource

    from slipstream.config import DataConfig, OptimizeConfig
    from slipstream.report import Report, Retraining

__all__ = ["main"]

DONE, MISTAKE, NO_WINNER, INTERRUPTED = 0, 2, 3, 130
FULL = (errno.ENOSPC, errno.EDQUOT)
LISTS = (
    "A list is written with commas, or as the flag again: --model.hidden 64,32 is --model.hidden "
    "64 --model.hidden 32. A name with a comma is quoted: --data.drop 'age,\"income, gross\"'."
)
OWN = ("slipstream", "flows", "tasks", "bench")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # stops its Prefect server too
    try:
        return _run(given)
    except SlipstreamError as error:
        lines = map(escape, str(error).split("\n"))
        print("slipstream:", "\n".join(lines), file=sys.stderr)
        return MISTAKE
    except ModuleNotFoundError as error:
        library = (error.name or "slipstream").split(".")[0]
        if library in OWN:
            raise
        extra = "export" if library == "onnx" else "train"
        print(
            f"slipstream: this command needs more than the predictor, however: {error.name} is not "
            f"installed; run pip install 'slipstream[{extra}]'",
            file=sys.stderr,
        )
        return MISTAKE
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        _drop_output()
        return DONE
    except OSError as error:
        if error.errno not in FULL:
            raise
        _drop_output()
        print(
            f"slipstream: there must be room for what is written, however: {error.strerror}; make "
            "some where the output goes, and in SLIPSTREAM_HOME",
            file=sys.stderr,
        )
        return MISTAKE
    except KeyboardInterrupt:
        print("slipstream: interrupted; run the same command again to go on", file=sys.stderr)
        return INTERRUPTED


def _run(given: list[str]) -> int:
    """Run a command until its output has been taken.

    Raises:
        OSError: it has not been.
    """
    if sys.stdout is None:
        raise InputError(
            "the standard output must be open, however: it is closed; send it to a file, or to "
            f"{os.devnull}"
        )
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # what it cannot encode is escaped
    check_instruction_set()
    parser = _parser(given[0] if given else "")
    try:
        chosen = parser.parse_args(given)
        return int(chosen.run(chosen))
    finally:
        sys.stdout.flush()  # at the interpreter's end, it would be too late to say what is wrong


def _drop_output() -> None:
    """Let what is still buffered go nowhere, where the interpreter's end would try it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser(command: str) -> Parser:
    """The parser; only the command that is asked for pays for the flags of its config."""
    parser = Parser(
        prog="slipstream",
        description="A table and a latency budget in; the smallest, fastest good model out.",
    )
    parser.add_argument("--version", action="version", version=f"slipstream {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    optimize = commands.add_parser("optimize", help="run the pipeline on a table")
    retrain = commands.add_parser(
        "retrain", help="train a challenger; it replaces the champion if better"
    )
    configured = {"optimize": optimize, "retrain": retrain}
    for each in configured.values():
        each.epilog = LISTS
        each.add_argument("--config", metavar="FILE", help="a TOML file; flags win over it")
    optimize.add_argument(
        "--output", metavar="DIR", default="output", help="where the files go (default: output)"
    )
    optimize.set_defaults(run=_optimize)
    retrain.set_defaults(run=_retrain)
    if command in configured:
        configured[command].set_defaults(read_flags=_add_config_flags(configured[command]))

    _add_registry_commands(commands)

    answer = commands.add_parser("predict", help="answer rows with a bundle")
    answer.add_argument("bundle", help="a bundle file, or models:/NAME@ALIAS")
    answer.add_argument(
        "rows",
        help="a .csv, .csv.gz, .parquet, .json or .jsonl file, - for the standard input (CSV or "
        "JSON), or rows as JSON",
    )
    answer.add_argument(
        "--keep",
        metavar="NAMES",
        action="append",
        default=[],
        help="columns of the rows to put before the answers, with commas or one by one",
    )
    answer.add_argument(
        "--on-error",
        choices=["stop", "null"],
        default="stop",
        help="where a row is refused: stop, or leave its answer empty and go on (default: stop)",
    )
    answer.set_defaults(run=_predict)

    bench = commands.add_parser("bench", help="measure Slipstream beside other libraries")
    bench.add_argument("--quick", action="store_true", help="a smoke run; the README stays")
    bench.set_defaults(run=_bench)

    inspect = commands.add_parser("inspect", help="tell what a bundle is")
    inspect.add_argument("bundle", help="a bundle file, or models:/NAME@ALIAS")
    inspect.set_defaults(run=_inspect)

    export = commands.add_parser("export", help="write a bundle for another runtime")
    export.add_argument("bundle", help="a bundle file")
    export.add_argument("--format", required=True, choices=["onnx"], help="what to write")
    export.add_argument(
        "--output", metavar="FILE", help="where it goes (default: beside the bundle, as .onnx)"
    )
    export.set_defaults(run=_export)

    up = commands.add_parser("up", help="start the Prefect server, the MLflow server and a worker")
    up.add_argument("--detach", action="store_true", help="return when they run; stop with down")
    up.add_argument("--host", default="127.0.0.1", help="where they listen (default: 127.0.0.1)")
    up.add_argument("--prefect-port", type=_port, default=4200, metavar="N", help="default: 4200")
    up.add_argument("--mlflow-port", type=_port, default=5000, metavar="N", help="default: 5000")
    up.add_argument(
        "--reset-deployments",
        action="store_true",
        help="what was edited in Prefect gives way to prefect.yaml and automations.yaml",
    )
    up.set_defaults(run=_up)

    down = commands.add_parser("down", help="stop what up started")
    down.set_defaults(run=_down)

    clean = commands.add_parser("clean", help="remove stored results that no run has used lately")
    clean.add_argument("--keep-days", type=float, required=True, metavar="N", help="days to keep")
    clean.set_defaults(run=_clean)
    return parser


def _add_registry_commands(commands: argparse._SubParsersAction[Parser]) -> None:
    """`rollback` and `models`."""
    rollback = commands.add_parser("rollback", help="put the previous champion back")
    rollback.add_argument("model", help="name of the registered model")
    rollback.add_argument(
        "--reason", metavar="TEXT", default="", help="why, for the versions' tags"
    )
    rollback.add_argument("--tracking-uri", metavar="URI", help="MLflow store (default: mlruns/)")
    rollback.set_defaults(run=_rollback)

    models = commands.add_parser("models", help="list registered models and who is champion")
    models.add_argument("model", nargs="?", default="", help="one of them, and what happened to it")
    models.add_argument("--tracking-uri", metavar="URI", help="MLflow store (default: mlruns/)")
    models.set_defaults(run=_models)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"must be 1 to 65535, however: {quote(text)}")
    return int(text)


def _add_config_flags(parser: argparse.ArgumentParser) -> CliSettingsSource[Any]:
    """Make every config field a flag; the result reads them off the parsed arguments."""
    from pydantic_settings import CliSettingsSource

    from slipstream.config import RENAMED, OptimizeConfig

    for section, renamed in RENAMED.items():
        for old in renamed:
            parser.add_argument(
                f"--{section}.{old}", default=argparse.SUPPRESS, help=argparse.SUPPRESS
            )
    return CliSettingsSource(
        OptimizeConfig,  # type: ignore[arg-type]
        root_parser=parser,
        cli_avoid_json=True,
        cli_prog_name=parser.prog,
    )


def _read_config(chosen: argparse.Namespace) -> OptimizeConfig:
    from pydantic_settings import SettingsError

    from slipstream.config import parse_config, read_toml

    values = read_toml(chosen.config) if chosen.config else {}
    try:
        flags = chosen.read_flags(parsed_args=chosen)()
    except SettingsError as error:
        raise InputError(
            f"a flag must have a value of its type, however: {shorten(error)}"
        ) from None
    for section, fields in flags.items():
        written = values.get(section, {})
        if isinstance(written, dict):  # what is none is refused with the rest
            values[section] = {**written, **fields} if isinstance(fields, dict) else fields
    return parse_config(values)


def _optimize(chosen: argparse.Namespace) -> int:
    config = _read_config(chosen)
    output = _check_folder(Path(chosen.output))
    with _ready_for_flows(warnings=False):  # the report begins with them
        _try_small_table(config.data)
        from flows.optimize import optimize
        from tasks.embedded import start_server

        start_server()

    from slipstream.report import BudgetNotMetError, write_output
    from slipstream.store import open_store
    from slipstream.terminal.report import show_report

    try:
        report, code = cast("Report", optimize(config)), DONE
    except BudgetNotMetError as unmet:
        report, code = cast("Report", unmet.outcome), NO_WINNER
    files = write_output(report, output, open_store())
    show_report(report, files)
    return code


def _retrain(chosen: argparse.Namespace) -> int:
    config = _read_config(chosen)
    with _ready_for_flows(warnings=True):
        _try_small_table(config.data)
        from flows.retrain import retrain
        from tasks.embedded import start_server

        start_server()

    from slipstream.report import BudgetNotMetError
    from slipstream.terminal.report import show_retraining

    try:  # the data of whatever state it ends in
        retraining, code = cast("Retraining", retrain(config)), DONE
    except BudgetNotMetError as unmet:
        retraining, code = cast("Retraining", unmet.outcome), NO_WINNER
    show_retraining(retraining)
    return code


def _ready_for_flows(*, warnings: bool) -> AbstractContextManager[object]:
    """Prepare for a flow's import, which takes a while, and for what is shown of its run."""
    sys.path.insert(0, str(root()))
    prepare_environment()
    check_room()
    check_password()
    from slipstream.terminal.progress import show_stages
    from slipstream.terminal.report import starting

    show_stages(warnings=warnings)

    return starting("Prefect")


def _try_small_table(data: DataConfig) -> None:
    """Ingest a small table at once: Prefect takes ten seconds to start, most mistakes lie here."""
    from slipstream import ingestion, sources
    from slipstream.store import open_store

    if sources.is_small(data):
        ingestion.ingest(data, open_store())


def _rollback(chosen: argparse.Namespace) -> int:
    prepare_environment()
    from slipstream.config import TrackingConfig
    from slipstream.tracking.registry import Registry

    registry = Registry(chosen.model, chosen.tracking_uri or TrackingConfig().uri)
    left, back = registry.rollback(chosen.reason)
    print(f"{chosen.model}: version {left.number} is no longer champion, version {back} is again")
    return DONE


def _models(chosen: argparse.Namespace) -> int:
    prepare_environment()
    from slipstream.config import TrackingConfig
    from slipstream.terminal.models import show_models

    show_models(chosen.model, chosen.tracking_uri or TrackingConfig().uri)
    return DONE


def _check_folder(folder: Path) -> Path:
    """Refuse early where nothing could be written late; a run that fails leaves no folder."""
    try:
        nearest = next(each for each in (folder, *folder.absolute().parents) if each.exists())
        with tempfile.TemporaryFile(dir=nearest):
            return folder
    except OSError as error:
        raise InputError(
            f"--output must be a folder that can be written, however: {folder}: {error.strerror}; "
            "choose another"
        ) from None


def _predict(chosen: argparse.Namespace) -> int:
    choices = Choices(keep=split_names(chosen.keep), goes_on=chosen.on_error == "null")
    predict(load(chosen.bundle), chosen.rows, choices)
    return DONE


def _bench(chosen: argparse.Namespace) -> int:
    sys.path.insert(0, str(root()))
    prepare_environment()
    from bench.__main__ import main as measure

    return measure(["--quick"] if chosen.quick else [])


def _inspect(chosen: argparse.Namespace) -> int:
    title = chosen.bundle if chosen.bundle.startswith("models:/") else Path(chosen.bundle).name
    print("\n".join(describe(load(chosen.bundle), title)))
    return DONE


def _export(chosen: argparse.Namespace) -> int:
    from slipstream.onnx_export import to_onnx
    from slipstream.writing import write_atomically

    data = to_onnx(read(chosen.bundle))
    output = Path(chosen.output or f"{chosen.bundle.removesuffix('.safetensors')}.onnx")
    try:
        write_atomically(_replaceable(output, chosen.bundle), data)
    except OSError as error:
        raise InputError(
            f"--output must be a file that can be written, however: {output}: {error.strerror}; "
            "choose another"
        ) from None
    print(f"{output}  {len(data):,} bytes")
    return DONE


def _replaceable(output: Path, bundle: str) -> Path:
    """Where an output goes: a symlink's target, not in the link's place.

    Raises:
        OSError: a device, a pipe, a folder or the bundle itself would be lost.
    """
    target = Path(os.path.realpath(output))
    if target.exists() and not target.is_file():
        raise FileExistsError(errno.EEXIST, "it is no regular file")
    if target.exists() and target.samefile(bundle):
        raise FileExistsError(errno.EEXIST, "it is the bundle itself")
    return target


def _up(chosen: argparse.Namespace) -> int:
    from slipstream.config import TrackingConfig
    from slipstream.databases import MLFLOW_DATABASE
    from slipstream.pages import find_runs
    from slipstream.services import Services, start, stop, wait

    prepare_environment()
    services = Services(
        host=chosen.host, prefect_port=chosen.prefect_port, mlflow_port=chosen.mlflow_port
    )
    print("starting Prefect, MLflow and a worker …", flush=True)
    notes = start(services, reset=chosen.reset_deployments)
    addresses = services.addresses
    shown = (
        f"Prefect  {addresses.prefect}/deployments   choose optimize/optimize-table, then Run\n"
        f"MLflow   {find_runs(addresses.mlflow, TrackingConfig().experiment)}\n"
        f"logs     {home() / 'services'}\n"
    )
    if os.environ.get(MLFLOW_DATABASE):
        print(f"runs     are written there with tracking.uri = {addresses.mlflow}")
    for note in notes:
        print(f"note     {note}")
    if chosen.detach:
        print(f"{shown}they run in the background; stop them with: make down")
        return DONE
    try:
        print(f"{shown}press Ctrl-C to stop them", flush=True)
        wait()
    except KeyboardInterrupt:
        print("stopping …", flush=True)
    finally:
        stop()
    return DONE


def _down(chosen: argparse.Namespace) -> int:
    from slipstream.services import stop

    print("stopped" if stop() else "nothing ran")
    return DONE


def _clean(chosen: argparse.Namespace) -> int:
    from slipstream.cleaning import clean

    if not chosen.keep_days >= 0:
        raise InputError(f"--keep-days must be 0 or more, however: {chosen.keep_days}")
    removed = clean(chosen.keep_days)
    print(f"removed {removed.files} files, {removed.size_bytes:,} bytes")
    return DONE
