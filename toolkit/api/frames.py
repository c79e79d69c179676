"""DataFrames, paths and lists in; DataFrames and results that print well out."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import msgspec
from msgspec import Struct

from toolkit.baselines.rows import LabelTable
from toolkit.errors import DataError
from toolkit.files import suffix_of
from toolkit.records import Article
from toolkit.tables import read_table
from toolkit.tables.cells import cell_text

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.labels.vote_tables import Columns
    from toolkit.tables.columns import ColumnTable

Table: TypeAlias = "pd.DataFrame | str | Path"  # a DataFrame, or the path of a table
Texts: TypeAlias = "pd.DataFrame | str | Path | pd.Series[str] | Sequence[str]"  # or the texts alone
Labels: TypeAlias = "pd.DataFrame | str | Path | pd.Series[str] | Sequence[str]"  # or the labels alone, row by row

S = TypeVar("S", bound=Struct)


class Printable:
    """A result that prints as its ``__str__`` and becomes a dictionary."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON holds them."""
        return dict(msgspec.to_builtins(self))

    def __repr__(self) -> str:
        return str(self)


def is_table(values: object) -> bool:
    """Whether some values are a DataFrame or a path, and not a list."""
    return isinstance(values, str | Path) or hasattr(values, "columns")


def text_table(values: "Texts", text: str = "text") -> LabelTable:
    """A table of texts, each cell as `cell_text` reads it, from whatever holds one.

    Raises:
        DataError: there is no row, or the value is no table.
    """
    rows: list[dict[str, Any]]
    if isinstance(values, str | Path):
        source, rows = str(values), read_table(Path(values))
    elif hasattr(values, "columns"):
        source, rows = "DataFrame", _rows_of(values)
    elif isinstance(values, Iterable) and not isinstance(values, Mapping):
        source = type(values).__name__
        rows = [{text: _text(cell, number)} for number, cell in enumerate(values, 1)]
    else:
        raise DataError(f"{type(values).__name__}: a DataFrame, a path, a Series or a list of texts is needed")
    if not rows:
        raise DataError(f"{source}: no rows")
    return LabelTable(
        source=source, rows=[{str(key): cell_text(_plain(cell)) for key, cell in row.items()} for row in rows]
    )


def _rows_of(frame: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a DataFrame
    return [dict(zip(map(str, frame.columns), row, strict=True)) for row in frame.itertuples(index=False, name=None)]


def path_of(path: object) -> Path:
    """A path from a text or a path.

    Raises:
        DataError: it is neither.
    """
    if not isinstance(path, str | Path):
        raise DataError(f"{type(path).__name__}: a path is needed")
    return Path(path)


def with_given_ids(frame: "pd.DataFrame", column: str, source: object, name: str) -> "pd.DataFrame":
    """The frame whose ids have the type that they have in the DataFrame that they came from: 7 and not "7"."""
    if not _is_frame(source) or name not in source:  # type: ignore[operator]
        return frame
    given = {cell_text(_plain(cell)): cell for cell in source[name].tolist()}  # type: ignore[index]
    return frame.assign(**{column: frame[column].map(given)})


def _is_frame(values: object) -> bool:
    return hasattr(values, "columns")


def _cells_of(values: Any) -> list[Any]:  # noqa: ANN401 - a list or a Series
    if not isinstance(values, Iterable) or isinstance(values, Mapping):
        raise DataError(f"{type(values).__name__}: a DataFrame, a path, a Series or a list of labels is needed")
    return list(values)


def _plain(cell: Any) -> Any:  # noqa: ANN401 - a cell holds anything
    """A cell without the missing values of pandas."""
    return None if type(cell).__name__ in ("NAType", "NaTType") else cell


def _text(cell: object, number: int) -> str:
    if not isinstance(cell, str):
        raise DataError(f"row {number}: the text is {cell!r}; a text is needed")
    return cell


def label_table(values: "Labels", id: str, label: str, name: str) -> LabelTable:
    """A table of ids and labels; a list gets its positions as ids."""
    if is_table(values):
        table = text_table(values)
        return LabelTable(source=name if table.source == "DataFrame" else table.source, rows=table.rows)
    cells = [cell_text(_plain(cell)) for cell in _cells_of(values)]
    if not cells:
        raise DataError(f"{name}: no rows")
    return LabelTable(source=name, rows=[{id: str(number), label: cell} for number, cell in enumerate(cells, 1)])


def column_table(votes: "Table", columns: "Columns") -> "ColumnTable":
    """The columns of a table of votes as numbers."""
    from toolkit.tables.columns import columns_of_frame, read_columns

    if isinstance(votes, str | Path):
        return read_columns(Path(votes), columns.required, columns.optional)
    if not hasattr(votes, "columns"):
        names = ", ".join(columns.required)
        raise DataError(f"{type(votes).__name__}: a DataFrame or a path is needed, with columns {names}")
    return columns_of_frame(votes, columns.required, columns.optional)


def articles_of(texts: "Texts", text: str, id: str) -> list[Article]:
    """A row an article.

    Raises:
        DataError: a row has no text, or an id is repeated.
    """
    table = text_table(texts, text)
    numbers = [str(number) for number in range(1, len(table.rows) + 1)]
    ids = table.column(id) if table.has(id) else numbers
    articles: dict[str, Article] = {}
    for number, name, body in zip(numbers, ids, table.column(text), strict=True):
        if not body.strip():
            raise DataError(f"{table.source}, row {number}: no text in the column {text!r}; drop the row")
        if not name or name in articles:
            what = f"the id {name!r} is repeated" if name else f"no id in the column {id!r}"
            raise DataError(f"{table.source}, row {number}: {what}; give each row its own")
        articles[name] = Article(id=name, text=body)
    return list(articles.values())


def articles_in(path: Path, text: str, id: str) -> list[Article]:
    """The articles in a file, read as the verbs read it."""
    from toolkit.articles.reading.reader import read_articles, read_text_article

    if suffix_of(path) == ".txt":
        return [read_text_article(path)]
    if suffix_of(path) == ".jsonl" and (text, id) == ("text", "id"):
        return read_articles([path])
    return articles_of(path, text, id)


def number_in(table: LabelTable, number: int, cell: str) -> float | None:
    """A cell as a number, or None where it is empty."""
    try:
        return float(cell) if cell else None
    except ValueError as error:
        raise DataError(f"{table.source}, row {number}: {cell!r} is no number") from error


def frame_of(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """Rows as a DataFrame."""
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(columns) if columns else None)


def records_frame(records: Iterable[Struct], record: type[Struct] | None = None) -> "pd.DataFrame":
    """Records as a DataFrame, a row each."""
    rows = [dict(msgspec.to_builtins(row)) for row in records]
    return frame_of(rows, record.__struct_fields__ if record and not rows else None)


def concatenated(frames: Sequence["pd.DataFrame"]) -> "pd.DataFrame":
    """DataFrames below one another."""
    import pandas as pd

    return pd.concat(frames, ignore_index=True)


def as_result(kind: type[S], value: Struct, **changes: Any) -> S:  # noqa: ANN401 - fields of any type
    """A result as the kind that prints well, with the same fields."""
    return kind(**{**{name: getattr(value, name) for name in value.__struct_fields__}, **changes})
