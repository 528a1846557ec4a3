"""The content-addressed store: files named by their SHA-256, written whole or not at all."""

import hashlib
import os
from pathlib import Path

from slipstream.artifacts.files import write_atomically
from slipstream.artifacts.values import Blob

__all__ = ["Store"]


class Store:
    """A folder of immutable files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, data: bytes, suffix: str) -> Blob:
        """Keep bytes under their digest; a damaged file of that name is replaced."""
        blob = Blob(sha256=hashlib.sha256(data).hexdigest(), suffix=suffix, size_bytes=len(data))
        write_atomically(self.path(blob), data)
        return blob

    def get(self, blob: Blob) -> bytes:
        """Read what `put` kept."""
        return self.path(blob).read_bytes()

    def path(self, blob: Blob) -> Path:
        """Where a blob's bytes are kept."""
        return self.folder / blob.sha256[:2] / f"{blob.sha256}{blob.suffix}"

    def is_intact(self, blob: Blob) -> bool:
        """Whether the bytes are there and unaltered; marks them as used today."""
        path = self.path(blob)
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.utime(path)
        except OSError:
            return False
        return digest == blob.sha256
