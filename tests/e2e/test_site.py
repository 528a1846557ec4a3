"""`make docs` builds a site that is whole, and needs no network."""

import inspect
import re
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import slipstream
import slipstream.runtime

ROOT = Path(__file__).resolve().parents[2]
FETCHED = {("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src")}


@dataclass
class Page(HTMLParser):
    """The anchors, the links, the fetched files and the text of one HTML page."""

    anchors: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    fetched: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name == "id":
                self.anchors.add(value)
            elif (tag, name) == ("a", "href"):
                self.links.add(value)
            elif (tag, name) in FETCHED:
                self.fetched.add(value)

    def handle_data(self, data: str) -> None:
        self.words += data.split()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Page]:
    """Every page of the site, built as `make docs` does; a warning fails the build."""
    built = tmp_path_factory.mktemp("site")
    makefile = (ROOT / "Makefile").read_text().replace("\\\n\t", "")
    command = re.search(r"sphinx-build (.*)\n", makefile)[1]
    command = command.replace("build/doctrees", str(built / "doctrees"))
    command = command.replace("build/site", str(built / "site"))
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *command.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {path: _read(path) for path in (built / "site").rglob("*.html")}


def _read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text())
    return page


def _page(site: dict[Path, Page], name: str) -> Page:
    (found,) = (page for path, page in site.items() if path.as_posix().endswith(f"/site/{name}"))
    return found


def test_every_link_of_the_site_leads_somewhere(site: dict[Path, Page]) -> None:
    """Each link within the site has its file and, where it names one, its anchor."""
    checked = 0
    for path, page in site.items():
        for link in page.links | page.fetched:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link == "#":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file(), (path.name, link)
            if parts.fragment and target in site:
                assert unquote(parts.fragment) in site[target].anchors, (path.name, link)
            checked += 1
    assert checked > 1000


def test_the_site_fetches_nothing_from_elsewhere(site: dict[Path, Page]) -> None:
    """Scripts, styles, fonts and pictures are the site's own files."""
    fetched = {link for page in site.values() for link in page.fetched}
    assert any(link.partition("?")[0].endswith(".css") for link in fetched)
    assert {link for link in fetched if urlsplit(link).netloc} == set()
    (home, *_) = (path.parent for path in site if path.name == "README.html")
    styles = "".join(path.read_text() for path in home.rglob("*.css"))
    assert not re.search(r"@import|url\(['\"]?(https?:)?//", styles)


@pytest.mark.parametrize("module", [slipstream, slipstream.runtime], ids=lambda it: it.__name__)
def test_the_reference_has_every_public_name(site: dict[Path, Page], module: object) -> None:
    """Each name has an entry in the reference, with the first line of its docstring."""
    page = _page(site, "docs/reference.html")
    text = " ".join(page.words)
    for name in module.__all__:
        assert {f"slipstream.{name}", f"slipstream.runtime.{name}"} & page.anchors, name
        found = getattr(module, name)
        if inspect.isclass(found) or inspect.isfunction(found):
            assert _plain(inspect.getdoc(found).partition("\n")[0]) in _plain(text), name


def test_the_reference_has_every_public_member(site: dict[Path, Page]) -> None:
    """Each public method and property of `Predictor` has an entry, with its docstring."""
    page = _page(site, "docs/reference.html")
    text = _plain(" ".join(page.words))
    members = [name for name in vars(slipstream.Predictor) if not name.startswith("_")]
    assert "predict_one" in members
    for name in members:
        assert f"slipstream.Predictor.{name}" in page.anchors, name
        found = inspect.getdoc(getattr(slipstream.Predictor, name))
        assert _plain(found.partition("\n")[0]) in text, name


def _plain(text: str) -> str:
    """Text without what typesetting changes: quotes, dashes and spaces."""
    return re.sub(r"[\s`'’\"“”–-]+", "", text)
