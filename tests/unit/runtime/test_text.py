from slipstream.runtime.text import MOST_CHARACTERS, MOST_NAMES, escape, listing, quote, shorten


def test_controls_are_escaped_and_letters_are_not() -> None:
    """Control characters are written out; every other character stays."""
    assert escape("a\tb\n\x1b[2J\x7f\x9b") == r"a\tb\n\x1b[2J\x7f\x9b"
    assert escape("Zoë 東京 \\ \u00a0") == "Zoë 東京 \\ \u00a0"


def test_long_texts_lose_their_middle() -> None:
    """A long text keeps its beginning and end; one that fits is unchanged."""
    whole = "x" * MOST_CHARACTERS
    assert shorten(whole) == whole
    assert shorten(f"begin{'x' * 10**6}end") == f"begin{'x' * 45} … {'x' * 47}end"
    assert quote("a\nb") == r"'a\nb'"
    assert quote("x" * 10**6) == f"'{'x' * 49} … {'x' * 49}'"


def test_many_names_are_counted() -> None:
    """A long list shows its first names and how many there are."""
    names = [f"c{index}" for index in range(MOST_NAMES)]
    assert listing(names) == ", ".join(map(repr, names))
    assert listing([*names, "one more"]) == f"{listing(names)}, … (21 in all)"
