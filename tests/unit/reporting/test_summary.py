"""The Markdown of a run: complete, and nothing that others wrote is obeyed."""

from slipstream.reporting.record import Decision
from slipstream.reporting.summary import retraining_summary, run_summary
from slipstream.search.candidates import Alternatives
from tests.unit.records import CONFIG, dataset, drift, record, retraining, tracked


def test_a_summary_goes_from_source_to_links() -> None:
    """What came in, what was left out and why, the verdict, both variants, where to look."""
    text = run_summary(record(), tracked())
    for part in (
        "# customers · k=5 · 32×32",
        "**Winner: int8.** int8 is smaller.",
        "- **source**: customers.csv",
        r"- **rows**: 3,000 (1,800 for train, 600 for validation, 600 for test)",
        "- **target**: 'churned', 25.0 % 'yes'",
        r"- **columns**: 3, without 'id' (data.drop)",
        "- **the model reads**: 2 of them: 'age',",
        "is left out: it is constant.",
        r"- features.k is 5, but there are only 3 columns.",
        "| test AUC | 0.9612 | 0.9612 | 0.0000 |",
        "| weights | 16 kB | 4 kB | x 0.250 |",
        "- [MLflow run](http://127.0.0.1:5000/",
    ):
        assert part in text, part


def test_without_warnings_there_are_no_notes() -> None:
    """A section without content is not there."""
    silent = record(dataset=dataset(warnings=()))
    silent = silent.model_copy(update={"mask": silent.mask.model_copy(update={"warnings": ()})})
    assert "Notes" not in run_summary(silent)
    assert "Links" not in run_summary(silent)


def test_many_notes_are_cut_and_counted() -> None:
    """A table of a thousand useless columns does not fill the page; nothing is cut in silence."""
    many = tuple(f"column 'c{each}' is left out" for each in range(60))
    text = run_summary(record(dataset=dataset(warnings=many)))
    assert text.count(" is left out.") == 50
    assert "- and 11 more, in the log" in text  # the mask's warning is one of them


def test_names_are_shown_and_not_obeyed() -> None:
    """Pipes, stars, tags and line ends of a column's name are text, in tables too."""
    text = run_summary(record()) + retraining_summary(
        retraining(Decision(promoted=False, reason="x"), None, drift()), CONFIG
    )
    assert r"in\|come \*x\*\\n\<b\>" in text
    assert "<b>" not in text
    assert "|come" not in text.replace(r"\|come", "")


def test_a_budget_that_was_not_met_has_no_winner_and_a_way_out() -> None:
    """The reason, and what would fit."""
    fitting = Alternatives(own=(), measured=(), conclusion="int8 with k = 2 would fit")
    text = run_summary(record(None, "nothing fits: p99 > 0.1 µs", alternatives=fitting))
    assert r"**Winner: none.** Nothing fits: p99 \> 0.1 µs." in text
    assert "Smaller models, not trained: int8 with k = 2 would fit." in text


def test_a_retraining_begins_with_its_decision() -> None:
    """Decision, drift with the largest first and its limit, verdict, findings, the version."""
    decision = Decision(promoted=True, reason="the log-loss is lower: by 0.1", version="3")
    moved = drift("drift: PSI 1.55 of 'z' > 0.25")
    text = retraining_summary(retraining(decision, record(), moved, *moved.warnings), CONFIG)
    order = [
        "**Version 3 promoted**: the log-loss is lower: by 0.1.",
        r"**Beyond the limit: drift: PSI 1.55 of 'z' \> 0.25.**",
        "Largest PSI 1.550 (",
        "| 1.550 | shifted |",
        "| z | 0.150 | moderate |",
        "| age | 0.020 | stable |",
        "## Verdict",
        "## What came in",
        "## Notes",
        "## Comparison",
        "/#/models/customers/versions/3)",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert text.count("Beyond the limit") == 1
    assert "drift: PSI" not in text.partition("## Notes")[2]


def test_an_unchanged_retraining_says_what_it_saw() -> None:
    """Nothing was trained: no verdict, but what came in, and how far it has moved."""
    text = retraining_summary(
        retraining(Decision(promoted=False, reason="unchanged", version="2"), None, drift()), CONFIG
    )
    assert "**Unchanged.**" in text
    assert "## Has the data moved?" in text
    assert "3,000" in text
    assert "Verdict" not in text
    assert "Comparison" not in text
