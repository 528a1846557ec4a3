"""Insert what programs say into the documentation: `python docs/render.py`.

A block between `<!-- begin NAME -->` and `<!-- end NAME -->` is replaced. A test renders the blocks
that are the same everywhere again and compares; the run's output holds measurements, so the test
compares its wording only.
"""

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

from slipstream.cli.main import main
from slipstream.config.optimize import OptimizeConfig

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = (
    *("optimize", "predict", "inspect", "export", "bench"),
    *("retrain", "rollback", "models", "up", "down", "clean"),
)
SHOWN = ("Stages", "Comparison", "Verdict")


def configuration() -> str:
    """Every config field: name, default, meaning."""
    lines = ["| field | default | meaning |", "|---|---|---|"]
    for section, part in OptimizeConfig.model_fields.items():
        for name, field in part.annotation.model_fields.items():
            default = f"`{field.default!r}`" if field.default != "" else "empty"
            lines.append(f"| `{section}.{name}` | {default} | {field.description} |")
    return "\n".join(lines)


def commands() -> str:
    """The help of every command, under a heading."""
    return "\n\n".join(
        f"## `slipstream {command}`\n\n```text\n{_help(command)}```" for command in COMMANDS
    )


def run_output() -> str:
    """What `make run` prints."""
    shown = subprocess.run(
        [Path(sys.executable).parent / "slipstream", "optimize"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "100"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    lines = (line.rstrip() for line in shown.splitlines())
    return "```text\n" + "\n".join(lines).replace(str(ROOT), "…") + "\n```"


def excerpt(output: str) -> str:
    """The parts of a run's output that the README shows."""
    parts = re.split(r"\n\n(?=\S)", output.removeprefix("```text\n").removesuffix("\n```"))
    shown = [part for part in parts if part.startswith(SHOWN)]
    return "```text\n" + "\n\n".join(shown) + "\n```"


def insert(path: Path, name: str, text: str) -> None:
    """Replace one block of a file."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    pattern = re.compile(f"{begin}.*?{end}", re.DOTALL)
    written, count = pattern.subn(lambda _: f"{begin}\n{text}\n{end}", path.read_text())
    if count != 1:
        raise SystemExit(f"{path} must have one block {name!r}, however: {count}")
    path.write_text(written)


def _help(command: str) -> str:
    os.environ["COLUMNS"] = "100"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        main([command, "--help"])
    return printed.getvalue()


if __name__ == "__main__":
    insert(ROOT / "docs/guide/configuration.md", "configuration", configuration())
    insert(ROOT / "docs/guide/command-line.md", "commands", commands())
    output = run_output()
    insert(ROOT / "docs/guide/output.md", "run output", output)
    insert(ROOT / "README.md", "run output", excerpt(output))
