"""The step that erases a person from a table of votes: whole or not at all, and what is not theirs stays as it was."""

import csv
import gzip
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from toolkit.errors import DataError
from toolkit.files import append_jsonl, read_bytes, read_text, suffix_of, written_whole
from toolkit.labels.erasure import Cleaned, Tombstone, name_trace, traces_in, without_key
from toolkit.steps.common import Outcome
from toolkit.steps.tombstones import beside_table, marked, tombstones_in
from toolkit.times import now

_DEFAULT = "annotator"


class _Found(Struct, frozen=True, kw_only=True):
    data: bytes
    rows: int  # or cells
    column: str  # that names annotators; "": each has a column


def forget_rows_step(path: Path, pseudonym: str, annotator: str | None) -> Outcome:
    """Erase a person's rows from a long table, or their column from a wide one, with their key, and leave a tombstone.

    Raises:
        DataError: the table has no such column, or nobody of that name.
    """
    found = _cleaned(path, pseudonym, annotator or _DEFAULT)
    if annotator and not found.column:
        raise DataError(f"{path}: no column {annotator!r}")
    if not found.rows:
        raise DataError(f"{path}: nobody is called {pseudonym!r} in it")
    keys = _without_key(path, pseudonym)
    _leave_tombstone(path, pseudonym, found, keys)
    if keys is not None and keys.removed:
        _write(_keys_of(path), keys.data)
    _write(path, found.data)
    what = "rows" if found.column else f"cells of the column {pseudonym!r}"
    lines = [
        f"erased: {found.rows} {what} of {path}, {keys.removed if keys else 0} keys; {beside_table(path)} says how much"
    ]
    lines.append("yours to do: what was made from this table, other copies of it, the history of a repository")
    facts = {"schema": 1, "rows": found.rows, "wide": not found.column, "keys": keys.removed if keys else 0}
    return Outcome(line="\n".join(lines), facts=facts)


def _leave_tombstone(path: Path, pseudonym: str, found: _Found, keys: Cleaned | None) -> None:
    traces = {name_trace(pseudonym)}
    if keys is not None:
        traces |= traces_in(_keys_of(path).read_bytes(), pseudonym, "")
    salt, marks = marked(traces, tombstones_in(beside_table(path)))
    counts = {"annotations": 0, "adjudications": 0, "keys": keys.removed if keys else 0, "backups": 0}
    append_jsonl(beside_table(path), [Tombstone(time=now(), rows=found.rows, salt=salt, marks=marks, **counts)])


def _keys_of(path: Path) -> Path:
    return path.with_name(f"{path.stem}.keys.json")


def _without_key(path: Path, pseudonym: str) -> Cleaned | None:
    keys = _keys_of(path)
    return without_key(keys.read_bytes(), pseudonym) if keys.exists() else None


def _write(path: Path, data: bytes) -> None:
    with written_whole(path, path.stat().st_mode & 0o777) as beside:
        beside.write_bytes(data)


# --- kinds of tables -------------------------------------------------------------------------------------------------


def _cleaned(path: Path, pseudonym: str, column: str) -> _Found:
    suffix = suffix_of(path)
    if suffix == ".parquet":
        return _parquet(path, pseudonym, column)
    if suffix == ".jsonl":
        found = _jsonl(path, pseudonym, column)
    elif suffix in (".csv", ".tsv"):
        found = _csv(path, pseudonym, column, "," if suffix == ".csv" else "\t")
    else:
        raise DataError(
            f"{path}: a campaign (.toml) or a table is needed: .csv, .tsv, .jsonl (each also .gz), .parquet"
        )
    packed = gzip.compress(found.data, mtime=0) if path.suffix == ".gz" else found.data
    return _Found(data=packed, rows=found.rows, column=found.column)


def _place(path: Path, there: Sequence[str], column: str, pseudonym: str) -> str:
    """The column that names annotators, or "" where each has a column.

    Raises:
        DataError: there is neither.
    """
    if column in there:
        return column
    if pseudonym in there:
        return ""
    raise DataError(
        f"{path}: no column {column!r}, and none called {pseudonym!r}; the table has {', '.join(there)}: --annotator "
        "names the column that says who answered"
    )


def _csv(path: Path, pseudonym: str, column: str, delimiter: str) -> _Found:
    mark = b"\xef\xbb\xbf" if read_bytes(path).startswith(b"\xef\xbb\xbf") else b""
    rows = list(_csv_rows(read_text(path), delimiter))
    if not rows:
        raise DataError(f"{path}: empty; a first line with the names of the columns is needed")
    header = rows[0][1]
    name = _place(path, header, column, pseudonym)
    at = header.index(name or pseudonym)
    if name:
        kept = [raw for number, (raw, cells) in enumerate(rows) if not number or _cell(cells, at) != pseudonym]
        return _Found(data=mark + "".join(kept).encode(), rows=len(rows) - len(kept), column=name)
    votes = sum(bool(_cell(cells, at)) for _, cells in rows[1:])
    ending = "\r\n" if rows[0][0].endswith("\r\n") else "\n"
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=ending)
    writer.writerows(cells[:at] + cells[at + 1 :] for _, cells in rows if cells)
    return _Found(data=mark + out.getvalue().encode(), rows=votes, column="")


def _csv_rows(text: str, delimiter: str) -> Iterator[tuple[str, list[str]]]:
    """Each row as it stands in the file, and its cells."""
    csv.field_size_limit(1 << 30)
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            taken.append(line)
            yield line

    for cells in csv.reader(lines(), delimiter=delimiter):
        yield "".join(taken), cells
        taken.clear()


def _cell(cells: Sequence[str], at: int) -> str:
    return cells[at].strip() if at < len(cells) else ""


def _jsonl(path: Path, pseudonym: str, column: str) -> _Found:
    lines = [line for line in read_bytes(path).split(b"\n") if line.strip()]
    rows = [_object(line, f"{path}:{number}") for number, line in enumerate(lines, 1)]
    name = _place(path, list(dict.fromkeys(key for row in rows for key in row)), column, pseudonym)
    if name:
        kept = [line for line, row in zip(lines, rows, strict=True) if str(row.get(name, "")).strip() != pseudonym]
        return _Found(data=_joined(kept), rows=len(lines) - len(kept), column=name)
    votes = sum(row.get(pseudonym) not in (None, "") for row in rows)
    left = [{key: value for key, value in row.items() if key != pseudonym} for row in rows]
    return _Found(data=_joined([json.dumps(row, ensure_ascii=False).encode() for row in left]), rows=votes, column="")


def _joined(lines: Sequence[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def _object(line: bytes, where: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise DataError(f"{where}: not a JSON object: {error}") from error
    if not isinstance(found, dict):
        raise DataError(f"{where}: not a JSON object")
    return found


def _parquet(path: Path, pseudonym: str, column: str) -> _Found:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(io.BytesIO(read_bytes(path)))
    except pyarrow.ArrowException as error:
        raise DataError(f"{path}: not Parquet: {error}") from error
    name = _place(path, table.column_names, column, pseudonym)
    if name:
        left = table.filter([str(value).strip() != pseudonym for value in table.column(name).to_pylist()])
        rows = table.num_rows - left.num_rows
    else:
        left = table.drop_columns([pseudonym])
        rows = sum(value not in (None, "") for value in table.column(pseudonym).to_pylist())
    out = io.BytesIO()
    pyarrow.parquet.write_table(left, out)
    return _Found(data=out.getvalue(), rows=rows, column=name)
