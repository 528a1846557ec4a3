"""What this project claims, compared with the figures.

The thresholds were written down before anything was measured, and do not move. A claim holds if its
estimate is on the right side of its threshold. Its interval is shown next to it, and the noise
floor above all of them.
"""

from collections.abc import Callable, Iterable, Iterator

from bench.arms.ours import EMPTY
from bench.models import MIXED, SIZES
from bench.results import AcrossSets, ArmFigures, Claim, Figures, Interval
from slipstream.measurement.machine import Machine

__all__ = ["check_claims"]

WIDTH_32, WIDTH_64, WIDTH_256, TEN_MB = (size.name for size in SIZES)
INT8, FLOAT32 = "Slipstream int8", "Slipstream float32"
RUN = "ONNX Runtime"
BOUND = ", IOBinding"
BASE = "baseline"


def check_claims(figures: Figures) -> list[Claim]:
    """Compare every claim with the figures; a claim whose figures are missing is not measured."""
    return [
        *_one_row(figures),
        *_cold_rows(figures),
        *_precision(figures),
        *_sizes(figures),
        *_batches(figures),
        *_start(figures),
    ]


def _one_row(figures: Figures) -> Iterator[Claim]:
    for label, keep in (
        ("`session.run`, the faster of float32 and int8", lambda arm: BOUND not in arm.arm),
        ("its fastest call (IOBinding)", lambda arm: BOUND in arm.arm),
    ):
        peers = list(filter(keep, _arms(figures, WIDTH_32, RUN)))
        yield _times_faster(f"hot: ≥ 25 × faster than ONNX Runtime by {label}", 25, peers)
    peers = _arms(figures, WIDTH_32, "LightGBM C")
    yield _times_faster("hot: ≥ 15 × faster than LightGBM's single-row-fast call", 15, peers)
    for form in ("array", "frame"):
        text = f"hot: ≥ 2,000 × faster than the scikit-learn pipeline on a row as {form}"
        peers = _arms(figures, WIDTH_32, f"scikit-learn pipeline, {form}")
        yield _times_faster(text, 2000, peers)
    (ours,) = _arms(figures, WIDTH_32, INT8, exact=True)
    p99 = ours.p99_us
    yield Claim(claim="hot: p99 ≤ 2 µs", found=f"{_interval(p99, 2)} µs", holds=p99.estimate <= 2)
    parsed = next(arm for arm in figures.dicts if arm.arm.endswith("JSON"))
    made = next(arm for arm in figures.dicts if arm.arm.endswith("dict"))
    yield Claim(
        claim=f"hot: from a dict ({MIXED}) ≤ 3 × its row call",
        found=f"{_interval(parsed.ratio)} × just parsed from JSON, "
        f"{made.ratio.estimate:.2f} × made in Python",
        holds=max(parsed.ratio.estimate, made.ratio.estimate) <= 3,
    )


def _cold_rows(figures: Figures) -> Iterator[Claim]:
    empty = next(arm for arm in figures.cold if arm.arm == EMPTY)
    for label, bound in (("`session.run`", False), ("its fastest call (IOBinding)", True)):
        peers = [
            arm for arm in figures.cold if arm.arm.startswith(RUN) and (BOUND in arm.arm) == bound
        ]
        text = f"cold: ≥ 20 × faster than ONNX Runtime by {label}"
        fastest = min(peers, key=lambda arm: arm.p50_us.estimate, default=None)
        if fastest is None:
            yield _not_measured(text)
            continue
        yield Claim(
            claim=text,
            found=f"{_interval(fastest.ratio)} × ({fastest.arm}); "
            f"an empty call costs {empty.p50_us.estimate:.2f} µs of it",
            holds=fastest.ratio.estimate >= 20,
        )


def _precision(figures: Figures) -> Iterator[Claim]:
    """int8 and float32, on the machine's own instruction set and on those without VNNI."""
    used, best = figures.machine.instruction_set, _best_set(figures.machine)
    yield Claim(
        claim="the machine's best instruction set is the one that runs",
        found=f"{used} runs, {best} is the best by the CPU's own flags",
        holds=used == best,
    )
    yield from _wide_layers(figures)
    int8, float32 = (_p50(figures, WIDTH_32, arm) for arm in (INT8, FLOAT32))
    timer = figures.machine.timer_us
    yield Claim(
        claim="width 32, hot: int8 within the timer's cost of float32",
        found=f"{int8:.3f} and {float32:.3f} µs; the timer costs {timer:.3f} µs",
        holds=int8 - float32 <= timer,
    )
    cold = next(arm.ratio for arm in figures.cold if arm.arm == FLOAT32)
    yield Claim(
        claim="width 32, cold: int8 faster than float32",
        found=f"{_interval(cold)} ×",
        holds=cold.estimate > 1,
    )


def _best_set(machine: Machine) -> str:
    """What `runtime/csrc` has for a CPU's flags."""
    kernels = {"avx512_vnni": "avx512vnni", "avx512f": "avx512", "avx2": "avx2", "i8mm": "i8mm"}
    return next((name for flag, name in kernels.items() if flag in machine.instruction_sets), BASE)


def _wide_layers(figures: Figures) -> Iterator[Claim]:
    for size, least, text in (
        (WIDTH_256, 2, "width 256, AVX-512 VNNI: int8 ≥ 2 × faster than float32"),
        (TEN_MB, 3, "10 MB, AVX-512 VNNI: int8 ≥ 3 × faster than float32"),
    ):
        ratio = next((arm.ratio for arm in _arms(figures, size, FLOAT32, exact=True)), None)
        vnni = figures.machine.instruction_set == "avx512vnni"
        if ratio is None or not vnni:
            yield _not_measured(text)
        else:
            yield Claim(claim=text, found=f"{_interval(ratio)} ×", holds=ratio.estimate >= least)
    peers = _arms(figures, TEN_MB, f"{RUN} int8")
    yield _times_faster("10 MB: not slower than ONNX Runtime's int8", 1, peers)
    without = [
        each
        for each in figures.instruction_sets
        if each.size == WIDTH_256 and each.instruction_set in ("avx2", "avx512")
    ]
    yield _without_vnni(without)


def _without_vnni(measured: list[AcrossSets]) -> Claim:
    text = "width 256 without VNNI (forced): int8 not slower than float32"
    if not measured:
        return _not_measured(text)
    found = ", ".join(f"{each.instruction_set} {_interval(each.ratio)} ×" for each in measured)
    return Claim(claim=text, found=found, holds=all(each.ratio.estimate >= 1 for each in measured))


def _sizes(figures: Figures) -> Iterator[Claim]:
    text = "all tensors ≥ 3.9 × smaller at 10 MB"
    ratio = figures.tensors_ratio.get(TEN_MB)
    if ratio is None:
        yield _not_measured(text)
    else:
        weights = figures.weights_bytes[TEN_MB]
        found = f"{ratio:.2f} × ({weights:,} bytes of float32 weights)"
        yield Claim(claim=text, found=found, holds=ratio >= 3.9)
    demo = figures.demo_tensors_ratio
    yield Claim(claim="all tensors ≤ 0.40 × on the demo", found=f"{demo:.3f} ×", holds=demo <= 0.4)


def _batches(figures: Figures) -> Iterator[Claim]:
    for size, rows, least in (
        (WIDTH_32, 100_000, 0.9),
        (WIDTH_32, 1_000, 0.8),
        (WIDTH_64, 100_000, 1.3),
    ):
        yield from _batch_claims(figures, size, rows, least)
    one, two = (
        _rates(figures, WIDTH_32, 100_000, INT8)[f"{INT8}, {threads}"]
        for threads in ("1 thread", "2 threads")
    )
    yield Claim(
        claim=f"{WIDTH_32}, 100,000 rows: two threads ≥ 1.7 × one",
        found=f"{two / one:.2f} ×",
        holds=two / one >= 1.7,
    )


def _batch_claims(figures: Figures, size: str, rows: int, least: float) -> Iterator[Claim]:
    """Our float32 against ONNX Runtime's, and the faster of ours against the faster of its."""
    ours = {
        name: rate
        for name, rate in _rates(figures, size, rows, "Slipstream").items()
        if name.endswith(", 1 thread")
    }
    peers = _rates(figures, size, rows, RUN)
    for label, keep in (("float32, ours too", "float32"), ("faster precision, ours too", "")):
        text = f"{size}, {rows:,} rows, one thread: ≥ {least} × ONNX Runtime's rows/s, {label}"
        compared = [name for name in peers if keep in name]
        if not compared:
            yield _not_measured(text)
            continue
        our, its = (
            max((name for name in arms if keep in name), key=arms.__getitem__)
            for arms in (ours, peers)
        )
        ratio = ours[our] / peers[its]
        names = " against ".join(name.removesuffix(", 1 thread") for name in (our, its))
        yield Claim(claim=text, found=f"{ratio:.2f} × ({names})", holds=ratio >= least)


def _start(figures: Figures) -> Iterator[Claim]:
    ours = figures.start[0]
    yield Claim(
        claim="fresh process: import, load, first prediction ≤ 40 ms beyond `import numpy`",
        found=f"{ours.median_ms:.1f} ms (median of {ours.processes})",
        holds=ours.median_ms <= 40,
    )


def _times_faster(text: str, least: float, peers: Iterable[ArmFigures]) -> Claim:
    """Our int8 row against the fastest of some arms of the same size."""
    fastest = min(peers, key=lambda arm: arm.p50_us.estimate, default=None)
    if fastest is None:
        return _not_measured(text)
    found = (
        f"{_interval(fastest.ratio)} × ({fastest.arm}); "
        f"{_interval(fastest.block_ratio)} × by whole blocks"
    )
    return Claim(claim=text, found=found, holds=fastest.ratio.estimate >= least)


def _not_measured(text: str) -> Claim:
    return Claim(claim=text, found="not measured", holds=None)


def _arms(figures: Figures, size: str, name: str, *, exact: bool = False) -> list[ArmFigures]:
    matches: Callable[[str], bool] = name.__eq__ if exact else lambda arm: arm.startswith(name)
    return [arm for arm in figures.hot if arm.size == size and matches(arm.arm)]


def _p50(figures: Figures, size: str, name: str) -> float:
    (arm,) = _arms(figures, size, name, exact=True)
    return arm.p50_us.estimate


def _rates(figures: Figures, size: str, rows: int, name: str) -> dict[str, float]:
    return {
        each.arm: each.rows_per_s.estimate
        for each in figures.batches
        if (each.size, each.rows) == (size, rows) and each.arm.startswith(name)
    }


def _interval(value: Interval, decimals: int = 2) -> str:
    low, high = (f"{end:.{decimals}f}" for end in (value.low, value.high))
    return f"{value.estimate:.{decimals}f} [{low}, {high}]"
