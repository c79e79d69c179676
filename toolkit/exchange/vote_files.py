"""Files of votes: sheets of the toolkit that come back, and whatever else `exports` reads, several files as one."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.errors import DataError, MissingFileError
from toolkit.exchange.exports import SUFFIXES, ColumnMap, read_submissions
from toolkit.exchange.sheets import ABOUT, ANSWER, CODES, ESCAPED, KEYS, MARK, About
from toolkit.exchange.submissions import (
    Submission,
    chosen_question,
    with_distinct_items,
    with_one_name_a_person,
    without_doubles,
)
from toolkit.files import suffix_of
from toolkit.people import is_pseudonym
from toolkit.tables import opened_workbook


class ReadSheet(Struct, frozen=True, kw_only=True):
    """A sheet that came back."""

    about: About
    submissions: list[Submission]  # of the rows that were answered or skipped
    empty: int  # rows without an answer


def read_sheet(path: Path) -> ReadSheet | None:
    """What a person answered in a sheet of ours; None for a spreadsheet that is not one.

    Raises:
        DataError: it is no spreadsheet, or its hidden parts were changed.
    """
    with opened_workbook(path) as book:
        if ABOUT not in book.sheetnames:
            return None
        about = _about(book, path)
        rows = _rows_of_items(book, path)
        codes = _codes(book)
        keys = next(rows)
        found = [
            _submission(path, number, dict(zip(keys, cells, strict=False)), codes, about) for number, cells in rows
        ]
    return ReadSheet(
        about=about,
        submissions=[each for each in found if each.answers or each.state == "skipped"],
        empty=sum(not each.answers and each.state != "skipped" for each in found),
    )


def _about(book: Any, path: Path) -> About:  # noqa: ANN401 - openpyxl has no types
    first = next(book[ABOUT].iter_rows(values_only=True), ("",))
    try:
        about = msgspec.json.decode(_cell_text(first[0] if first else ""), type=About)
    except msgspec.DecodeError as error:
        raise DataError(f"{path}: its hidden sheet {ABOUT!r} was changed; copy the answers into a fresh one") from error
    if not is_pseudonym(about.annotator):
        raise DataError(f"{path}: {about.annotator!r} on its hidden sheet is no pseudonym; somebody changed it")
    return about


def _rows_of_items(book: Any, path: Path) -> Iterator[Any]:  # noqa: ANN401 - openpyxl has no types
    """The keys of the columns, then the number and the cells of each row below."""
    for sheet in book.worksheets:
        if sheet.title in (ABOUT, CODES):
            continue
        rows = enumerate(sheet.iter_rows(values_only=True), 1)
        for number, cells in rows:
            keys = [_cell_text(cell) for cell in cells]
            if "item_id" in keys and "text" in keys and "skip" in keys:
                yield keys
                yield from rows
                return
            if number > KEYS + 1:
                break
    raise DataError(f"{path}: the hidden row that says what the columns are is gone; copy the answers into a fresh one")


def _codes(book: Any) -> dict[str, dict[str, str]]:  # noqa: ANN401 - openpyxl has no types
    """For each column what its titles stand for."""
    found: dict[str, dict[str, str]] = {}
    for key, *cells in itertools.zip_longest(*book[CODES].iter_rows(values_only=True)):
        texts = [_cell_text(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        half = len(texts) // 2
        found[_cell_text(key)] = dict(zip(texts[:half], texts[half + 1 :], strict=False))
    return found


def _submission(
    path: Path, number: int, cells: Mapping[str, Any], codes: Mapping[str, Mapping[str, str]], about: About
) -> Submission:
    answers: dict[str, list[Any]] = {}
    for key, cell in cells.items():
        text = _cell_text(cell)
        if not key.startswith(ANSWER) or not text.strip():
            continue
        name, _, label = key.removeprefix(ANSWER).partition("=")
        answers.setdefault(name, []).append(_answer(text, label, codes.get(key, {})))
    return Submission(
        where=f"{path}, row {number}",
        item=_cell_text(cells.get("item_id")),
        text=_cell_text(cells.get("text")),
        annotator=about.annotator,
        state="skipped" if _cell_text(cells.get("skip")).strip() else "submitted",
        answers=answers,
        codebook=about.codebook,
        sheet=True,
    )


def _answer(text: str, label: str, codes: Mapping[str, str]) -> str:
    """The code of what was chosen or typed, where that can mean one thing only; else as it was typed."""
    wanted = " ".join(text.split())
    if wanted in codes:
        found = {codes[wanted]}
    else:
        names = [*codes.items(), *((code, code) for code in codes.values())]
        found = {code for name, code in names if name.casefold() == wanted.casefold()}
    code = next(iter(found)) if len(found) == 1 else None
    if label:  # a column for one label of several: only the mark says yes
        return label if code == MARK else f"{label}: {text}"
    return text.strip() if code is None else code


def _cell_text(cell: Any) -> str:  # noqa: ANN401 - whatever a cell holds
    """A cell as a text: a number without its decimal point where it is whole."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return _unescaped(cell) if isinstance(cell, str) else str(cell)


def _unescaped(text: str) -> str:
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


# --- files of every kind ---------------------------------------------------------------------------------------------


class VoteFile(Struct, frozen=True, kw_only=True):
    """A file of votes, read."""

    path: Path
    submissions: list[Submission]
    doubles: int  # annotations that occurred twice
    sheet: ReadSheet | None  # where it is a sheet that the toolkit wrote

    @property
    def questions(self) -> list[str]:
        """The questions or columns with an answer, in the order of their first."""
        return list(dict.fromkeys(name for row in self.submissions for name in row.answers))

    @property
    def is_export(self) -> bool:
        """Whether it holds annotations of a server, by their numbers."""
        return any(row.number is not None for row in self.submissions)


def read_vote_files(paths: Sequence[Path], columns: ColumnMap, output: Path | None) -> list[VoteFile]:
    """The votes in some files; a directory stands for the files of votes in it, except the output.

    Raises:
        DataError: a file holds no votes, or a column is missing.
    """
    files = [path for path in paths if not path.is_dir()]
    for folder in (path for path in paths if path.is_dir()):
        members = sorted(path for path in folder.iterdir() if _is_vote_file(path) and path != output)
        if not members:
            raise DataError(f"{folder}: no file of votes; known are {', '.join(SUFFIXES)}")
        files += members
    return [_read_file(path, columns) for path in dict.fromkeys(files)]


def _is_vote_file(path: Path) -> bool:
    # "~$" begins the name of a file that is open in a spreadsheet program.
    hidden = path.name.startswith((".", "~$")) or path.name.endswith(".keys.json")
    return path.suffix.lower() in SUFFIXES and not hidden


def _read_file(path: Path, columns: ColumnMap) -> VoteFile:
    if not path.exists():
        raise MissingFileError(f"{path}: no such file")
    sheet = read_sheet(path) if suffix_of(path) == ".xlsx" else None
    rows = sheet.submissions if sheet else read_submissions(path, columns)
    submissions, doubles = without_doubles(rows)
    if not submissions and not sheet:
        raise DataError(f"{path}: no votes in it")
    return VoteFile(path=path, submissions=submissions, doubles=doubles, sheet=sheet)


def merged_submissions(files: Sequence[VoteFile]) -> tuple[list[Submission], int]:
    """The submissions of several files, each annotation once, and how many occurred twice.

    A person and a task have one name in all files; tasks of two projects never share one.
    """
    rows = with_one_name_a_person([row for file in files for row in file.submissions])
    submissions, doubles = without_doubles(with_distinct_items(rows))
    return submissions, doubles + sum(file.doubles for file in files)


def table_question(files: Sequence[VoteFile], columns: ColumnMap, named: Sequence[str]) -> str:
    """The question whose answers are the labels of a table of votes.

    Of tables the column ``label`` is taken where nobody names another; of exports it may be a column of the data.
    """
    if columns.label or columns.wide:
        named = [columns.label or "label"]
    elif not named and any("label" in file.questions for file in files) and not any(file.is_export for file in files):
        named = ["label"]
    questions = list(dict.fromkeys(name for file in files for name in file.questions))
    return chosen_question(questions, named, ", ".join(str(file.path) for file in files))
