"""The predictor: raw rows in, answers out."""

import operator
import os
from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime import native
from slipstream.runtime.bundle import Bundle, dump, parse, read
from slipstream.runtime.checking import CheckReport, check
from slipstream.runtime.errors import InputError
from slipstream.runtime.links import answers_are_lists, apply
from slipstream.runtime.numpy_model import NumpyModel
from slipstream.runtime.quantiles import listed
from slipstream.runtime.rows import RowReader
from slipstream.runtime.text import listing, quote, shorten
from slipstream.runtime.types import Backend, Precision, Task

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["Predictor", "load_file"]

ROWS_A_THREAD = 4096  # fewer take less time than waking a thread
SHOWN_FEATURES = 6  # in a predictor's `repr`


def load_file(path: str | Path) -> "Predictor":
    """Load the predictor of a bundle file.

    Raises:
        BundleError: the file cannot be read, is damaged, or is not a bundle.
    """
    return Predictor(read(path), name=Path(path).name)


class Predictor:
    """Predicts with one bundle; its state never changes, so threads may share it.

    Args:
        bundle: a verified bundle.
        backend: `compiled` runs the C kernels, `numpy` the same arithmetic in numpy; by default
            the former if it was built.
        name: shown by `repr`, such as the file's name.

    Raises:
        InputError: there is no such backend, or the compiled predictor was not built.
    """

    def __init__(
        self, bundle: Bundle, *, backend: Backend = native.backend, name: str = ""
    ) -> None:
        if backend not in get_args(Backend):
            raise InputError(
                f"backend must be one of {', '.join(get_args(Backend))}, however: "
                f"{quote(backend)}; leave it out to use the best that is available"
            )
        self.bundle = bundle
        self.backend: Backend = backend
        self.name = name
        self._link = bundle.link
        self._gives_lists = answers_are_lists(bundle.task)
        self._reader = RowReader(bundle)
        self._compiled = None
        if backend == "compiled":
            if native.backend != "compiled":
                raise InputError(
                    "the compiled predictor must have been built, however: it was not; "
                    "install slipstream where there is a C compiler, or use backend='numpy'"
                )
            self._compiled = native.compile_model(bundle, self._link, self._reader.encode_one)
            self._reader.read_dates = self._compiled.read_dates
            if type(self).predict_one is Predictor.predict_one:  # a subclass may have its own
                # Calls go straight to C: a Python frame in between would cost a third of the time.
                self.__dict__["predict_one"] = self._compiled.predict_one

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle a model as its file, written again from the bundle.

        So nothing extra is kept in memory, and the receiver verifies it like any other file.
        """
        return _rebuild, (type(self), dump(self.bundle), self.backend, self.name)

    def __repr__(self) -> str:
        """One line: name, task, precision, sizes, what runs it, and the columns it reads."""
        widths = (len(self.features), *(len(layer.bias) for layer in self.bundle.layers))
        runs = f" ({native.instruction_set})" if self.backend == "compiled" else ""
        facts = (
            f"{self.task}{_answered(self.bundle)}",
            f"{self.precision} {'-'.join(map(str, widths))}",
            f"weights {self.weights_bytes:,} B of {self.bundle.tensors_bytes:,} B",
            f"{self.backend}{runs}",
            f"reads {listing(self.features, most=SHOWN_FEATURES)}",
        )
        called = f" {quote(self.name)}" if self.name else ""
        return f"<{type(self).__name__}{called}: {', '.join(facts)}>"

    @property
    def features(self) -> list[str]:
        """Names of the raw columns the model reads, in order."""
        return [column.name for column in self.bundle.columns]

    @property
    def classes(self) -> list[str]:
        """The labels, none for a regression; of two, the probability of the second is predicted."""
        return list(self.bundle.classes)

    @property
    def quantiles(self) -> list[float]:
        """The levels of a regression of several quantiles, ascending; none for other tasks."""
        return list(self.bundle.quantiles)

    @property
    def task(self) -> Task:
        """The kind of answer, `binary`, `multiclass`, `regression` or `quantiles`."""
        return self.bundle.task

    @property
    def threshold(self) -> float | None:
        """Of two labels, the probability from which a row gets the second; None for other tasks."""
        return self.bundle.threshold if self.task == "binary" else None

    @property
    def precision(self) -> Precision:
        """The arithmetic, `float32` or `int8`."""
        return self.bundle.precision

    @property
    def weights_bytes(self) -> int:
        """Size of the weight matrices in bytes."""
        return self.bundle.weights_bytes

    def predict_one(self, row: Any, /) -> Any:
        """Predict one row.

        Binary models give P(positive) as a float, multiclass ones a list of floats, one for each
        of `classes`, regressions the predicted number, or a list of one for each of `quantiles`.

        Args:
            row: a mapping from column name to raw value (other keys are ignored), or a sequence of
                k raw values in the order of `features`. Text that spells a number is that number.

        Raises:
            InputError: a value has the wrong type, or is missing where the model's data had none.
        """
        if self._compiled is not None:  # called by a subclass
            return self._compiled.predict_one(row)
        logits = self._numpy.logits_of_one(self._reader.encode_one(row))
        answers = apply(self._link, logits)[0].tolist()
        return answers if self._gives_lists else answers[0]

    def predict(self, table: Any, *, threads: int = 1, strict: bool = False) -> NDArray[np.float64]:
        """Predict N rows: (N,), or for several classes or quantiles (N, C) or (N, Q).

        Args:
            table: a frame of pandas, polars or pyarrow, a structured array, a dict of columns (of
                all these, other columns are ignored), a list of rows as `predict_one` takes them,
                or an (N, k) array of raw values in the order of `features`. A column that is
                absent, and may be, is all missing; an `AbsentColumnWarning` says so once.
            threads: the most threads that share the rows, thousands each; compiled predictor
                only.
            strict: refuse a table in which a column is absent.

        Raises:
            InputError: the shape or a value is wrong, as for `predict_one`, or a column is absent.
        """
        threads = _checked_threads(threads)
        answers = self._plain_answers(table, threads)
        if answers is None:
            answers = self._answer(self._reader.encode(table, strict=strict), threads)
        return answers if self._gives_lists else answers[:, 0]

    def check(self, table: Any) -> CheckReport:
        """Count what a table holds that the model does not know, or refuses.

        That is unknown categories, numbers outside what training saw, missing and wrong values,
        and columns that are absent or not read. It takes longer than predicting.

        Args:
            table: as for `predict`.

        Raises:
            InputError: it is not a table, or none of its columns is the model's.
        """
        return check(self.bundle, table)

    def layers(self, table: Any) -> Iterator[NDArray[np.generic]]:
        """Yield each hidden layer's activation (N, width), int8 ones in u8 steps, then logits."""
        return self._numpy.layers(self._reader.encode(table))

    @cached_property
    def _numpy(self) -> NumpyModel:
        return NumpyModel(self.bundle)

    def _plain_answers(self, table: Any, threads: int) -> NDArray[np.float64] | None:
        """The answers if C can read the table directly, else None."""
        if self._compiled is None or type(table) is not np.ndarray:
            return None
        if table.ndim != 2 or table.dtype.kind != "f":
            return None
        if any(each.edges is None or each.dates is not None for each in self.bundle.columns):
            return None
        return self._answer_compiled(table, threads)

    def _answer(self, numbers: NDArray[np.float64], threads: int = 1) -> NDArray[np.float64]:
        """Predict encoded rows (N, L): (N, O)."""
        if self._compiled is None:
            return apply(self._link, self._numpy.logits(numbers))
        answers = self._answer_compiled(numbers, threads)
        assert answers is not None  # the reader has checked every value
        return answers

    def _answer_compiled(self, table: NDArray[Any], threads: int) -> NDArray[np.float64] | None:
        assert self._compiled is not None
        answers = np.empty((len(table), len(self.bundle.layers[-1].bias)))
        count = min(threads, len(table) // ROWS_A_THREAD)
        if count <= 1:
            return answers if self._compiled.predict(table, answers) else None
        own, *others = zip(_split(table, count), _split(answers, count), strict=True)
        try:
            pool = _pool(os.getpid())
            started = [pool.submit(self._compiled.predict, *part) for part in others]
        except RuntimeError:  # no thread can start: the interpreter is exiting, or has too many
            _pool.cache_clear()  # Drop the pool: its queued work may still write to `answers`.
            return self._answer_compiled(table, threads=1)
        done = [self._compiled.predict(*own), *(each.result() for each in started)]
        return answers if all(done) else None


def _rebuild(kind: type[Predictor], data: bytes, backend: Backend, name: str = "") -> Predictor:
    """Build a predictor from a file's bytes, with numpy if the compiled one was not built."""
    made = kind(parse(data), backend=native.backend if backend == "compiled" else backend)
    made.name = name  # a subclass may take a bundle and a backend only
    return made


def _answered(bundle: Bundle) -> str:
    """What a model predicts, as far as its maker recorded it."""
    target = bundle.details.get("target")
    if not isinstance(target, str):
        target = ""
    if bundle.task == "binary":
        return f" {shorten(target)}={quote(bundle.classes[1])}"
    shown = f" {quote(target)}" if target else ""
    if bundle.quantiles:
        return f" {listed(bundle.quantiles)}{f' of{shown}' if shown else ''}"
    return f"{shown} of {len(bundle.classes)} classes" if bundle.classes else shown


def _checked_threads(threads: Any) -> int:
    try:
        count = operator.index(threads)
    except TypeError:
        count = 0
    if count < 1:
        raise InputError(
            f"threads must be a whole number, 1 or more, however: {quote(threads)}; "
            "leave it out for one"
        )
    return count


@lru_cache(maxsize=1)
def _pool(process: int) -> "Executor":  # noqa: ARG001 - the key
    """A pool of at most one thread per core: starting a thread takes as long as many rows.

    A forked process (another `process`) has none of its parent's threads, and makes its own.
    """
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="slipstream")


def _split(array: NDArray[Any], parts: int) -> list[NDArray[Any]]:
    """Consecutive views of an array that share its rows evenly."""
    bounds = [len(array) * part // parts for part in range(parts + 1)]
    return [array[start:end] for start, end in pairwise(bounds)]
