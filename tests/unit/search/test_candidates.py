from slipstream.search.candidates import Candidate, candidates


def test_candidates_are_smaller_and_distinct() -> None:
    """Fewer columns, narrower layers, one layer fewer: every combination but the run's own."""
    found = candidates(5, [32, 32])
    assert len(found) == len(set(found)) == 11
    assert Candidate(5, (32, 32)) not in found
    assert {each.k for each in found} == {5, 2, 1}
    assert {each.hidden for each in found} == {(32, 32), (16, 16), (8, 8), (32,)}
    assert candidates(1, [1]) == ()
    assert candidates(1, [2]) == (Candidate(1, (1,)),)
