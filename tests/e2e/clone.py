"""A clone of the checkout, as a newcomer has it: its own code, home and MLflow store."""

import shutil
import sys
import sysconfig
import venv
from pathlib import Path

from slipstream.artifacts.home import root

# What a clone has and `make` needs, and nothing that runs left in the checkout.
KEPT = (
    *("src", "flows", "tasks", "configs", "mlruns/.gitkeep", "Makefile", "setup.py"),
    *("pyproject.toml", "constraints.txt", "prefect.yaml", "automations.yaml"),
)
NEVER = shutil.ignore_patterns("__pycache__", "*.egg-info")


def clone_checkout(folder: Path) -> Path:
    """Copy the checkout, with a `.venv` that `make` takes for set up.

    The libraries are this installation's, because installing them again takes minutes.
    """
    place = folder / "slipstream"
    for name in KEPT:
        source, target = root() / name, place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=NEVER)
        else:
            shutil.copy2(source, target)
    _make_environment(place)
    return place


def _make_environment(place: Path) -> None:
    target = place / ".venv"
    venv.EnvBuilder(with_pip=False, symlinks=True).create(target)
    libraries = sysconfig.get_path("purelib")
    inside = Path(sysconfig.get_path("purelib", vars={"base": str(target)}))
    # In this order: the clone's own code is found before the installed one's.
    (inside / "clone.pth").write_text(f"{place / 'src'}\n{libraries}\n")
    ours = Path(sys.executable).parent
    for script in ours.iterdir():
        if script.is_file() and not (target / "bin" / script.name).exists():
            head, _, body = script.read_bytes().partition(b"\n")
            if head.startswith(f"#!{ours}".encode()):
                copy = target / "bin" / script.name
                copy.write_bytes(f"#!{target}/bin/python\n".encode() + body)
                copy.chmod(0o755)
    for stamp in (".ready", ".built"):
        (target / stamp).touch()
