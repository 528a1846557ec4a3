import os
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from slipstream.artifacts import home as places
from slipstream.artifacts.home import home
from slipstream.runtime import InputError


def test_home_is_private_where_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new home is accessible to its owner only; an existing folder keeps its mode."""
    tmp_path.chmod(0o750)
    for folder, mode in ((tmp_path, 0o750), (tmp_path / "new", 0o700)):
        monkeypatch.setenv("SLIPSTREAM_HOME", str(folder))
        assert stat.S_IMODE(home().stat().st_mode) == mode


@pytest.mark.parametrize("name", ["file", "file/below", "x" * 300])
def test_an_unusable_home_is_reported(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file, a folder below one and an impossible name end in a message that names them."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("SLIPSTREAM_HOME", str(tmp_path / name))
    with pytest.raises(InputError, match=f"{name}: .*name another with SLIPSTREAM_HOME"):
        home()


def test_a_read_only_home_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home that exists but cannot be written to is refused."""
    monkeypatch.setenv("SLIPSTREAM_HOME", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(InputError, match="it cannot be written"):
        home()


def test_a_run_needs_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is reported before anything starts; one with room is accepted."""
    places.check_room()
    full = SimpleNamespace(free=places.ROOM_BYTES - 1)
    monkeypatch.setattr(places.shutil, "disk_usage", lambda path: full)
    with pytest.raises(InputError, match="of room for a run, however: .* has 33,554,431"):
        places.check_room()
