"""What others wrote, names and values, as a message or a terminal can take it."""

__all__ = ["escape"]

_CONTROLS = (*range(0x20), *range(0x7F, 0xA0))
_ESCAPES = {code: repr(chr(code))[1:-1] for code in _CONTROLS}


def escape(text: str) -> str:
    r"""Write control characters as `\n` or `\x1b`: a terminal would obey them."""
    return text.translate(_ESCAPES)
