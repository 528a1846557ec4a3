"""How the compiled predictor finds a category from its text."""

import json

import numpy as np
import pytest

from slipstream.runtime import Predictor
from slipstream.runtime.columns import Column
from tests.unit.runtime.agreement import Shape, bundle_over

ALPHABETS = ("abcdefghij", "äöüßéèêçñø", "日本東京大阪名古屋市", "😀😁😂🤣😃😄😅😆😉😊")


def texts(count: int) -> tuple[str, ...]:
    """So many different texts, in one to four bytes a character, many of one length."""
    return tuple(
        "".join(ALPHABETS[index % 4][int(digit)] for digit in f"{index:04d}")
        for index in range(count)
    )


@pytest.mark.parametrize("count", [1, 2, 3, 16, 90, 127, 128, 129, 300])
def test_every_category_is_found_from_its_text(count: int) -> None:
    """However many there are, and whoever made the text: the answer is that of numpy."""
    categories = texts(count)
    column = Column(name="city", kind="categorical", allows_missing=False, categories=categories)
    shape = Shape(features=1, bins=3, hidden=[16], outputs=1, rows=0, seed=5)
    bundle = bundle_over((column,), shape, "int8", np.random.default_rng(shape.seed))
    model, plain = Predictor(bundle), Predictor(bundle, backend="numpy")
    others = (
        "",
        "zz",
        "日",
        *(f"{text}!" for text in categories),
        *(each[1:] for each in categories),
    )
    for text in (*categories, *others):
        (parsed,) = json.loads(json.dumps([text]))  # an object of its own, its hash not computed
        expected = pytest.approx(plain.predict_one({"city": text}), abs=1e-12)
        assert model.predict_one({"city": parsed}) == expected
        assert model.predict_one([parsed]) == model.predict_one([text]) == expected


ALIKE = (
    *("", "a", "b", "ab", "ba", "abc", "abcdefg", "bbcdefg", "abcdefgh", "abcdefghi"),
    *("abcdefghabcdefgh", "abcdefghabcdefg", "abcdefghXabcdefgh", "abcdefghYabcdefgh"),
    *("abcdefgh and more of it abcdefgh", "abcdefgh and some of it abcdefgh"),
    *("é", "éa", "aé", "日", "日a", "\x00", "\x00a", "a\x00", "\x00\x00"),
)


@pytest.mark.parametrize("left_out", range(len(ALIKE)))
def test_texts_that_are_nearly_alike_are_told_apart(left_out: int) -> None:
    """Of any length, with the same beginning and end, or with bytes of zero."""
    known = tuple(text for index, text in enumerate(ALIKE) if index != left_out)
    column = Column(name="text", kind="categorical", allows_missing=False, categories=known)
    shape = Shape(features=1, bins=3, hidden=[16], outputs=1, rows=0, seed=7)
    bundle = bundle_over((column,), shape, "int8", np.random.default_rng(shape.seed))
    model, plain = Predictor(bundle), Predictor(bundle, backend="numpy")
    for text in filter(None, ALIKE):
        (parsed,) = json.loads(json.dumps([text]))
        assert model.predict_one([parsed]) == pytest.approx(plain.predict_one([text]), abs=1e-12)
