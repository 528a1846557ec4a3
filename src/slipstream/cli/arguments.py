"""An argument parser that reports mistakes in the usual form: rule, fact, way out."""

import argparse
import csv
from collections.abc import Sequence
from typing import Any, NoReturn, TypeAlias

from slipstream.runtime import InputError
from slipstream.runtime.text import did_you_mean, listing, quote

__all__ = ["Commands", "Parser", "split_names"]


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` that takes no abbreviations, and raises instead of exiting."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **settings})

    def error(self, message: str) -> NoReturn:
        """Raise the mistake that argparse has found.

        Raises:
            InputError: always.
        """
        raise InputError(f"{message}; {self.prog} --help lists the arguments")

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str], namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """As argparse does, but suggest what an unknown command or flag may have meant.

        Raises:
            InputError: there is no command, no such command, or no such flag.
        """
        if not args or not (args[0].startswith("-") or args[0] in self.commands):
            self._refuse_command(args)
        chosen, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self._refuse_arguments(self.commands[args[0]], unknown)
        return chosen

    @property
    def commands(self) -> dict[str, "Parser"]:
        """The commands' own parsers."""
        (action,) = (each for each in self._actions if isinstance(each, argparse._SubParsersAction))
        return dict(action.choices)

    def _refuse_command(self, args: Sequence[str]) -> NoReturn:
        rule = f"{self.prog} COMMAND … must name a command"
        if args:
            meant = did_you_mean(args[0], self.commands)
            raise InputError(
                f"{rule}, however: invalid choice: {quote(args[0])}; {meant}"
                f"there are {', '.join(self.commands)}"
            )
        raise InputError(
            f"{rule}, however: none was given; choose one of {', '.join(self.commands)}; "
            f"{self.prog} --help describes them, {self.prog} optimize runs the demo"
        )

    def _refuse_arguments(self, command: "Parser", unknown: Sequence[str]) -> NoReturn:
        known = [each for each in command._option_string_actions if each.startswith("--")]
        sections = {each.partition(".")[0] for each in known if "." in each}
        known = [each for each in known if each not in sections]  # they take JSON
        flags = [each.partition("=")[0] for each in unknown if each.startswith("-")]
        meant = "".join(_meant(flag, known) for flag in flags)
        raise InputError(
            f"every argument must be one of the command's, however: unrecognized arguments: "
            f"{' '.join(unknown)}; {meant}{command.prog} --help lists the arguments"
        )


# What a topic adds its commands to; argparse's class takes a type for type checkers only.
Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


def _meant(flag: str, known: Sequence[str]) -> str:
    """Suggest a similar flag, or one with this ending, as --training.epochs for --epochs."""
    same_end = [each for each in known if each.endswith(f".{flag.lstrip('-')}")]
    if same_end:
        return f"did you mean {listing(same_end)}? "
    return did_you_mean(flag, known)


def split_names(written: Sequence[str]) -> list[str]:
    """Names given with commas or one by one, each once; one with a comma is quoted."""
    cells = (cell.strip() for row in csv.reader(written, skipinitialspace=True) for cell in row)
    return list(dict.fromkeys(cells))
