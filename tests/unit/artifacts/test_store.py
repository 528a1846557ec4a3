import pytest

from slipstream.artifacts.store import Store


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
