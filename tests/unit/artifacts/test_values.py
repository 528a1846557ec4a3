from slipstream.artifacts.references import Bundles
from slipstream.artifacts.values import blobs
from tests.conftest import Trained


def test_finds_every_file_of_a_reference(demo: Trained) -> None:
    """All files that a nested reference depends on are found."""
    bundles: Bundles = demo.bundles
    assert set(blobs(bundles)) == {bundles.float32.file, bundles.int8.file}
    assert set(blobs(demo.prepared)) == {demo.prepared.table, demo.prepared.columns}
