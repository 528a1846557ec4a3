"""Search: the number of columns and the hidden layers, by measured latency and short trainings.

Latency and size of every shape are measured with random weights, since they depend on nothing else.
How well shapes predict is found by successive halving (Jamieson and Talwalkar 2016, "Non-stochastic
Best Arm Identification and Hyperparameter Optimization"): all are trained for a short time, the
better half for longer, and so on.
"""

import time
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from slipstream.artifacts.references import DatasetRef, FeatureMask, PreparedRef, TeacherRef
from slipstream.artifacts.selection import PathStep
from slipstream.artifacts.store import Store
from slipstream.config.training import TrainingConfig
from slipstream.runtime.columns import Column, lookups
from slipstream.search.candidates import Candidate
from slipstream.search.found import Found, Point, Trained, choose, cost_of, front, halve
from slipstream.search.larger import score_larger
from slipstream.search.material import Material, material_of
from slipstream.search.measures import allowed
from slipstream.search.shapes import Asked, Blank, Shapes, measure_shapes, p50_us_of_k
from slipstream.training.candidates import fit_candidate
from slipstream.training.optimisation import Lesson

__all__ = ["search", "sensible"]

RUNGS: Mapping[str, Sequence[int]] = {"width": (300, 1000), "full": (300, 1000, 3000)}  # steps
ENOUGH_ROWS = 20_000  # fewer take fewer steps, down to this share of them
LEAST_SHARE = 0.4
LEAST = 2  # shapes that are trained for longest
LARGEST = 3  # numbers of columns within a budget
TIMES_LOST = (0, 1, 1.5, 2, 3)  # times what may be lost along the path, each a number of columns
TRAINING = TrainingConfig(batch_size=256, learning_rate=0.004, patience=3)
CELLS = 1 << 19  # training rows times columns


def search(
    dataset: DatasetRef,
    prepared: PreparedRef,
    teacher: TeacherRef | None,
    mask: FeatureMask,
    asked: Asked,
    store: Store,
) -> Found:
    """Find the columns and the hidden layers to train with.

    Args:
        dataset: the snapshot, on whose rows latency is measured.
        prepared: the normalised table.
        teacher: whose answers the networks learn from, if there is one.
        mask: the columns, with the path of elimination if they were chosen by it.
        asked: what is to be tried, and within which limits.
        store: where the tables are.
    """
    start = time.perf_counter()
    sizes = sensible(mask.path, asked) if mask.path else [len(mask.features)]
    blank = Blank.of(dataset, prepared, mask, store)
    shapes = measure_shapes(blank, mask.path, sizes, asked)
    material = material_of(prepared, teacher, CELLS, max(sizes), store)
    trained, trainings = _train(material, shapes, _wanted(shapes, sizes, asked), asked)
    chosen, reason, warnings = _choice(trained, shapes, asked, material.measure.name)
    return Found(
        mask=mask.at(chosen.k) if mask.path else mask,
        hidden=chosen.hidden,
        measure=material.measure.name,
        points=_points(trained, shapes, lower_is_better=material.measure.lower_is_better),
        larger=score_larger(prepared, teacher, material, store) if teacher else {},
        p50_us_of_k=p50_us_of_k(blank, mask.path, _shape(chosen)),
        trainings=trainings,
        seconds=time.perf_counter() - start,
        reason=reason,
        warnings=warnings,
    )


def sensible(path: Sequence[PathStep], asked: Asked) -> list[int]:
    """Numbers of columns worth a training: each the smallest that loses no more than some limit."""
    steps = [step for step in path if step.k <= (asked.most or step.k)]
    good = [step for step in steps if not step.is_worse] or steps
    sizes = {
        _smallest(steps if times > 1 else good, times, asked.config.tolerance)
        for times in TIMES_LOST
    }
    return sorted(sizes, reverse=True)


def _smallest(steps: Sequence[PathStep], times: float, tolerance: float) -> int:
    least = min(step.lost for step in steps)
    return min(
        step.k for step in steps if step.lost - least <= times * allowed(tolerance, step.error)
    )


def _wanted(shapes: Shapes, sizes: Sequence[int], asked: Asked) -> list[Candidate]:
    """The shapes to train; with a budget, the largest that fit, and one size that need not."""
    if asked.has_budget:
        fitting = sorted({shape.k for shape in shapes.variants if shapes.fit(shape)}, reverse=True)
        smallest = [min(shape.k for shape in shapes.variants)]
        sizes = list(dict.fromkeys([sizes[0], *(fitting[:LARGEST] or smallest)]))
    return [Candidate(k, hidden) for k in sizes for hidden in asked.widths]


def _train(
    material: Material, shapes: Shapes, wanted: Sequence[Candidate], asked: Asked
) -> tuple[list[Trained], int]:
    """Train all shapes for a short time, the better half for longer; and how many trainings."""
    left, trainings = list(wanted), 0
    share = max(LEAST_SHARE, min(1.0, material.rows / ENOUGH_ROWS))
    *short, last = (round(share * steps) for steps in RUNGS[asked.config.mode])
    for steps in short:
        trained = _rung(material, shapes, left, steps)
        trainings += len(left)
        fitting = [each for each in trained if shapes.fit(_shape(each))]
        best = min(trained, key=lambda each: each.lost)
        kept = halve(fitting or trained, LEAST)
        left = [_shape(each) for each in trained if each in kept or each == best]
    return _rung(material, shapes, left, last), trainings + len(left)


def _rung(
    material: Material, shapes: Shapes, wanted: Sequence[Candidate], steps: int
) -> list[Trained]:
    """Train each shape for so many steps, and compare their answers for validation rows."""
    answers = [_answers(material, shapes.columns[: each.k], each.hidden, steps) for each in wanted]
    scores = [material.score(each) for each in answers]
    best = answers[material.measure.best(scores)]
    trained = []
    for shape, own, score in zip(wanted, answers, scores, strict=True):
        lost = material.lost(best, own)
        columns = len(lookups(shapes.columns[: shape.k]))
        cost = cost_of(columns, (*shape.hidden, material.outputs))
        trained.append(
            Trained(
                k=shape.k,
                hidden=shape.hidden,
                cost=cost,
                score=score,
                lost=lost.estimate,
                error=lost.error,
                is_worse=lost.is_worse,
            )
        )
    return trained


def _answers(
    material: Material, columns: Sequence[Column], hidden: Sequence[int], steps: int
) -> NDArray[np.float64]:
    """What a network of a shape answers for validation rows after so many steps."""
    epochs = max(2, round(steps * TRAINING.batch_size / len(material.train)))
    training = TRAINING.model_copy(update={"epochs": 2 if material.soft is not None else epochs})
    widths = (*hidden, material.outputs)
    lesson = Lesson(widths, material.task, material.quantiles, training, steps)
    fitted = fit_candidate("identity", material.of(columns), lesson, lambda _: None)
    return material.answers(fitted.outputs)


def _choice(
    trained: Sequence[Trained], shapes: Shapes, asked: Asked, measure: str
) -> tuple[Trained, str, tuple[str, ...]]:
    """The shape to train with, why, and what a user should be warned of."""
    best = min(trained, key=lambda each: (each.lost, each.cost))
    if not asked.has_budget:
        chosen = choose(trained, asked.config.tolerance)
        why = "the cheapest that was tried within the tolerance"
        return chosen, f"{_name(chosen)}: {why}{_against(chosen, best, measure)}", ()
    fitting = [each for each in trained if shapes.fit(_shape(each))]
    if not fitting:
        chosen = min(trained, key=lambda each: shapes.excess(_shape(each)))
        reason = f"nothing that was tried fits the budget; {_name(chosen)} is closest"
        return chosen, reason, (f"the search: {reason}",)
    chosen = min(fitting, key=lambda each: (each.lost, each.cost))
    reason = f"{_name(chosen)}: the best that fits the budget{_against(chosen, best, measure)}"
    lost_much = chosen.lost > allowed(asked.config.tolerance, chosen.error)
    return chosen, reason, (f"the budget costs score: {reason}",) if lost_much else ()


def _against(chosen: Trained, best: Trained, measure: str) -> str:
    if chosen == best:
        return ", and the best of all"
    lost = f"{chosen.lost:.4f} ± {chosen.error:.4f} worse {measure}"
    return f", with a {lost} on validation rows than {_name(best)} after as short a training"


def _name(trained: Trained) -> str:
    """A shape in the config's words."""
    return f"k = {trained.k} and hidden layers of {' x '.join(map(str, trained.hidden))}"


def _points(
    trained: Sequence[Trained], shapes: Shapes, *, lower_is_better: bool
) -> tuple[Point, ...]:
    """Both variants of what was trained for longest, the fastest first."""
    points = [
        Point(
            k=each.k,
            hidden=each.hidden,
            precision=precision,
            score=each.score,
            latency_p50_us=p50_us,
            latency_p99_us=p99_us,
            bundle_bytes=size,
        )
        for each in trained
        for precision, (p50_us, p99_us, size) in shapes.variants[_shape(each)].items()
    ]
    points.sort(key=lambda each: each.latency_p50_us)
    on_front = front(points, lower_is_better=lower_is_better)
    return tuple(
        point.model_copy(update={"is_on_front": each})
        for point, each in zip(points, on_front, strict=True)
    )


def _shape(trained: Trained) -> Candidate:
    return Candidate(trained.k, trained.hidden)
