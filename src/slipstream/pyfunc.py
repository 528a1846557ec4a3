"""How MLflow loads a bundle: `mlflow.pyfunc.load_model` calls `_load_pyfunc`.

MLflow casts a request to the signature's types before the model sees it, and its casts lose what a
client sent: of booleans, null becomes False and the text "false" True; a whole number in a frame is
refused for a double; columns that it does not know are dropped, and with them, if there are no
others, the rows. So the signature that is stored says what the columns are, and while a bundle
is served, MLflow is given the same columns without casts: the bundle's own checks decide,
as for `slipstream predict`.
"""

import functools
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.types as pt
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.types.schema import AnyType, ColSpec, Schema
from numpy.typing import NDArray

from slipstream.runtime import InputError, Predictor, load_file
from slipstream.runtime.columns import Column
from slipstream.runtime.quantiles import names
from slipstream.runtime.text import listing
from slipstream.runtime.values import to_texts
from slipstream.serving.tables import typed_rows

__all__ = ["BundleModel", "RefusedError"]


class RefusedError(InputError, MlflowException):
    """A request that the model does not answer; MLflow's server sends the message with HTTP 400."""

    def __init__(self, message: str) -> None:
        MlflowException.__init__(self, message, error_code=INVALID_PARAMETER_VALUE)


class BundleModel:
    """A predictor with the signature that MLflow expects."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def predict(
        self, table: Any, params: dict[str, Any] | None = None
    ) -> NDArray[np.float64] | pd.DataFrame:
        """Predict a frame of raw rows: P(positive) or a number (N,), or P(each label) (N, C).

        Quantiles are the columns of a frame, as the signature names them.

        Raises:
            RefusedError: a column is missing, a value is wrong, or parameters are given.
        """
        try:
            if params:
                raise InputError(
                    f"a bundle takes no parameters, however: {sorted(params)}; drop them"
                )
            answers = self._answer(pd.DataFrame(table).rename(columns=_trimmed))
        except InputError as error:
            raise RefusedError(str(error)) from None
        levels = self._predictor.quantiles
        return pd.DataFrame(answers, columns=names(levels)) if levels else answers

    def _answer(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Predict a frame as it is or, if its types are not the columns', as a file of text."""
        self._check_columns(list(frame.columns))
        try:
            return self._predictor.predict(frame)
        except InputError:
            return self._predictor.predict(typed_rows(self._predictor, self._written(frame)))

    def _check_columns(self, names: list[str]) -> None:
        columns = self._predictor.bundle.columns
        absent = [each.name for each in columns if each.name not in names]
        needed = [each.name for each in columns if not each.allows_missing]
        lacking = [name for name in absent if name in needed]
        if lacking or len(absent) == len(columns):
            raise InputError(
                f"a table must have the columns {listing(needed or self._predictor.features)}, "
                f"however: {listing(lacking or absent)} {_is_or_are(lacking or absent)} missing; "
                "send each row with these names"
            )

    def _written(self, frame: pd.DataFrame) -> pa.Table:
        """The model's columns of a frame, as a file would hold them."""
        columns = {each.name: each for each in self._predictor.bundle.columns}
        read = [(name, values) for name, values in frame.items() if name in columns]
        arrays = [_written(values, columns[str(name)]) for name, values in read]
        return pa.table(arrays, names=[str(name) for name, _ in read])


def _trimmed(name: object) -> str:
    return str(name).strip()


def _is_or_are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _written(values: pd.Series, column: Column) -> pa.Array:
    """A column as a file would hold it; values of mixed types become text, as in a CSV file."""
    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if _is_null(value) else str(value) for value in values], pa.string())
    is_number = pt.is_integer(array.type) or pt.is_floating(array.type) or pt.is_boolean(array.type)
    if column.edges is not None or not is_number:
        return array
    known = set(column.categories)
    words = [None if value is None else _spelling(value, known) for value in array.to_pylist()]
    return pa.array(words, pa.string())


def _spelling(value: float, known: Collection[str]) -> str:
    """A number or truth value as the category that it is, or as text."""
    texts = to_texts(value)
    return next((text for text in texts if text in known), (*texts, "")[0])


def _is_null(value: Any) -> bool:
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


class _Uncast(Schema):
    """A schema that describes the columns, but makes MLflow cast, drop and require nothing.

    Text files are read as text: a category that looks like a number keeps its zeros.
    """

    def input_types(self) -> list[Any]:
        return [AnyType() for _ in self.inputs]

    def input_dict(self) -> dict[str, Any]:
        names = self.input_names()
        return {str(name): ColSpec(AnyType(), str(name), required=False) for name in names}

    def required_input_names(self) -> list[str | int]:
        return []

    def optional_input_names(self) -> list[str | int]:
        return self.input_names()

    def pandas_types(self) -> list[np.dtype[Any]]:
        return [np.dtype(object) for _ in self.inputs]


def _leave_values_alone() -> None:
    """Make MLflow pass values unchanged to bundles, but not to other models."""
    declared: Any = Model.get_input_schema

    @functools.wraps(declared)
    def get_input_schema(model: Model) -> Schema | None:
        schema: Schema | None = declared(model)
        loader = (model.flavors or {}).get("python_function", {}).get("loader_module")
        if loader != __name__ or schema is None or not schema.has_input_names():
            return schema
        return _Uncast(list(schema))

    Model.get_input_schema = get_input_schema  # type: ignore[method-assign]


_leave_values_alone()


def _load_pyfunc(path: str) -> BundleModel:
    place = Path(path)
    (file,) = [place] if place.is_file() else place.glob("*.safetensors")
    return BundleModel(load_file(file))
