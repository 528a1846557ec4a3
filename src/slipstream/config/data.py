"""The section `data`: where the table is, and what to predict."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from slipstream.config.section import Section
from slipstream.runtime.text import quote

__all__ = ["DataConfig"]

ColumnName = Annotated[str, StringConstraints(min_length=1)]


class DataConfig(Section):
    """Where the table is, and what to predict."""

    form: ClassVar[dict[str, Any]] = {
        "required": ["path", "target"],
        "if": {"required": ["path"], "properties": {"path": {"pattern": "://"}}},
        "then": {"required": ["query"], "properties": {"query": {"minLength": 1}}},
        "else": {"properties": {"query": {"maxLength": 0}}},
    }

    path: str = Field(
        "demo",
        min_length=1,
        title="Path",
        description="demo, a scikit-learn set (breast_cancer), a .csv, .tsv, .csv.gz or .parquet "
        "file, a folder or glob of those, or a SQLAlchemy URL",
    )
    target: str = Field("target", min_length=1, title="Target", description="the column to predict")
    query: str = Field(
        "", title="Query", description="the SELECT to run where the path is a SQLAlchemy URL"
    )
    encoding: str = Field(
        "",
        title="Encoding",
        description="of text files, such as cp1252 or utf-16-le; empty: UTF-8, or what a "
        "byte-order mark says",
    )
    drop: list[ColumnName] = Field([], title="Drop", description="columns to leave out")
    keep: list[ColumnName] = Field(
        [],
        title="Keep",
        description="columns never left out as an identifier or as a copy of the answer",
    )
    task: Literal["auto", "binary", "multiclass", "regression"] = Field(
        "auto",
        title="Task",
        description="what is predicted: one of two labels, one of up to 1,000, or a number; auto "
        "decides from the target",
    )
    positive: str = Field(
        "",
        title="Positive label",
        description="of two labels, the one whose probability is predicted; empty: True, 1 or yes, "
        "else the last in sorted order",
    )
    weight: str = Field(
        "",
        title="Weight",
        description="a column with each row's weight, which is no feature; empty: all rows count "
        "alike",
    )
    test_fraction: float = Field(
        0.2, gt=0, lt=1, title="Test fraction", description="share of rows kept for the test"
    )
    validation_fraction: float = Field(
        0.2,
        gt=0,
        lt=1,
        title="Validation fraction",
        description="share of rows for early stopping; with the test fraction, it must be below 1",
    )
    seed: int = Field(
        0, ge=0, lt=2**63, title="Split seed", description="seed of the split into parts"
    )

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, encoding: str) -> str:
        try:
            "".encode(encoding or "utf-8")
        except (LookupError, ValueError):
            raise ValueError(
                "must be an encoding that Python knows, such as cp1252, however: "
                f"{encoding!r}; leave it empty for UTF-8"
            ) from None
        return encoding

    @model_validator(mode="after")
    def _leave_rows_to_train_on(self) -> Self:
        held_out = self.test_fraction + self.validation_fraction
        if held_out >= 1:
            raise ValueError(
                "test_fraction + validation_fraction must be below 1, to leave rows to train on, "
                f"however: {held_out:g}"
            )
        return self

    @model_validator(mode="after")
    def _keep_nothing_that_is_dropped(self) -> Self:
        if both := sorted(set(self.keep) & set(self.drop)):
            raise ValueError(
                f"keep must not name what drop names, however: {quote(both[0])}; take it out of one"
            )
        return self

    @model_validator(mode="after")
    def _query_belongs_to_a_database(self) -> Self:
        if ("://" in self.path) != bool(self.query):
            raise ValueError(
                "query must be given where the path is a database URL, and only there, however: "
                f"query is {'given' if self.query else 'empty'}"
            )
        return self
