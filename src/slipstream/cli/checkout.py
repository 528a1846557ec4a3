"""The commands for a checkout itself: `bench`, `clean`."""

import argparse
import sys

from slipstream.artifacts.home import root
from slipstream.cli.arguments import Commands
from slipstream.cli.exits import DONE
from slipstream.operations.environment import prepare_environment
from slipstream.runtime import InputError

__all__ = ["add_commands"]


def add_commands(commands: Commands) -> None:
    """Add the commands' parsers."""
    bench = commands.add_parser("bench", help="compare Slipstream with other libraries")
    bench.add_argument("--quick", action="store_true", help="a smoke run; the README stays")
    bench.set_defaults(run=_bench)

    clean = commands.add_parser("clean", help="remove stored results that no run has used lately")
    clean.add_argument("--keep-days", type=float, required=True, metavar="N", help="days to keep")
    clean.set_defaults(run=_clean)


def _bench(chosen: argparse.Namespace) -> int:
    sys.path.insert(0, str(root()))
    prepare_environment()
    from bench.__main__ import main as measure

    return measure(["--quick"] if chosen.quick else [])


def _clean(chosen: argparse.Namespace) -> int:
    from slipstream.artifacts.cleaning import clean

    if not chosen.keep_days >= 0:
        raise InputError(f"--keep-days must be 0 or more, however: {chosen.keep_days}")
    removed = clean(chosen.keep_days)
    print(f"removed {removed.files} files, {removed.size_bytes:,} bytes")
    return DONE
