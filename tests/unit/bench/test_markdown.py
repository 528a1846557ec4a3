"""Blocks of the README that benchmarks write."""

import pytest

from bench.markdown import fill


def test_the_readme_block_is_replaced() -> None:
    """Filling the README changes the block between the markers and nothing else."""
    text = "before\n<!-- begin bench -->\nold\n<!-- end bench -->\nafter\n"
    filled = fill(text, "bench", "new")
    assert filled == text.replace("old", "new")
    with pytest.raises(ValueError, match="one block 'bench'"):
        fill("nothing", "bench", "new")
