import pytest

from slipstream.operations.merging import ABSENT, Conflict, merge

APPLIED = {"cron": "0 2", "active": False, "config": {"k": 5, "path": "a.csv"}}


@pytest.mark.parametrize(
    ("edited", "wanted", "merged"),
    [
        (APPLIED, {"cron": "0 3"}, {"cron": "0 3"}),
        ({**APPLIED, "active": True}, APPLIED, {**APPLIED, "active": True}),
        ({**APPLIED, "active": True}, {**APPLIED, "cron": "0 3"}, {"cron": "0 3", "active": True}),
        ({"cron": "0 2", "active": True}, {**APPLIED, "new": 1}, {"active": True, "new": 1}),
        (
            {**APPLIED, "config": {"k": 5, "path": "b.csv", "seed": 1}},
            {**APPLIED, "config": {"k": 8, "path": "a.csv"}},
            {"config": {"k": 8, "path": "b.csv", "seed": 1}},
        ),
    ],
)
def test_an_edit_and_a_change_of_the_file_both_count(
    edited: dict, wanted: dict, merged: dict
) -> None:
    """At any depth, the file's change is applied where nothing was edited, and an edit stays."""
    found, conflicts = merge(APPLIED, edited, wanted)
    assert {key: found[key] for key in merged} == merged
    assert conflicts == ()


def test_what_the_file_no_longer_has_goes_unless_it_was_edited() -> None:
    """A setting that was removed from the file is removed, one that was added in Prefect is not."""
    found, conflicts = merge({"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 3}, {"b": 2})
    assert found == {"b": 2, "c": 3}
    assert conflicts == ()


def test_where_both_changed_the_edit_stays_and_is_reported() -> None:
    """A conflict names its place, what was kept, and what the file wanted."""
    found, conflicts = merge(APPLIED, {**APPLIED, "cron": "0 4"}, {**APPLIED, "cron": "0 3"})
    assert found["cron"] == "0 4"
    assert conflicts == (Conflict("cron", "0 4", "0 3"),)


def test_a_deletion_that_the_file_contradicts_stays() -> None:
    """What was removed in Prefect stays removed when the file changes it, and is reported."""
    found, conflicts = merge({"x": {"a": 1}}, {}, {"x": {"a": 2}})
    assert found == {}
    assert conflicts == (Conflict("x", ABSENT, {"a": 2}),)


def test_nothing_is_changed_in_place() -> None:
    """The three versions are as they were."""
    edited, wanted = {"a": {"b": 1}}, {"a": {"b": 0, "c": 2}}
    merge({"a": {"b": 0}}, edited, wanted)
    assert (edited, wanted) == ({"a": {"b": 1}}, {"a": {"b": 0, "c": 2}})
