"""Tables of Markdown, and the README's blocks."""

import re
from collections.abc import Iterable, Sequence

from bench.results import Claim

__all__ = ["claims_table", "fill", "table"]

SAYS = {True: "yes", False: "**no**", None: "not measured"}


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def claims_table(claims: Iterable[Claim]) -> str:
    """What was to be shown, what was found, and whether it holds."""
    rows = ((claim.claim, claim.found, SAYS[claim.holds]) for claim in claims)
    return table(("claim", "found", "holds"), rows)


def fill(readme: str, name: str, text: str) -> str:
    """Replace what is between the markers of a block."""
    block = re.compile(f"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
    filled, count = block.subn(lambda found: f"{found[1]}{text}\n{found[2]}", readme)
    if count != 1:
        raise ValueError(f"README.md must have one block {name!r}, however: {count}")
    return filled
