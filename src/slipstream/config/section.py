"""A section of the config as Prefect shows it: a schema that its forms can fill in.

Based on the forms of Prefect 3.8.8 (`SchemaFormProperty…` in its UI): they sort by `position`, call
everything "(Optional)" that `required` does not name, and give an input of the type `number` steps
of 0.01, which the edit form enforces. They do not read `if` and `then`, which its server obeys.
"""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler

__all__ = ["Section"]

# Without a `type`, the form takes whatever is typed, and the server still requires a number.
ANY_NUMBER = {"if": True, "then": {"type": "number"}}


class Section(BaseModel):
    """A part of the config; `form` is what its schema says beyond its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    form: ClassVar[dict[str, Any]] = {}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: Any, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The schema of the section, without steps."""
        return {**_without_steps(handler(core_schema)), **cls.form}


def _without_steps(schema: Any) -> Any:
    """The same rules, with no number that a form would give steps of 0.01."""
    if isinstance(schema, list):
        return [_without_steps(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    rules = {name: _without_steps(value) for name, value in schema.items() if name != "default"}
    defaults = {name: value for name, value in schema.items() if name == "default"}
    if rules.get("type") == "number":
        del rules["type"]
        rules |= ANY_NUMBER
    return {**defaults, **rules}
