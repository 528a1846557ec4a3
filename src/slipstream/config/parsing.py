"""Reading a config from a file or nested values, with every fault named."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from slipstream.config.optimize import OptimizeConfig
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import did_you_mean, quote, shorten

__all__ = ["parse_config", "read_toml"]


def read_toml(path: str | Path) -> dict[str, Any]:
    """Read a config file as a dictionary.

    Raises:
        InputError: the file cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(
            f"a config must be a readable file, however: {path}: {error.strerror}"
        ) from None
    except (ValueError, RecursionError) as error:  # not TOML, not UTF-8, or nested too deeply
        raise InputError(f"{path}: a config must be TOML, however: {shorten(error)}") from None


def parse_config(values: dict[str, Any]) -> OptimizeConfig:
    """Validate nested values as a config.

    Raises:
        InputError: a key is unknown, or a value breaks its rule; every fault is named.
    """
    try:
        return OptimizeConfig.model_validate(values)
    except ValidationError as error:
        faults = [_fault(dict(entry)) for entry in error.errors()]
        raise InputError("the config breaks a rule:\n" + "\n".join(faults)) from None


def _fault(entry: dict[str, Any]) -> str:
    field = ".".join(str(part) for part in entry["loc"]) or "config"
    if entry["type"] == "extra_forbidden":
        parent = entry["loc"][:-1]
        section: Any = OptimizeConfig
        for part in parent:
            section = section.model_fields[part].annotation
        meant = _meant(str(entry["loc"][-1]), section.model_fields)
        known = ", ".join(section.model_fields)
        return f"  {shorten(field)}: no such key; {meant}there are: {known}"
    if entry["type"] == "value_error":
        return f"  {field}: {entry['ctx']['error']}"
    return f"  {field}: {entry['msg'].lower()}, however: {quote(entry['input'])}"


def _meant(key: str, here: Iterable[str]) -> str:
    """Suggest a similar key of the same section, or the same key of another one."""
    elsewhere = [
        f"{name}.{key}"
        for name, field in OptimizeConfig.model_fields.items()
        if key in getattr(field.annotation, "model_fields", {})
    ]
    if elsewhere:
        return f"did you mean {' or '.join(map(quote, elsewhere))}? "
    return did_you_mean(key, here)
