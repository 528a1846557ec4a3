"""The terminal, as every report of ours is written to it."""

from rich.console import Console

__all__ = ["PipedConsole"]


class PipedConsole(Console):
    """A console that leaves it to its caller what happens when the reader has gone."""

    def on_broken_pipe(self) -> None:
        """Pass it on, where rich would end the program with code 1: a defect."""
        raise BrokenPipeError
