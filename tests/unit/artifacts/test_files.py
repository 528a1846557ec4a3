import os

import pytest

from slipstream.artifacts.files import write_atomically


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk fails half way, neither the file nor a partial one is there."""

    def fail(descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(tmp_path / "file", b"data")
    assert list(tmp_path.iterdir()) == []
