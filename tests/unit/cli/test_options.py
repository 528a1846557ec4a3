import argparse
from pathlib import Path

import pytest

from slipstream.cli.options import add_config, read_config
from slipstream.config.search import SearchConfig


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--search", "off"], {"mode": "off"}),
        (["--search", "full", "--search.tolerance", "0.1"], {"mode": "full", "tolerance": 0.1}),
        (["--search.mode", "full"], {"mode": "full"}),
        (["--config", "SHORT"], {"mode": "off"}),
        (["--config", "SHORT", "--search.tolerance", "0.2"], {"mode": "off", "tolerance": 0.2}),
        (["--config", "SHORT", "--search", "full"], {"mode": "full"}),
    ],
)
def test_the_search_may_be_given_by_its_mode(
    flags: list[str], expected: dict[str, object], tmp_path: Path
) -> None:
    """A word stands for the section's mode, in the file and as a flag; flags win."""
    short = tmp_path / "short.toml"
    short.write_text('search = "off"\n')
    parser = argparse.ArgumentParser()
    add_config(parser, with_flags=True)
    chosen = parser.parse_args([str(short) if each == "SHORT" else each for each in flags])
    assert read_config(chosen).search == SearchConfig(**expected)
