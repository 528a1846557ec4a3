"""The bases of what stages pass on: frozen values, and files in the store."""

from abc import abstractmethod
from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

__all__ = ["Blob", "Reference", "Value", "blobs"]


class Value(BaseModel):
    """Base of everything that stages pass on; it never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Reference(Value):
    """Base of what a stage returns."""

    @property
    @abstractmethod
    def shape(self) -> str:
        """The result in a few words, for the stage trace."""


class Blob(Value):
    """A file in the store."""

    sha256: str
    suffix: str
    size_bytes: int


def blobs(value: object) -> Iterator[Blob]:
    """Every file in the store that a reference depends on."""
    if isinstance(value, Blob):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from blobs(getattr(value, name))
