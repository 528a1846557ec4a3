"""The console script: reads arguments and runs one command."""

import sys
from collections.abc import Sequence

from slipstream import __version__
from slipstream.cli import bundles, checkout, models, pipeline, servers
from slipstream.cli.arguments import Parser
from slipstream.cli.exits import exit_code
from slipstream.runtime.native import check_instruction_set

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)

    def command() -> int:
        check_instruction_set()
        chosen = _parser(given[0] if given else "").parse_args(given)
        return int(chosen.run(chosen))

    return exit_code(command)


def _parser(given: str) -> Parser:
    parser = Parser(
        prog="slipstream",
        description="A table and a latency budget in; the smallest, fastest good model out.",
    )
    parser.add_argument("--version", action="version", version=f"slipstream {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    pipeline.add_commands(commands, given)
    for topic in (models, bundles, servers, checkout):
        topic.add_commands(commands)
    return parser
