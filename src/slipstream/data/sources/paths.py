"""Which files a data path names: one file, a folder, its Hive partitions, or a pattern."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from slipstream.runtime.errors import InputError
from slipstream.runtime.text import quote, shorten

__all__ = ["PARQUET", "DataFile", "find", "unread_folders"]

PARQUET = (".parquet", ".pq")
SHOWN_ENDINGS = ".csv, .tsv or .txt (also with .gz, .bz2, .xz or .zst behind it), or .parquet"
_ENDING = re.compile(r"(\.(csv|tsv|txt)(\.(gz|bz2|xz|zst))?|\.(parquet|pq))$", re.IGNORECASE)
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class DataFile:
    """A file to read; `place` is its path below what was named, `keys` its Hive partition."""

    path: Path
    place: Path

    @property
    def keys(self) -> dict[str, str | None]:
        """The names and values that its folders carry, as in `year=2024/region=eu`."""
        pairs = [part.partition("=") for part in self.place.parts[:-1] if "=" in part]
        return {unquote(name): None if to == _NO_VALUE else unquote(to) for name, _, to in pairs}


def find(path: str) -> list[DataFile]:
    """The files that a path names, in the order in which they are read.

    Files and folders whose names begin with a dot or an underscore are bookkeeping, and left out.

    Raises:
        InputError: it is neither a path nor a pattern, there is no file, or one is of another kind.
    """
    try:
        found, is_folder = _find(path)
    except InputError:
        raise
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(
            "the data path must be a path or a pattern, however: "
            f"{shorten(path)}: {shorten(error)}; check it"
        ) from None
    if not found:
        fact = _inside(Path(path)) if is_folder else "does not exist"
        raise InputError(
            f"the data path must lead to a .csv, .csv.gz or .parquet file, however: {path} "
            f"{fact}; check the path (it is relative to {Path.cwd()})"
        )
    for file in found:
        if not _is_data(file.path.name):
            raise InputError(
                f"a data file must end in {SHOWN_ENDINGS}, however: {file.path}; "
                "convert or rename it"
            )
    return found


def unread_folders(path: str) -> list[str]:
    """Names of folders in the folder that a path names which are not read, but hold data files."""
    named = Path(path).expanduser()
    if not named.is_dir():
        return []
    inside = (each for each in sorted(named.iterdir()) if each.is_dir())
    others = (each for each in inside if "=" not in each.name and not _is_hidden(each.name))
    return [each.name for each in others if any(_is_data(file.name) for file in each.rglob("*"))]


def _find(path: str) -> tuple[list[DataFile], bool]:
    """The files, and whether the path is a folder.

    Raises:
        OSError, RuntimeError, ValueError: it is neither a path nor a pattern.
    """
    if not path:
        raise ValueError("it is empty")  # it does not mean the current folder
    named = Path(path).expanduser()
    if named.is_dir():
        return list(_walk(named, named)), True
    if named.exists():
        return [DataFile(named, Path(named.name))], False
    anchor = Path(named.anchor)  # Path.glob wants a pattern relative to a folder
    pattern = named.relative_to(anchor)
    base = anchor.joinpath(*_fixed(pattern.parts))
    matches = sorted(anchor.glob(str(pattern)))
    return list(_unique(_matched(matches, base, pattern.name))), False


def _fixed(parts: tuple[str, ...]) -> Iterator[str]:
    """The parts of a pattern before the first that has a wildcard."""
    for part in parts[:-1]:
        if any(sign in part for sign in "*?["):
            return
        yield part


def _matched(matches: Iterable[Path], base: Path, pattern: str) -> Iterator[DataFile]:
    for match in matches:
        below = match.relative_to(base)
        hidden = [part for part in below.parts[:-1] if _is_hidden(part)]
        if hidden or (_is_hidden(match.name) and not _is_hidden(pattern)):
            continue
        if match.is_dir():
            yield from _walk(match, base)
        else:
            yield DataFile(match, below)


def _unique(files: Iterable[DataFile]) -> Iterator[DataFile]:
    """A pattern such as `**` matches a folder and the files in it."""
    yield from {file.path: file for file in files}.values()


def _walk(folder: Path, base: Path) -> Iterator[DataFile]:
    """The data files of a folder and of its Hive partitions; other folders are left alone."""
    if (folder / "_delta_log").is_dir():
        raise InputError(
            f"a folder must hold files that all count, however: {folder} is a Delta table, whose "
            "log says which of them do; export it to Parquet"
        )
    for each in sorted(folder.iterdir()):
        if _is_hidden(each.name):
            continue
        if each.is_dir():
            if "=" in each.name:
                yield from _walk(each, base)
        elif _is_data(each.name) and ".txt" not in each.name.lower():  # those are often notes
            yield DataFile(each, each.relative_to(base))


def _inside(folder: Path) -> str:
    """What is to be said about a folder without data files."""
    below = next((each for each in folder.expanduser().rglob("*") if _is_data(each.name)), None)
    if below is None:
        return "holds none"
    pattern = str(folder / "**" / f"*{below.suffix}")
    return f"holds none itself, only in folders; try the pattern {quote(pattern)}"


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "_"))


def _is_data(name: str) -> bool:
    return bool(_ENDING.search(name))
