"""The section `data`: where the table is, and what to predict."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from slipstream.config.section import Section
from slipstream.runtime.quantiles import MOST_LEVELS, fault
from slipstream.runtime.text import quote
from slipstream.runtime.types import Task

__all__ = ["ColumnType", "DataConfig"]

ColumnName = Annotated[str, StringConstraints(min_length=1)]
Level = Annotated[float, Field(gt=0, lt=1)]
LABELS = ("binary", "multiclass")  # kinds of target that have no quantiles
ColumnType = Literal["numeric", "category", "datetime", "text", "id", "ignore"]


def _only_where(split: str, field: str) -> dict[str, Any]:
    """A rule of the form: a field is given for one choice of `split`, and is empty for others."""
    return {
        "if": {"required": ["split"], "properties": {"split": {"const": split}}},
        "then": {"required": [field], "properties": {field: {"minLength": 1}}},
        "else": {"properties": {field: {"maxLength": 0}}},
    }


class DataConfig(Section):
    """Where the table is, and what to predict."""

    form: ClassVar[dict[str, Any]] = {
        "required": ["path", "target"],
        "if": {"required": ["path"], "properties": {"path": {"pattern": "://"}}},
        "then": {"required": ["query"], "properties": {"query": {"minLength": 1}}},
        "else": {"properties": {"query": {"maxLength": 0}}},
        "allOf": [
            _only_where("time", "time"),
            _only_where("group", "group"),
            _only_where("column", "split_column"),
            {
                "if": {"required": ["task"], "properties": {"task": {"enum": list(LABELS)}}},
                "then": {"properties": {"quantiles": {"maxItems": 0}}},
            },
        ],
    }

    path: str = Field(
        "demo",
        min_length=1,
        title="Path",
        description="demo, a scikit-learn set (breast_cancer, wine, diabetes), a .csv, .tsv, "
        ".csv.gz or .parquet file, a folder or glob of those, or a SQLAlchemy URL",
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
    types: dict[ColumnName, ColumnType] = Field(
        {},
        title="Types",
        description="what columns are, where it is not to be inferred, such as "
        '{"zip": "category"}: numeric, category, datetime; or text, id, ignore: left out',
    )
    missing: list[ColumnName] = Field(
        [],
        title="Missing markers",
        description="more texts that mean missing; !NA makes NA a category where it is one",
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
    labels: list[ColumnName] = Field(
        [],
        title="Spelling of labels",
        description="labels as answers are to spell them, such as yes where some rows have Yes or "
        "YES; empty: as most rows do",
    )
    quantiles: list[Level] = Field(
        [],
        max_length=MOST_LEVELS,
        title="Quantiles",
        description="of a number, the levels to predict, such as 0.1, 0.5 and 0.9, each between 0 "
        "and 1; empty: its mean",
    )
    weight: str = Field(
        "",
        title="Weight",
        description="a column with each row's weight, which is no feature; empty: all rows count "
        "alike",
    )
    key: str = Field(
        "",
        title="Key",
        description="a column that identifies each row, which is no feature: a file of "
        "training.teacher says by it whose answer is whose",
    )
    split: Literal["random", "time", "group", "column"] = Field(
        "random",
        title="Split",
        description="what decides whether a row is for training, validation or the test: chance, "
        "or the column named below",
    )
    time: str = Field(
        "",
        title="Time",
        description="where the split is time: the column of dates or numbers whose latest rows are "
        "for the test, and whose oldest are for training",
    )
    group: str = Field(
        "",
        title="Group",
        description="where the split is group: the column of which each value is in one part only, "
        "such as a customer",
    )
    split_column: str = Field(
        "",
        title="Split column",
        description="where the split is column: the column that says train, validation or test",
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

    @field_validator("quantiles")
    @classmethod
    def _ascend(cls, quantiles: list[float]) -> list[float]:
        ascending = sorted(quantiles)
        if wrong := fault(ascending):
            raise ValueError(
                f"must be different numbers between 0 and 1, however: {wrong}; name each once"
            )
        return ascending

    @model_validator(mode="after")
    def _quantiles_are_numbers(self) -> Self:
        if self.quantiles and self.task in LABELS:
            raise ValueError(
                "quantiles must be empty where labels are predicted, however: task is "
                f"{self.task}; take one of the two out"
            )
        return self

    @property
    def kind(self) -> Literal["auto"] | Task:
        """The kind of target that is asked for; auto: what the column shows."""
        return "quantiles" if self.quantiles else self.task

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
        if self.split_column and self.split_column in self.keep:
            raise ValueError(
                "keep must not name the split column, which says the part and nothing else, "
                f"however: {quote(self.split_column)}; take it out"
            )
        if both := sorted(set(self.keep) & set(self.drop)):
            raise ValueError(
                f"keep must not name what drop names, however: {quote(both[0])}; take it out of one"
            )
        return self

    @property
    def splits_by(self) -> str:
        """The column that the rows are split by; empty where chance decides."""
        return {**self._split_names(), "random": ""}[self.split]

    def _split_names(self) -> dict[str, str]:
        return {"time": self.time, "group": self.group, "column": self.split_column}

    @model_validator(mode="after")
    def _name_the_column_of_the_split_and_no_other(self) -> Self:
        fields = {"time": "time", "group": "group", "column": "split_column"}
        for mode, name in self._split_names().items():
            if (self.split == mode) != bool(name):
                given = f"{fields[mode]} is {quote(name) if name else 'empty'}"
                raise ValueError(
                    f"{fields[mode]} must be given where split is {mode}, and only there, however: "
                    f"split is {self.split}, and {given}"
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
