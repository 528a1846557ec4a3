"""The errors a user of a bundle can meet; each message gives the rule, the fact and the way out."""

__all__ = ["BundleError", "InputError", "SlipstreamError", "brief"]

LONGEST_QUOTE = 500


class SlipstreamError(ValueError):
    """Base of every error that is the input's fault and not a defect of the program."""


class InputError(SlipstreamError):
    """A row, a table, a file or a setting breaks a rule."""


class BundleError(SlipstreamError):
    """A bundle file is damaged, or is not a bundle."""


def brief(quoted: object) -> str:
    """What an error quotes of the input: its beginning where all would bury the message."""
    text = str(quoted)
    if len(text) <= LONGEST_QUOTE:
        return text
    return f"{text[:LONGEST_QUOTE]}… ({len(text):,} characters)"
