"""The errors a user of a bundle can meet; each message gives the rule, the fact and the way out."""

__all__ = ["AbsentColumnWarning", "BundleError", "InputError", "SlipstreamError"]


class SlipstreamError(ValueError):
    """Base of every error that is caused by the input, not by a defect of the program."""


class InputError(SlipstreamError):
    """A row, a table, a file or a setting breaks a rule."""


class BundleError(SlipstreamError):
    """A bundle file is damaged, or is not a bundle."""


class AbsentColumnWarning(UserWarning):
    """A table lacks columns that a model reads; they count as missing."""
