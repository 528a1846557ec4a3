"""A column of text by its distinct values, so that each is looked at once."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

__all__ = ["Texts", "all_match", "encode", "folded", "matches", "plain_numbers"]

FIRST = 100  # a pattern that these do not match is not tried on the rest


@dataclass(frozen=True)
class Texts:
    """Distinct texts (D,), how often each occurs (D,), and which each cell (N,) has; -1: none."""

    words: pa.Array
    counts: NDArray[np.int64]
    codes: NDArray[np.int64]

    @property
    def present(self) -> int:
        """How many cells have text."""
        return int(self.counts.sum())

    @property
    def by_word(self) -> dict[str, int]:
        """How often each text occurs, in the order of `words`."""
        return dict(zip(self.words.to_pylist(), self.counts.tolist(), strict=True))

    def count(self, chosen: NDArray[np.bool_]) -> int:
        """How many cells have one of the chosen words (D,)."""
        return int(self.counts[chosen].sum())

    def share(self, chosen: NDArray[np.bool_]) -> float:
        """The share of the cells with text that have one of the chosen words (D,)."""
        return self.count(chosen) / max(1, self.present)

    def first_row(self, chosen: NDArray[np.bool_]) -> int:
        """The first row, counted from 1, that has one of the chosen words (D,)."""
        return int(np.argmax(np.append(chosen, False)[self.codes])) + 1

    def only(self, chosen: NDArray[np.bool_]) -> "Texts":
        """The same cells without the words that are not chosen (D,)."""
        new = np.append(np.where(chosen, np.cumsum(chosen) - 1, -1), -1)
        return Texts(self.words.filter(pa.array(chosen)), self.counts[chosen], new[self.codes])


def encode(values: pa.Array) -> Texts:
    """Find the distinct texts of a column whose missing cells are null."""
    encoded = values.dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    words = encoded.dictionary
    return Texts(words, np.bincount(codes[codes >= 0], minlength=len(words)), codes)


def matches(words: pa.Array, pattern: str) -> NDArray[np.bool_]:
    """Which texts (D,) a pattern matches as a whole, in either case."""
    found = pc.match_substring_regex(words, rf"\A(?:{pattern})\z", ignore_case=True)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def all_match(words: pa.Array, pattern: str) -> bool:
    """Whether a pattern matches every text as a whole, in either case."""
    return bool(matches(words[:FIRST], pattern).all() and matches(words, pattern).all())


def plain_numbers(values: Sequence[Any]) -> NDArray[np.float64]:
    """Values (N,) as numbers, also where they are written as text; NaN for those that are not."""
    read = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce")
    return read.to_numpy(np.float64)


def folded(word: str) -> str:
    """A text without what people write in several ways: case, blanks, compatible characters."""
    return " ".join(unicodedata.normalize("NFKC", word).casefold().split())
