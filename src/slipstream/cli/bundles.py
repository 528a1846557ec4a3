"""The commands that take a bundle: `predict`, `inspect`, `export`."""

import argparse
import errno
import os
from pathlib import Path

from slipstream import load
from slipstream.cli.arguments import Commands, split_names
from slipstream.cli.exits import DONE
from slipstream.cli.predict import Choices, predict
from slipstream.reporting.inspection import describe
from slipstream.runtime import InputError
from slipstream.runtime.bundle import read

__all__ = ["add_commands"]


def add_commands(commands: Commands) -> None:
    """Add the commands' parsers."""
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
    answer.add_argument(
        "--encoding",
        default="",
        help="of a text file, such as cp1252 (default: UTF-8, or what a byte-order mark says)",
    )
    answer.set_defaults(run=_predict)

    inspect = commands.add_parser("inspect", help="describe a bundle")
    inspect.add_argument("bundle", help="a bundle file, or models:/NAME@ALIAS")
    inspect.set_defaults(run=_inspect)

    export = commands.add_parser("export", help="write a bundle for another runtime")
    export.add_argument("bundle", help="a bundle file")
    export.add_argument("--format", required=True, choices=["onnx"], help="what to write")
    export.add_argument(
        "--output", metavar="FILE", help="where it goes (default: next to the bundle, as .onnx)"
    )
    export.set_defaults(run=_export)


def _predict(chosen: argparse.Namespace) -> int:
    choices = Choices(
        keep=split_names(chosen.keep),
        goes_on=chosen.on_error == "null",
        encoding=chosen.encoding,
    )
    predict(load(chosen.bundle), chosen.rows, choices)
    return DONE


def _inspect(chosen: argparse.Namespace) -> int:
    model = load(chosen.bundle)
    if chosen.bundle.startswith("models:/"):
        lines = describe(model, chosen.bundle)
    else:
        file = Path(chosen.bundle)
        lines = describe(model, file.name, file_bytes=file.stat().st_size)
    print("\n".join(lines))
    return DONE


def _export(chosen: argparse.Namespace) -> int:
    from slipstream.artifacts.files import write_atomically
    from slipstream.export.onnx_graph import to_onnx

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
    """The file to write: a symlink's target, so that the link is not replaced.

    Raises:
        OSError: a device, a pipe, a folder or the bundle itself would be overwritten.
    """
    target = Path(os.path.realpath(output))
    if target.exists() and not target.is_file():
        raise FileExistsError(errno.EEXIST, "it is not a regular file")
    if target.exists() and target.samefile(bundle):
        raise FileExistsError(errno.EEXIST, "it is the bundle itself")
    return target
