"""The page on troubleshooting quotes messages that exist, and leaves none out."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
QUOTE = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)
ERRORS = {"InputError", "BundleError", "ValueError", "argparse.ArgumentTypeError"}
ANY = "…"  # in a quote and in a template: a name, a number, a path


def quotes() -> list[str]:
    """The messages of the page, as far as they are the same for everybody."""
    page = (ROOT / "docs" / "guide" / "troubleshooting.md").read_text()
    return QUOTE.findall(page)


def modules() -> list[Path]:
    found = [path for part in ("src/slipstream", "tasks") for path in ROOT.glob(f"{part}/**/*.py")]
    assert len(found) > 50
    return found


def template(node: ast.expr, names: dict[str, str]) -> str:
    """A string of the source with `…` for what is filled in; module constants are known."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(template(each, names) for each in values)
        case ast.FormattedValue(value=ast.Name(id=name)):
            return names.get(name, ANY)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return template(left, names) + template(right, names)
    return ANY


@cache
def parsed(path: Path) -> tuple[list[ast.AST], dict[str, str]]:
    """The nodes of a module, and the strings that it gives a name."""
    tree = ast.parse(path.read_text())
    return list(ast.walk(tree)), named_strings(tree)


def named_strings(tree: ast.Module) -> dict[str, str]:
    """Names that are assigned one string, such as the half of a message that two share."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=(ast.Constant() | ast.JoinedStr())):
                text = template(node.value, {})
                found[name] = text if name not in found else ANY
    return found


def strings() -> Iterator[str]:
    """Every string of the Python and C sources, filled with `…`."""
    for path in modules():
        nodes, names = parsed(path)
        for node in nodes:
            if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
                yield re.sub(r"%s|%r", ANY, template(node, names))
    for path in ROOT.glob("src/slipstream/runtime/**/*.[ch]"):
        joined = re.sub(r'"\s*\n\s*"', "", path.read_text())
        yield from (re.sub(r"%R", ANY, text) for text in re.findall(r'"([^"\n]+)"', joined))


def errors() -> Iterator[tuple[str, str]]:
    """Where an error of a user's is made, and its message."""
    for path in modules():
        nodes, names = parsed(path)
        for node in nodes:
            match node:
                case ast.Call(args=[message]) if ast.unparse(node.func) in ERRORS:
                    yield f"{path.name}:{node.lineno}", template(message, names)


def pattern(quote: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, quote.split(ANY))), re.DOTALL)


def test_every_quoted_message_is_in_the_source() -> None:
    """Each fixed part of a quote is part of a string of the program's."""
    source = "\n".join(strings())
    assert len(quotes()) > 100
    missing = [
        quote for quote in quotes() if not all(part.strip() in source for part in quote.split(ANY))
    ]
    assert missing == []


def test_no_message_is_quoted_twice() -> None:
    """A message has one entry, so that a search on the page finds its way out."""
    assert len(quotes()) == len(set(quotes()))


def test_every_error_of_a_users_is_explained() -> None:
    """Each error that is raised for a user's mistake is matched by a quote on the page.

    One whose rule is put together elsewhere, such as a column's or a bundle's, cannot be found in
    its place: its message has fewer than two words of its own before the fact.
    """
    patterns = [pattern(quote) for quote in quotes() if quote.strip(ANY + " ")]
    found = [
        (where, message)
        for where, message in errors()
        if len(re.findall(r"\w{2,}", message.partition("however")[0])) >= 2
    ]
    assert len(found) > 100
    unexplained = [each for each in found if not any(known.search(each[1]) for known in patterns)]
    assert unexplained == []
