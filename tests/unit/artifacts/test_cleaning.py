import os
import time

from slipstream.artifacts import cleaning
from slipstream.artifacts.opening import open_store


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
