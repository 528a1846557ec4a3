"""Names of runs: one that a user typed is kept, one that Prefect made up is not."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from coolname.data import config as WORDS  # noqa: N812 - it is a constant

__all__ = ["choose", "is_made_up"]

# What the run forms fill in. Prefect's UI joins a Greek letter, mostly with a number, one of 1,363
# names of stars and places, and every other time an ending: `kappa17-sirius-ring`. A letter and a
# word alone (one suggestion in 18) may be what a user typed, such as `beta-test`: it is kept.
LETTER = (
    "(?:alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|omicron|pi|rho|sigma"
    "|tau|upsilon|phi|chi|psi|omega)"
)
NUMBER = "(?:[2-6]|[1-9][0-9]{1,2}|1000)"
PLACE = "[a-z]*(?:-[a-z]+)?"  # `sirius`, `canis-majoris`; occasionally nothing
ENDING = (
    "(?:[a-hkmnp-rvx-z]|adjunct|anomaly|band|boundary|cloud|cluster|collapse|conflux|expanse|field"
    "|fringe|instability|manifold|mass|nebula|point|quadrant|reach|ring|sector|shift|tensor|terminus"
    "|vector|void|warp)"
)
# Its next UI joins an adjective and one of 304 animals of at most six letters, `Rustic-Zebra`.
ADJECTIVE = (
    "(?:Awesome|Rustic|Small|Gorgeous|Fantastic|Sleek|Intelligent|Unbranded|Refined|Licensed|Generic"
    "|Practical|Ergonomic|Handcrafted|Tasty|Handmade|Incredible)"
)
SUGGESTED = re.compile(
    f"{LETTER}{NUMBER}-{PLACE}|{LETTER}{NUMBER}?-{PLACE}-{ENDING}|{ADJECTIVE}-[A-Z][a-zñ]{{1,5}}"
)


def choose(given: str, title: str) -> str:
    """The name of a run: as a user typed it, else its title."""
    return title if is_made_up(given) else given


def is_made_up(name: str) -> bool:
    """Whether Prefect invented a run's name: its server (`brave-otter`), or one of its forms."""
    pairs = (
        (name[: dash.start()], name[dash.end() :])  # "semi-aquatic-cat": any dash may be between
        for dash in re.finditer("-", name)
    )
    adjectives, nouns = _words("adj_any"), _words("subj")
    if any(first in adjectives and second in nouns for first, second in pairs):
        return True
    return SUGGESTED.fullmatch(name) is not None


@cache
def _words(list_name: str) -> frozenset[str]:
    """The words of a list of coolname's, which Prefect's server makes names of."""
    return frozenset(_of_list(WORDS, list_name))


def _of_list(lists: Mapping[str, Any], name: str) -> Iterator[str]:
    for nested in lists[name].get("lists", ()):
        yield from _of_list(lists, nested)
    yield from lists[name].get("words", ())
    for phrase in lists[name].get("phrases", ()):
        yield "-".join(phrase if isinstance(phrase, (list, tuple)) else phrase.split())
