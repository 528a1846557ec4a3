"""Opening the checkout's store. Where the store is belongs to no cache key, so this is apart."""

from slipstream.artifacts.home import home
from slipstream.artifacts.store import Store

__all__ = ["open_store"]


def open_store() -> Store:
    """The store of this checkout, or of `SLIPSTREAM_HOME`."""
    return Store(home() / "store")
