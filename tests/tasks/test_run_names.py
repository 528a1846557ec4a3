import random

import pytest
from coolname import replace_random
from prefect.utilities.names import generate_slug

from tasks.support.run_names import choose, is_made_up


def test_names_that_the_server_makes_up_are_recognised() -> None:
    """Every name of two words that Prefect's server could give counts as made up."""
    replace_random(random.Random(7))
    try:
        assert all(is_made_up(generate_slug(2)) for _ in range(2000))
    finally:
        replace_random(random)


@pytest.mark.parametrize(
    "name",
    [
        "psi817-maranga-ring",
        "alpha3-canis-majoris-x",
        "tau2-sirius",
        "pi-barad-dur-void",
        "mu1000-oda",
        "xi--ring",
        "Rustic-Zebra",
        "Small-Vicuña",
    ],
)
def test_names_that_the_forms_suggest_are_recognised(name: str) -> None:
    """What the run forms fill in counts as made up."""
    assert is_made_up(name)


@pytest.mark.parametrize(
    "name",
    [
        "bank-weekly",
        "my run",
        "first-try",
        "run-42",
        "bank · k=8 · 32×32",
        "tau",
        "a-b",
        "beta-test",
        "pi-day",
        "Small-bank",
        "Generic-Customers",
        "beta-test-run",
        "alpha-bank-k8",
        "beta0-test",
        "psi-2026",
    ],
)
def test_names_that_a_user_typed_are_kept(name: str) -> None:
    """A name that only a person would give becomes the run's name."""
    assert choose(name, "bank · k=8") == name
    assert choose("brave-otter", "bank · k=8") == "bank · k=8"
