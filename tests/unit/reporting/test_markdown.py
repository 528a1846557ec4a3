import pytest

from slipstream.reporting.markdown import bullets, escape, table


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a|b", r"a\|b"),
        ("*a* _b_ `c`", r"\*a\* \_b\_ \`c\`"),
        ("<script>", r"\<script\>"),
        ("[a](http://b)", r"\[a\](http://b)"),
        ("a\nb", r"a\\nb"),
        ("# a", r"\# a"),
        ("1. a", r"1\. a"),
        ("- a", r"\- a"),
        ("plain, 'quoted' 1.5 % (x)", "plain, 'quoted' 1.5 % (x)"),
    ],
)
def test_marks_are_text(text: str, written: str) -> None:
    """What Markdown or HTML would obey is escaped, and the rest left readable."""
    assert escape(text) == written


def test_lists_and_tables() -> None:
    """A list escapes its sentences; a table's cells are Markdown already."""
    assert bullets(["a*", "b"]) == "- a\\*\n- b"
    assert table(("", "x"), [("**a**", "1")]) == "|  | x |\n| :--- | ---: |\n| **a** | 1 |"
