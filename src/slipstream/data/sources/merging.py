"""Several files as one table: columns by name, types that all have in common, Hive's keys."""

import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.types as pt

from slipstream.data.cells import is_text
from slipstream.data.sources.paths import DataFile
from slipstream.data.sources.raw_table import is_bytes
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import listing, shorten

__all__ = ["add_keys", "concatenate"]

_WHOLE = re.compile(r"-?(0|[1-9]\d{0,17})", re.ASCII)


def add_keys(files: Sequence[DataFile], tables: Sequence[pa.Table]) -> tuple[list[pa.Table], str]:
    """Add what the folders of Hive partitions say as columns; and the note on it, or ''."""
    names = list(dict.fromkeys(name for file in files for name in file.keys))
    added = [name for name in names if not any(name in each.column_names for each in tables)]
    kinds = {name: _key_type([file.keys.get(name) for file in files]) for name in added}
    made = list(tables)
    for name, kind in kinds.items():
        for index, file in enumerate(files):
            if name in file.keys:
                value = file.keys[name]
                one = pa.scalar(int(value) if value and pt.is_integer(kind) else value, kind)
                made[index] = made[index].append_column(
                    name, pa.array([one.as_py()] * made[index].num_rows, kind)
                )
    if not names:
        return made, ""
    inside = [name for name in names if name not in added]
    note = f"folders' names are read as columns: {listing(added)}" if added else ""
    if inside:
        note += (
            f"{'; ' if note else ''}{listing(inside)} of folders' names are in the files already"
        )
    return made, note


def _key_type(values: Sequence[str | None]) -> pa.DataType:
    present = [value for value in values if value is not None]
    return pa.int64() if all(map(_WHOLE.fullmatch, present)) else pa.string()


def concatenate(
    path: str, files: Sequence[DataFile], tables: Sequence[pa.Table]
) -> tuple[pa.Table, str]:
    """One table of the files' rows, columns in the order of the first; and the note on it, or ''.

    Raises:
        InputError: they have different columns, or types that have nothing in common.
    """
    if len(tables) == 1:
        return tables[0], ""
    tables = [_ordered(path, files, tables, index) for index in range(len(tables))]
    names = tables[0].column_names
    by_column = [_common([table.column(place) for table in tables]) for place in range(len(names))]
    mixed = [name for name, (_, is_mixed) in zip(names, by_column, strict=True) if is_mixed]
    parts = [
        pa.table([columns[index] for columns, _ in by_column], names=names)
        for index in range(len(tables))
    ]
    try:
        table = pa.concat_tables(parts, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        reason = shorten(str(error).splitlines()[0])
        raise InputError(
            f"the files of {path} must agree on column types, however: {reason}; write them alike"
        ) from None
    note = f"columns of several types in the files of {path} are read as text: {listing(mixed)}"
    return table.replace_schema_metadata(tables[0].schema.metadata), note if mixed else ""


def _ordered(
    path: str, files: Sequence[DataFile], tables: Sequence[pa.Table], index: int
) -> pa.Table:
    first, table = tables[0], tables[index]
    names, wanted = ([name.strip() for name in each.column_names] for each in (table, first))
    if names == wanted:
        return table.rename_columns(wanted)
    if sorted(names) == sorted(wanted) and len(set(names)) == len(names):
        return table.rename_columns(names).select(wanted)
    lacks, has = sorted(set(wanted) - set(names)), sorted(set(names) - set(wanted))
    fact = (
        " and ".join(
            [f"lacks {listing(lacks)}"] * bool(lacks) + [f"also has {listing(has)}"] * bool(has)
        )
        or "has a column more than once"
    )
    raise InputError(
        f"the files of {path} must have the same columns, however: {files[index].path} {fact}, "
        f"compared with {files[0].path}; keep files of one kind in a folder"
    )


def _common(columns: Sequence[pa.ChunkedArray]) -> tuple[Sequence[pa.ChunkedArray], bool]:
    """One column of each file in types that can be joined; whether that had to be text."""
    if not all(pt.is_dictionary(each.type) for each in columns):
        columns = [_decoded(each) for each in columns]
    kinds = {each.type for each in columns if not pt.is_null(each.type)}
    if len(kinds) <= 1 or len({_family(kind) for kind in kinds}) == 1:
        return columns, False
    columns = [_decoded(each) for each in columns]
    if not all(map(_has_text, kinds)):
        return columns, False  # joining them says what is wrong
    return [_as_text(each) for each in columns], True


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(column.type.value_type) if pt.is_dictionary(column.type) else column


def _family(kind: pa.DataType) -> str:
    """Types of one family are joined without becoming text."""
    if pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind):
        return "number"
    if pt.is_timestamp(kind):
        return f"timestamp {kind.tz}"
    return "text" if is_text(kind) else str(kind)


def _has_text(kind: pa.DataType) -> bool:
    return not (pt.is_nested(kind) or is_bytes(kind))


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Cells as text; a whole number has no decimals, whatever its type."""
    if pt.is_floating(column.type) or pt.is_decimal(column.type):
        cells = [_number_text(each) for each in column.to_pylist()]
        return pa.chunked_array([pa.array(cells, pa.string())])
    return column.cast(pa.string())


def _number_text(cell: object) -> str | None:
    if cell is None or cell != cell:
        return None
    text = repr(float(str(cell)))
    return text.removesuffix(".0")
