from dataclasses import replace

import pytest

from slipstream.reporting.inspection import describe
from slipstream.runtime import BundleError, Predictor, instruction_set
from slipstream.runtime.bundle import read
from slipstream.runtime.types import Backend
from tests.conftest import Trained
from tests.unit.runtime.agreement import Shape, bundle_of
from tests.unit.runtime.people import people


@pytest.mark.parametrize(
    ("outputs", "answers"), [(1, "target"), (3, "P(target = …) of '0', '1', '2'")]
)
@pytest.mark.parametrize(
    ("backend", "runs"), [("compiled", f"compiled for {instruction_set}"), ("numpy", "in numpy")]
)
def test_tells_what_runs_and_what_it_answers(
    outputs: int, answers: str, backend: Backend, runs: str
) -> None:
    """Every task is described, with the backend and the instruction set that run it here."""
    bundle = bundle_of(Shape(2, 3, [4], outputs, 0, 1), "int8", categorical=0)
    lines = list(describe(Predictor(bundle, backend=backend), "some.safetensors"))
    assert lines[0] == "some.safetensors"
    for name, fact in {"answers": answers, "runs": runs, "network": f"2-4-{outputs}"}.items():
        assert f"  {name:<14} {fact}" in lines


def test_tells_how_large_the_file_is(mixed: Trained) -> None:
    """The size of the file where there is one; of what a registry sent, that of its file."""
    path = mixed.store.path(mixed.bundles.int8.file)
    sent = describe(Predictor(read(path)), "models:/mixed@champion")
    assert f"  {'file':<14} {path.stat().st_size:,} bytes" in list(sent)
    elsewhere = describe(Predictor(read(path)), "int8.safetensors", file_bytes=123_456)
    assert f"  {'file':<14} 123,456 bytes" in list(elsewhere)


def test_a_threshold_is_shown_where_it_is_not_half() -> None:
    """From which probability on the label is the second one."""
    bundle = replace(people(), threshold=0.3125, details={})
    (line,) = (each for each in describe(Predictor(bundle), "a") if "answers" in each)
    assert line.endswith("P(target = 'stays'), else 'churns'; 'stays' from 0.3125 on")
    assert not any(" from 0.5" in each for each in describe(Predictor(people()), "a"))


def test_a_number_learned_as_its_logarithm_is_shown_as_such() -> None:
    """Next to what is answered; nothing where the number itself was learned."""
    plain = replace(people(task="regression"), details={"target": "price"})
    lines = [
        next(line for line in describe(Predictor(each), "a") if "answers" in line)
        for each in (plain, replace(plain, target_scale="log1p"))
    ]
    assert lines[0].endswith(" price")
    assert lines[1].endswith(" price, learned as log(1 + number)")


def test_versions_that_are_no_object_are_a_broken_bundle() -> None:
    """Whatever the maker wrote there is shown, without a traceback."""
    bundle = replace(people(), details={"versions": ["numpy"]})
    with pytest.raises(BundleError, match="details.versions must be an object, however: list"):
        list(describe(Predictor(bundle), "some.safetensors"))
