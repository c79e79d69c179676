"""What people filled into spreadsheets: sheets of ours that come back, and tables of the user's own."""

import itertools
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.errors import DataError, MissingFileError
from toolkit.exchange.sheets import ABOUT, ANSWER, CODES, ESCAPED, KEYS, MARK, About
from toolkit.exchange.submissions import Submission, is_plain_name

LIMIT = 1 << 28  # bytes of a spreadsheet, unpacked


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
    book = _opened(path)
    try:
        if ABOUT not in book.sheetnames:
            return None
        about = _about(book, path)
        rows = _rows_of_items(book, path)
        codes = _codes(book)
        keys = next(rows)
        found = [
            _submission(path, number, dict(zip(keys, cells, strict=False)), codes, about) for number, cells in rows
        ]
    finally:
        book.close()
    return ReadSheet(
        about=about,
        submissions=[each for each in found if each.answers or each.state == "skipped"],
        empty=sum(not each.answers and each.state != "skipped" for each in found),
    )


def plain_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of the first sheet of a spreadsheet of the user's own; its first row names the columns."""
    book = _opened(path)
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        header = [_cell_text(cell) for cell in next(rows, ())]
        while header and not header[-1]:
            header.pop()
        if not header:
            raise DataError(f"{path}: empty; a first row with the names of the columns is needed")
        if len(set(header)) < len(header):
            raise DataError(f"{path}: two columns bear one name; the first row has {', '.join(header)}")
        for number, cells in enumerate(rows, 2):
            if any(cell not in (None, "") for cell in cells):
                texts = [cell if not isinstance(cell, str) else _unescaped(cell) for cell in cells]
                yield number, dict(zip(header, [*texts, *[None] * len(header)], strict=False))
    finally:
        book.close()


def _opened(path: Path) -> Any:  # noqa: ANN401 - openpyxl has no types
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(part.file_size for part in packed.infolist())
        if size > LIMIT:
            raise DataError(f"{path}: {size >> 20} MB unpacked, more than {LIMIT >> 20}; that is no sheet of answers")
        return openpyxl.load_workbook(path, read_only=True)
    except FileNotFoundError as error:
        raise MissingFileError(f"{path}: no such file") from error
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, SyntaxError, OSError) as error:
        raise DataError(f"{path}: no spreadsheet in the format .xlsx ({error}); save it as .xlsx") from error


def _about(book: Any, path: Path) -> About:  # noqa: ANN401 - openpyxl has no types
    first = next(book[ABOUT].iter_rows(values_only=True), ("",))
    try:
        about = msgspec.json.decode(_cell_text(first[0] if first else ""), type=About)
    except msgspec.DecodeError as error:
        raise DataError(f"{path}: its hidden sheet {ABOUT!r} was changed; copy the answers into a fresh one") from error
    if not is_plain_name(about.annotator):
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
