import os
import stat
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from slipstream.artifacts import cleaning
from slipstream.artifacts import home as places
from slipstream.artifacts.files import write_atomically
from slipstream.artifacts.home import home
from slipstream.artifacts.opening import open_store
from slipstream.artifacts.references import Bundles
from slipstream.artifacts.store import Store
from slipstream.artifacts.values import blobs
from slipstream.runtime import InputError
from tests.conftest import Trained


def test_keeps_bytes_under_their_digest(store: Store) -> None:
    """What was put is read back, and the same bytes are one file."""
    blob = store.put(b"table", ".parquet")
    assert store.get(blob) == b"table"
    assert store.put(b"table", ".parquet") == blob
    assert store.path(blob).name == f"{blob.sha256}.parquet"
    assert len(list(store.folder.glob("*/*"))) == 1


@pytest.mark.parametrize("damage", ["delete", "truncate", "flip"])
def test_notices_and_heals_damage(store: Store, damage: str) -> None:
    """A deleted, cut or altered file is not intact, and putting the bytes again heals it."""
    blob = store.put(b"some bytes", ".bin")
    path = store.path(blob)
    if damage == "delete":
        path.unlink()
    else:
        path.write_bytes(b"some" if damage == "truncate" else b"some bytez")
    assert not store.is_intact(blob)
    store.put(b"some bytes", ".bin")
    assert store.is_intact(blob)


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk fails half way, neither the file nor a partial one is there."""

    def fail(descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(tmp_path / "file", b"data")
    assert list(tmp_path.iterdir()) == []


def test_finds_every_file_of_a_reference(demo: Trained) -> None:
    """All files that a nested reference depends on are found."""
    bundles: Bundles = demo.bundles
    assert set(blobs(bundles)) == {bundles.float32.file, bundles.int8.file}
    assert set(blobs(demo.prepared)) == {demo.prepared.table, demo.prepared.columns}


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


def test_clean_keeps_what_was_used_lately() -> None:
    """Cleaning removes files unused for longer than asked, and counts them."""
    store = open_store()
    used, unused = store.put(b"used", ".bin"), store.put(b"unused", ".bin")
    long_ago = time.time() - 10 * 86_400
    for blob in (used, unused):
        os.utime(store.path(blob), (long_ago, long_ago))
    assert store.is_intact(used)  # a run looked at it today
    removed = cleaning.clean(keep_days=7)
    assert removed.files >= 1
    assert store.path(used).exists()
    assert not store.path(unused).exists()
