"""Feeds the predictor damaged bundles and odd rows: it must refuse or answer, and never crash.

    python tests/fuzz/runtime.py [--bundles N] [--rows N] [--native FILE]

`--native` runs another build of the compiled predictor, one with sanitizers for instance. Every
case follows from its number, which is printed when one fails.
"""

import argparse
import importlib.util
import json
import random
import struct
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))


def use_native(path: str) -> None:
    """Put another build in the place of the installed one."""
    name = "slipstream.runtime._native"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


class EvilError(Exception):
    """What the odd objects here raise by themselves."""


# ------------------------------------------------------------------------------------ bundles


def damaged(data: bytes, chance: random.Random) -> bytes:
    """A file with flipped bits, or cut short."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    if chance.random() < 0.2:
        del changed[chance.randrange(len(changed)) :]
    return bytes(changed)


ODD_VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2, 3, 10**30, -(10**30), 1.5, float("nan"), float("inf"), 1e308,
    5e-324, "", "a", "missing", "float32", "int8", "binary", "multiclass", "regression", "numeric",
    "quantiles", [0.1, 0.5, 0.9], [0.5, 0.1], [0.5],
    "categorical", "boolean", "datetime", "duration", "dmy", "hour", [], {}, [1], ["a", "b"],
    ["a", "a"], {"a": 1}, "\ud800", "x" * 1000,
]  # fmt: skip


def mutate_json(node: Any, chance: random.Random) -> Any:
    """A JSON tree with one place changed."""
    if isinstance(node, dict) and node and chance.random() < 0.9:
        key = chance.choice(sorted(node))
        if chance.random() < 0.05:
            return {each: value for each, value in node.items() if each != key}
        return {**node, key: mutate_json(node[key], chance)}
    if isinstance(node, list) and node and chance.random() < 0.9:
        at = chance.randrange(len(node))
        if chance.random() < 0.2:
            return chance.choice([node[:at] + node[at + 1 :], [*node, node[at]], node[::-1]])
        return [*node[:at], mutate_json(node[at], chance), *node[at + 1 :]]
    return chance.choice(ODD_VALUES)


def mutate_tensor(tensor: np.ndarray, chance: random.Random) -> np.ndarray:
    """A tensor with other numbers, another shape or another type."""
    kind = chance.randrange(6)
    if kind == 0 and tensor.size:
        changed = bytearray(tensor.tobytes())
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        return np.frombuffer(bytes(changed), tensor.dtype).reshape(tensor.shape)
    if kind == 1 and tensor.size:
        changed_numbers = tensor.copy()
        limits = np.iinfo(tensor.dtype) if tensor.dtype.kind == "i" else np.finfo(tensor.dtype)
        odd = [limits.min, limits.max, 0, 1]
        changed_numbers.flat[chance.randrange(tensor.size)] = chance.choice(odd)
        return changed_numbers
    if kind == 2:
        return tensor.reshape(-1)[: chance.randrange(tensor.size + 1)]
    if kind == 3:
        return tensor.T.copy()
    if kind == 4:
        return tensor.astype(chance.choice(["i1", "i4", "f4", "f8", "u1", "i8", "f2", "?"]))
    return np.concatenate([tensor, tensor])


def resigned(data: bytes, chance: random.Random) -> bytes:
    """A file whose content was changed and whose digest fits again."""
    from safetensors.numpy import load, save

    from slipstream.runtime.bundle import _digest

    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["slipstream"])
    header.pop("sha256")
    tensors = load(data)
    if chance.random() < 0.5:
        header = mutate_json(header, chance)
    else:
        name = chance.choice(sorted(tensors))
        tensors[name] = mutate_tensor(tensors[name], chance)
        if chance.random() < 0.05:
            tensors[chance.choice(sorted(tensors))] = tensors.pop(name)
    if isinstance(header, dict):
        header["sha256"] = _digest(header, tensors)
    return save(tensors, metadata={"slipstream": json.dumps(header)})


def try_bundle(data: bytes, chance: random.Random) -> bool:
    """Parse a file, and answer rows with it where it is accepted; says whether it was."""
    from slipstream.runtime import BundleError, InputError, Predictor
    from slipstream.runtime.bundle import parse

    try:
        with np.errstate(all="ignore"):
            bundle = parse(data)
    except BundleError:
        return False
    model = Predictor(bundle)
    row = [chance.choice([0.0, -1e308, 1e308, "a", "2025-03-04", None]) for _ in bundle.columns]
    usual = {"categorical": "a", "datetime": "2025-03-04"}
    for attempt in (row, [usual.get(each.kind, 0.0) for each in bundle.columns]):
        try:
            alone = model.predict_one(attempt)
            table = model.predict([attempt] * 9)
        except InputError:
            continue
        assert np.array_equal(table[-1], alone, equal_nan=True)
    return True


QUANTILES: list[tuple[int, Any]] = [(0, "float32"), (1, "int8"), (2, "float32"), (2, "int8")]


def seeds() -> list[bytes]:
    """Small valid files of every precision and task."""
    from slipstream.runtime.bundle import dump
    from slipstream.runtime.formats import NumberFormat
    from tests.unit.runtime.agreement import Shape, bundle_of, quantiles_of
    from tests.unit.runtime.dated import date_column, dated_model, number_column
    from tests.unit.runtime.people import people

    shapes = [
        Shape(features=3, bins=3, hidden=[4], outputs=1, rows=0, seed=1),
        Shape(features=5, bins=1, hidden=[33, 3], outputs=3, rows=0, seed=2),
        Shape(features=9, bins=70, hidden=[2, 2, 2], outputs=9, rows=0, seed=3),
        Shape(features=2, bins=2, hidden=[520, 3], outputs=1, rows=0, seed=4),  # beyond float32
    ]
    dated = [
        dated_model(number_column("a"), date_column(order="dmy", epoch="s"), precision="float32"),
        dated_model(
            date_column(digits=True, missing=False), date_column("then"), number_column("a")
        ),
    ]
    made = people("float32")
    form = NumberFormat(decimal=",", thousands=".", currency="€", percent=True)
    income = replace(made.columns[2], format=form, missing=("none given",))
    columns = (*made.columns[:2], income, made.columns[3])
    formatted = replace(made, columns=columns, threshold=0.25)
    logarithmic = replace(people("int8", "regression"), target_scale="log1p")
    return [
        *map(dump, [*dated, formatted, logarithmic]),
        *(dump(quantiles_of(bundle_of(shapes[at], kind))) for at, kind in QUANTILES),
        *(
            dump(bundle_of(shape, kind, categorical=share))
            for shape in shapes
            for kind in ("float32", "int8")
            for share in (0.0, 0.4)
        ),
    ]


def fuzz_bundles(count: int) -> None:
    """Try `count` damaged files, half of them signed again."""
    files = seeds()
    accepted = 0
    for case in range(count):
        chance = random.Random(case)
        data = chance.choice(files)
        try:
            if case % 2:
                accepted += try_bundle(damaged(data, chance), chance)
            else:
                accepted += try_bundle(resigned(data, chance), chance)
        except UnicodeEncodeError:  # the header itself could not be written
            continue
        except BaseException:
            print(f"bundle case {case}")
            raise
    print(f"{count:,} bundles, {accepted:,} accepted")


# ------------------------------------------------------------------------------------ C arguments


def fuzz_constructor(count: int) -> None:
    """Call the compiled model's constructor with arguments that do not fit together."""
    from slipstream.runtime import _native

    edges = np.array([0.0, 1.0, 2.0])
    weights = np.zeros((4 + 3, 2), np.float32)
    parts: list[Any] = [
        ("x", True, edges, None, 0, None), ("c", False, None, {"a": 0}, 3, None),
        (weights, weights[0], None),
        (np.zeros((1, 2), np.float32), np.zeros(1, np.float32), None), "sigmoid", "softmax",
        "identity", "expm1", "sorted", edges, weights, {"a": 5}, {1: 1}, {"a": -1}, {"a": "b"},
        None, 0, edges[::-1], -1, 2**62, 2**70, "x", np.ndarray, list, (), (1,),
        np.zeros((7, 2), np.int8),
        np.zeros(2, np.int32), np.zeros((2**20, 0), np.float32), np.full(3, np.nan), True,
        np.zeros(2, ">f4"), np.zeros((7, 4), np.float32)[:, ::2], b"bytes", np.zeros(0),
        ("dmy", "s", True, ((0, edges),)), ("", "", 0, ()), ("ymd", "h", 1, ((9, edges),)),
        ("mdy", "ns", True, ((3, edges), (3, edges), (1, edges), (2, edges), (0, edges))),
        ("dmy", "us", False, (0,)), ("dmy", "ms", True, ((0, None),)), ((0, edges),),
    ]  # fmt: skip
    dated = ("x", True, edges, None, 0, ("dmy", "s", True, ((0, edges),)))
    wide = np.zeros((4 + 3 + 4, 2), np.float32)
    built = 0
    for case in range(count):
        chance = random.Random(case)
        good: list[Any] = [
            (parts[0], parts[1]), (parts[2], parts[3]), "sigmoid", lambda row: [0.0, 0.0],
        ]  # fmt: skip
        if case % 2:
            good[0], good[1] = (dated, parts[1]), ((wide, wide[0], None), parts[3])
        at = chance.randrange(7)
        if at < 4:
            good[at] = chance.choice(parts)
        else:
            which, of = chance.randrange(2), chance.randrange(2)
            part = list(good[which][of])
            part[chance.randrange(len(part))] = chance.choice(parts)
            pair = list(good[which])
            pair[of] = tuple(part)
            good[which] = tuple(pair)
        try:
            model = _native.Model(*good)
        except (TypeError, ValueError, OverflowError, BufferError):
            continue
        built += 1
        for row in ([0.0, "a"], {"x": 1.0}, object(), [1, None]):
            try:
                model.predict_one(row)
                model.predict(np.zeros((9, 2)), np.zeros((9, 1)))
            except (TypeError, ValueError):
                continue
    print(f"{count:,} constructions, {built:,} built")


# ------------------------------------------------------------------------------------ rows


class EvilFloat:
    """A number that is not one."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self.act = act

    def __float__(self) -> float:
        return self.act()


class EvilKey(str):
    """A key that looks like a column's name, and does something when it is compared."""

    act: Callable[[], Any]

    def __hash__(self) -> int:
        return str.__hash__(self)

    def __eq__(self, other: object) -> bool:
        self.act()
        return str.__eq__(self, other)


class Text(str):
    """A string of another class."""


class Number(float):
    """A float of another class, that says it is another number."""

    def __float__(self) -> float:
        return 2.0


def fail() -> Any:
    raise EvilError


class Moment(datetime):
    """A datetime of another class."""


class EvilZone(tzinfo):
    """A zone that has no offset, or fails to say it."""

    def utcoffset(self, _moment: datetime | None) -> timedelta | None:
        return random.choice([lambda: None, fail])()


LETTERS = "0123456789-/.: TZ+,aPMr"


def odd_date(chance: random.Random) -> Any:
    """A date in any form, and text that is nearly one."""
    day = datetime(
        chance.randint(1, 9999), chance.randint(1, 12), chance.randint(1, 28), 23, 59, 59
    )
    kind = chance.randrange(6)
    if kind == 0:
        zones = [None, UTC, timezone(timedelta(hours=-23, minutes=-59)), EvilZone()]
        return day.replace(tzinfo=chance.choice(zones))
    if kind == 1:
        units = ["D", "ns", "us", "s", "Y", "M", "10s", "h", "as", "W"]
        return np.datetime64(chance.choice([0, 1, -1, 2**62, -(2**62)]), chance.choice(units))
    if kind == 2:
        odd = [Moment(1, 1, 1), day.date(), day.time(), timedelta(1), np.timedelta64(1, "D")]
        return chance.choice([*odd, np.datetime64("NaT"), 1e300, -(10**30), 20250304])
    text = list(chance.choice([day.isoformat(" "), f"{day:%d/%m/%Y}", day.isoformat() + ".5Z"]))
    for _ in range(chance.randrange(4)):
        text[chance.randrange(len(text))] = chance.choice(LETTERS)
    return "".join(text[: chance.choice([len(text), chance.randrange(len(text))])])


def odd_value(chance: random.Random) -> Any:
    kind = chance.randrange(10)
    if kind == 9:
        return odd_date(chance)
    if kind < 4:
        return chance.choice([0.5, -3.0, 7, True, "a", None])
    if kind == 4:
        return chance.choice([10**400, -(10**400), 2**63, -(2**63), float("nan"), 1e308, 5e-324])
    if kind == 5:
        return chance.choice(
            ["", " a ", "a\x00", "\ud800", "ä" * 999, Text("a"), "?", " NA ", b"a"]
        )
    if kind == 6:
        dtype = chance.choice(["f2", "f4", "f8", "g", "i1", "u8", "?", "F", "M8[s]", "U3", "S2"])
        return np.zeros(1, dtype)[0]
    if kind == 7:
        return EvilFloat(chance.choice([fail, lambda: "text", lambda: 1.0, lambda: None]))
    return chance.choice([object(), [], {}, (), 1j, Number(9), range(3), type, np.zeros(3), ...])


DTYPES = (
    *("f2", "f4", "f4", "f8", "f8", "g", ">f4", ">f8", "i1", "u1", "i4", "i8", "u8", "?"),
    *("O", "F", "U3", "S2", "M8[s]", "f8,f8", "V4"),
)


def odd_array(count: int, chance: random.Random) -> Any:
    dtype = chance.choice(DTYPES)
    array = np.zeros((count + 2) * 2, dtype)
    if array.dtype.kind == "f":
        array[:] = np.linspace(-3, 3, len(array))
    array = array[chance.choice([slice(0, count), slice(0, 2 * count, 2), slice(count, 0, -1),
                                 slice(0, 0), slice(0, count + 1)])]  # fmt: skip
    shape = chance.randrange(6)
    if shape == 0:
        array = array[None]
    elif shape == 1 and len(array):
        array = array[0, ...]
    elif shape == 2:
        array = np.broadcast_to(array[:1], (count,)) if len(array) else array
    elif shape == 3 and array.dtype.kind == "f":
        return np.ma.MaskedArray(array, mask=[chance.random() < 0.5] * len(array))
    array.flags.writeable = chance.random() < 0.5 and array.flags.writeable
    return array


def odd_row(names: list[str], chance: random.Random) -> Any:
    values = [odd_value(chance) for _ in names]
    kind = chance.randrange(9)
    if kind == 0:
        return dict(zip(names, values, strict=True))
    if kind == 1:
        row: Any = {}
        for name, value in zip(names, values, strict=True):
            key = EvilKey(name)
            key.act = chance.choice([fail, lambda: None, row.clear, lambda: row.update(z=1)])
            row[chance.choice([key, name])] = value
        return row
    if kind == 2:
        return type("Dict", (dict,), {})(zip(names, values, strict=True))
    if kind == 3:
        row = values
        if row:
            row[chance.randrange(len(row))] = EvilFloat(lambda: row.clear() or 1.0)
        return row
    if kind == 4:
        return tuple(values)
    if kind == 5:
        return type("List", (list,), {})(values[: chance.randrange(len(values) + 1)])
    if kind == 6:
        return odd_array(len(names), chance)
    if kind == 7:
        return iter(values)
    return chance.choice(
        [None, 5, "text", b"bytes", object(), 1.5, values, memoryview(bytes(3)), ...]
    )


def fuzz_rows(count: int) -> None:
    """Ask models of both precisions for odd rows and tables."""
    from slipstream.runtime import InputError, Predictor
    from slipstream.runtime.bundle import parse

    models = [Predictor(parse(data)) for data in seeds()]
    answered = 0
    for case in range(count):
        chance = random.Random(case)
        model = chance.choice(models)
        try:
            with np.errstate(all="ignore"):
                row = odd_row(model.features, chance)
                answered += model.predict_one(row) is not None
                if case % 8 == 0:
                    model.predict(odd_array(len(model.features), chance))
                    model.predict([odd_row(model.features, chance)])
        except (InputError, EvilError):
            continue
        except BaseException:
            print(f"row case {case}")
            raise
    print(f"{count:,} rows, {answered:,} answered")


def fuzz_dates(count: int) -> None:
    """Both predictors read odd dates alike, or refuse them alike."""
    from slipstream.runtime import InputError, Predictor
    from tests.unit.runtime.dated import date_column, dated_model

    forms: list[dict[str, Any]] = [
        {"order": "dmy"},
        {"epoch": "s"},
        {"digits": True},
        {"order": "mdy"},
    ]
    bundles = [dated_model(date_column(**form)) for form in forms]
    pairs = [(Predictor(each), Predictor(each, backend="numpy")) for each in bundles]
    refused = 0
    for case in range(count):
        chance = random.Random(case)
        value = odd_date(chance)
        answers: list[Any] = []
        for model in chance.choice(pairs):
            try:
                answers.append(model.predict_one([value]))
            except (InputError, EvilError) as error:
                answers.append(type(error))
                refused += 1
        evil = isinstance(value, datetime) and isinstance(value.tzinfo, EvilZone)
        assert evil or answers[0] == answers[1], f"date case {case}: {value!r}: {answers}"
    print(f"{count:,} dates, {refused // 2:,} refused")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundles", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--native", help="another build of the compiled predictor")
    chosen = parser.parse_args()
    if chosen.native:
        use_native(chosen.native)
    from slipstream.runtime.native import _native, instruction_set

    print(f"{_native.__file__} on {instruction_set}")
    fuzz_rows(chosen.rows)
    fuzz_dates(chosen.rows // 4)
    fuzz_constructor(chosen.rows // 10)
    fuzz_bundles(chosen.bundles)


if __name__ == "__main__":
    main()
