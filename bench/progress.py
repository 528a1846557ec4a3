"""What a person sees of a run while it measures."""

from collections.abc import Iterable

from rich.console import Console
from rich.progress import track

__all__ = ["progress"]

CONSOLE = Console(stderr=True)


def progress(rounds: int, what: str) -> Iterable[int]:
    """Rounds to go through, with a bar where there is a terminal, else after one line."""
    if not CONSOLE.is_terminal:
        CONSOLE.print(f"bench: {what}", highlight=False)
    return track(
        range(rounds), what, console=CONSOLE, transient=True, disable=not CONSOLE.is_terminal
    )
