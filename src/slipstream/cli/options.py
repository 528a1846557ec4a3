"""Flags of a config: one for every field of every section."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from slipstream.runtime import InputError
from slipstream.runtime.text import shorten

if TYPE_CHECKING:
    from pydantic_settings import CliSettingsSource

    from slipstream.config.optimize import OptimizeConfig

__all__ = ["add_config", "read_config"]

LISTS = (
    "A list is written with commas, or by repeating the flag: --model.hidden 64,32 is "
    "--model.hidden 64 --model.hidden 32. A name with a comma is quoted: "
    "--data.drop 'age,\"income, gross\"'. Pairs are written with =: --data.types zip=category."
)


def add_config(parser: argparse.ArgumentParser, *, with_flags: bool) -> None:
    """Let a command take a config: a file and, where asked for, a flag for each field."""
    parser.epilog = LISTS
    parser.add_argument("--config", metavar="FILE", help="a TOML file; flags override it")
    if with_flags:
        parser.set_defaults(read_flags=_add_flags(parser))


def _add_flags(parser: argparse.ArgumentParser) -> CliSettingsSource[Any]:
    """Make every config field a flag; the result reads them off the parsed arguments."""
    from pydantic_settings import CliSettingsSource

    from slipstream.config.optimize import OptimizeConfig
    from slipstream.config.quantization import RENAMED

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


def read_config(chosen: argparse.Namespace) -> OptimizeConfig:
    """The config that the file and the flags give together.

    Raises:
        InputError: the file cannot be read, or a value breaks its rule.
    """
    from pydantic_settings import SettingsError

    from slipstream.config.parsing import parse_config, read_toml

    values = read_toml(chosen.config) if chosen.config else {}
    try:
        flags = chosen.read_flags(parsed_args=_spelled_out_flag(chosen))()
    except SettingsError as error:
        raise InputError(
            f"a flag must have a value of its type, however: {shorten(error)}"
        ) from None
    for section, fields in flags.items():
        written = _spelled_out(section, values.get(section, {}))
        given = _spelled_out(section, fields)
        if isinstance(written, dict):  # anything else is refused with the rest
            values[section] = {**written, **given} if isinstance(given, dict) else given
    return parse_config(values)


def _spelled_out_flag(chosen: argparse.Namespace) -> argparse.Namespace:
    """The flags with `--search off` as `--search.mode off`: sections are else read as JSON."""
    given = dict(vars(chosen))
    mode = given.pop("search", None)
    return argparse.Namespace(**({"search.mode": mode} if isinstance(mode, str) else {}) | given)


def _spelled_out(section: str, given: Any) -> Any:
    """A section as its fields: the search may be given by its mode alone."""
    return {"mode": given} if section == "search" and isinstance(given, str) else given
