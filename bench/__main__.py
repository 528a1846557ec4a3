"""Measure, then write the tables and the picture: `make bench`, or `python -m bench [--quick]`."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.claims import check_claims
from bench.markdown import fill
from bench.measuring import measure
from bench.results import Claim, Figures
from bench.show import page, picture, summary

__all__ = ["main", "run"]

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results"
PICTURE = ROOT / "docs" / "pictures" / "bench.png"


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, allow_abbrev=False)
    parser.add_argument("--quick", action="store_true", help="a smoke run; the README stays")
    quick = parser.parse_args(arguments).quick
    run(quick=quick, folder=RESULTS / "quick" if quick else RESULTS, publish=not quick)
    return 0


def run(*, quick: bool, folder: Path, publish: bool) -> None:
    """Measure, write the files into a folder, and put the figures into the README."""
    figures = measure("quick" if quick else "full")
    claims = check_claims(figures)
    folder.mkdir(parents=True, exist_ok=True)
    _write(figures, claims, folder, PICTURE if publish else folder / "bench.png")
    if publish:
        readme = ROOT / "README.md"
        readme.write_text(fill(readme.read_text(), "bench", summary(figures, claims)))
    print(summary(figures, claims))
    print(f"\n{sum(claim.holds is True for claim in claims)} of {len(claims)} claims hold")
    print(f"all tables: {folder / 'latest.md'}")


def _write(figures: Figures, claims: Sequence[Claim], folder: Path, picture_file: Path) -> None:
    everything = {
        **figures.model_dump(mode="json"),
        "claims": [claim.model_dump() for claim in claims],
    }
    text = json.dumps(everything, indent=1, ensure_ascii=False)
    (folder / "latest.json").write_text(text + "\n")
    (folder / "latest.md").write_text(page(figures, claims))
    picture(figures).savefig(picture_file, dpi=110)


if __name__ == "__main__":
    sys.exit(main())
