"""Optimisation: fit one network, to labels until they no longer help, or to a teacher's answers.

AdamW (Loshchilov and Hutter 2019) under a learning rate that rises along a straight line and falls
along a cosine. Biases do not decay.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from slipstream.artifacts.references import Epoch
from slipstream.config.training import TrainingConfig
from slipstream.runtime.errors import InputError
from slipstream.runtime.types import Task
from slipstream.training.batches import Batch, Standard, TrainingData
from slipstream.training.losses import Objective, objective_of
from slipstream.training.network import Network
from slipstream.training.reading import encode

__all__ = ["EVALUATION_ROWS", "EpochHook", "Lesson", "best_epoch", "deterministic", "fit"]

EpochHook = Callable[[Epoch], None]
EVALUATION_ROWS = 65_536  # rows a forward pass without gradients
EVALUATION_NUMBERS = 1 << 23  # outputs of one
LEAST_STEPS = 4  # an epoch of a small table
# Of a network that learns from a teacher, whatever the number of rows: more gain nothing where it
# answers with one number, and up to a point of accuracy where it tells labels apart.
DISTILLED_STEPS = 2000
DISTILLED_STEPS_OF_SEVERAL = 5000  # outputs
DISTILLED_ROWS = 512  # a step
DISTILLED_RATE = 0.008  # its peak
WARM_UP = 0.05  # share of the steps
BETAS = (0.9, 0.95)
WEIGHT_DECAY = 0.01


@dataclass(frozen=True)
class Lesson:
    """What networks of one run have in common.

    `widths` are those of each hidden layer, then the number of outputs; `task` and, if it has any,
    `quantiles` say what is predicted; `training` how long and how fast it is learned, and by which
    seed. A network that learns from a teacher takes `steps`; None: as many as are worth it.
    """

    widths: Sequence[int]
    task: Task
    quantiles: Sequence[float]
    training: TrainingConfig
    steps: int | None = None

    @property
    def objective(self) -> Objective:
        """What is minimised."""
        return objective_of(self.task, self.quantiles)


def fit(data: TrainingData, lesson: Lesson, on_epoch: EpochHook) -> tuple[Network, list[Epoch]]:
    """Fit a network: the same arguments give the same weights.

    From labels alone it learns until the validation loss stops falling, and the best epoch's
    weights are kept. A teacher's answers are no noise to be learned by heart: from them it learns
    for a fixed number of steps, and keeps the last weights. A target that is trained standardised
    is predicted in its own unit: the last layer's weights carry it.

    Args:
        data: what the network reads, learns from, and stops by.
        lesson: what it is to be, and how it learns.
        on_epoch: called with each epoch.

    Raises:
        InputError: the loss is no longer a number.
    """
    objective = lesson.objective
    with deterministic(lesson.training.seed):
        encoding = encode(data.columns, data.train, objective, lesson.training.seed)
        network = Network(encoding.learned, lesson.widths)
        network.bind(encoding.directions)
        standard = Standard.of(data.train, objective)
        learned = standard, objective
        labelled = Batch.of(encoding.inputs(encoding.train), encoding.train, *learned)
        if objective.start:
            network.begin_at(objective.start(labelled.target, labelled.weight))
        lessons = labelled if data.soft is None else Batch.answered(encoding, data, *learned)
        course = _course(lesson, len(lessons), taught=data.soft is not None)
        measure = None
        if data.validation is not None:
            rows = data.validation
            unseen = Batch.of(encoding.inputs(rows), rows, *learned)
            measure = partial(_measure, network, (labelled, unseen), objective, on_epoch)
        history = _run(network, lessons, objective, course, measure)
        network.read(encoding.whole)
        if objective.is_standardised:
            network.rescale(standard.mean, standard.deviation)
    return network, history


def best_epoch(history: Sequence[Epoch]) -> Epoch:
    """The epoch whose weights are kept: the first of the lowest validation loss."""
    return min(history, key=lambda epoch: epoch.val_loss)


@dataclass(frozen=True)
class Course:
    """How training goes: `patience` is None where the last weights are kept, not the best ones."""

    epochs: int
    passes: int  # over all rows in an epoch
    batch_size: int
    learning_rate: float
    patience: int | None


def _course(lesson: Lesson, rows: int, *, taught: bool) -> Course:
    training = lesson.training
    if not taught:
        batch_size = _batch_size(rows, training.batch_size)
        return Course(training.epochs, 1, batch_size, training.learning_rate, training.patience)
    batch_size = _batch_size(rows, DISTILLED_ROWS)
    several = lesson.widths[-1] > 1
    steps = lesson.steps or (DISTILLED_STEPS_OF_SEVERAL if several else DISTILLED_STEPS)
    pass_steps = -(-rows // batch_size)
    passes = -(-steps // (training.epochs * pass_steps))
    epochs = max(1, round(steps / (passes * pass_steps)))
    return Course(epochs, passes, batch_size, DISTILLED_RATE, None)


def _batch_size(rows: int, most: int) -> int:
    """A table smaller than one batch is read in a few steps: one an epoch learns too slowly."""
    return most if rows >= most else -(-rows // LEAST_STEPS)


def _run(
    network: Network,
    lessons: Batch,
    objective: Objective,
    course: Course,
    measure: Callable[[int], Epoch] | None,
) -> list[Epoch]:
    """Run the epochs, measure the network after each, and leave it as it is kept."""
    history: list[Epoch] = []
    best_loss, waited = math.inf, 0
    best_weights: dict[str, Tensor] = {}
    for number in _epochs(network, lessons, objective, course):
        if measure is None:
            continue
        history.append(measure(number))
        if course.patience is None:
            continue
        waited += 1
        if history[-1].val_loss < best_loss:
            best_loss, waited = history[-1].val_loss, 0
            best_weights = {name: each.clone() for name, each in network.state_dict().items()}
        if waited >= course.patience:
            break
    if best_weights:
        network.load_state_dict(best_weights)
    return history


def _epochs(
    network: Network, lessons: Batch, objective: Objective, course: Course
) -> Iterator[int]:
    """Train, and yield the number of each epoch after it."""
    optimizer = _optimizer(network)
    total = course.epochs * course.passes * -(-len(lessons) // course.batch_size)
    step = 0
    for number in range(1, course.epochs + 1):
        for _ in range(course.passes):
            for chosen in torch.randperm(len(lessons)).split(course.batch_size):
                for group in optimizer.param_groups:
                    group["lr"] = course.learning_rate * _warmth(step, total)
                optimizer.zero_grad()
                batch = lessons.at(chosen)
                batch.loss(network(batch.rows, batch.shares), objective).backward()
                optimizer.step()
                network.project()
                step += 1
        yield number


def _optimizer(network: Network) -> torch.optim.Optimizer:
    parameters = dict(network.named_parameters())
    biases = [each for name, each in parameters.items() if name.endswith("bias")]
    weights = [each for name, each in parameters.items() if not name.endswith("bias")]
    groups: list[dict[str, Any]] = [
        {"params": weights},
        {"params": biases, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        groups,
        betas=BETAS,
        weight_decay=WEIGHT_DECAY,
        fused=True,
    )


def _warmth(step: int, steps: int) -> float:
    """The share of the peak learning rate at a step."""
    rise = max(1, round(WARM_UP * steps))
    if step < rise:
        return (step + 1) / rise
    return (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise))) / 2


def _measure(
    network: Network,
    batches: tuple[Batch, Batch],
    objective: Objective,
    on_epoch: EpochHook,
    number: int,
) -> Epoch:
    """How good the network is on training and validation rows after an epoch."""
    train, validation = (_evaluate(network, each, objective) for each in batches)
    epoch = Epoch(epoch=number, train=train, validation=validation)
    _check_losses(epoch)
    on_epoch(epoch)
    return epoch


@torch.no_grad()
def _evaluate(network: Network, batch: Batch, objective: Objective) -> dict[str, float]:
    outputs = len(next(reversed(list(network.parameters()))))  # the last bias (O,)
    most = max(1, min(EVALUATION_ROWS, EVALUATION_NUMBERS // outputs))
    sums: dict[str, float] = defaultdict(float)
    for part in batch.split(most):
        answers = network(part.rows, part.shares)
        for name, figure in objective.figures(answers, part.target, part.weight).items():
            sums[name] += figure * len(part)
    return {name: total / len(batch) for name, total in sums.items()}


def _check_losses(epoch: Epoch) -> None:
    if not (math.isfinite(epoch.train_loss) and math.isfinite(epoch.val_loss)):
        raise InputError(
            f"the loss must stay a number, however: it is {epoch.train_loss} after epoch "
            f"{epoch.epoch}; lower training.learning_rate"
        )


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """One thread (faster than two on networks this small) and one stream of random numbers."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
