"""Items as a spreadsheet for one person, and the answers in it: annotation without a server.

What the person sees are the titles of labels in their language; the codes lie on a hidden sheet. All cells but those
for answers are locked. Texts are stored as texts whatever they begin with: none of them can become a formula.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.campaigns.display import ShownItem, printable
from toolkit.codebook import Codebook, Question
from toolkit.errors import ConfigError, DataError
from toolkit.exchange.submissions import Submission
from toolkit.files import write_text, written_whole
from toolkit.people import is_pseudonym
from toolkit.tables import opened_workbook, write_people_table

CELL = 32_767  # characters that a cell takes
ABOUT = "stance-about"  # the hidden sheets
CODES = "stance-codes"
ANSWER = "q:"  # begins the keys of the columns for answers
MARK = "x"
_PARAGRAPH = "paragraph"  # not "text": what is typed there is not compared with the text of the item
KEYS = 2  # the hidden row that says what a column is
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_WIDTHS = {"headline": 28, "source": 18, "previous": 36, "text": 64, "next": 36, "note": 24, "target": 20}
_WORDS = {
    "en": {
        "items": "Items", "definitions": "Definitions", "headline": "Headline", "source": "Source",
        "previous": "Before", "text": "JUDGE ONLY THIS", "next": "After", "note": "Note", "target": "Towards",
        "skip": "Skip this one", "only": "only if", "is": "is", "or": "or", "must": "required", "mark": "x = yes",
    },
    "de": {
        "items": "Texte", "definitions": "Definitionen", "headline": "Überschrift", "source": "Quelle",
        "previous": "Davor", "text": "NUR DIES BEURTEILEN", "next": "Danach", "note": "Hinweis", "target": "Gegenüber",
        "skip": "Überspringen", "only": "nur wenn", "is": "ist", "or": "oder", "must": "Pflicht", "mark": "x = ja",
    },
    "ru": {
        "items": "Тексты", "definitions": "Определения", "headline": "Заголовок", "source": "Источник",
        "previous": "До", "text": "РАЗМЕЧАЙТЕ ТОЛЬКО ЭТО", "next": "После", "note": "Примечание",
        "target": "По отношению к", "skip": "Пропустить", "only": "только если", "is": "—", "or": "или",
        "must": "обязательно", "mark": "x = да",
    },
}  # fmt: skip


class About(Struct, frozen=True, kw_only=True):
    """What a sheet says of itself, hidden."""

    format: int = 1
    campaign: str  # the key of the campaign
    annotator: str  # pseudonym
    codebook: str  # name@version#hash that the person sees
    file: str  # the name under which it was written


class SheetRequest(Struct, frozen=True, kw_only=True):
    """What a sheet is to hold."""

    about: About
    codebook: Codebook
    language: str
    items: tuple[ShownItem, ...]
    context: tuple[str, ...] = ("headline", "source", "previous", "next", "note")  # what is shown beside the text


class _Column(Struct, frozen=True, kw_only=True):
    key: str  # "text"; of an answer "q:stance", or "q:topics=fish" where a question takes several labels
    title: str
    width: int = 18
    options: tuple[str, ...] = ()  # the titles to choose from
    codes: tuple[str, ...] = ()  # what they stand for
    answer: bool = True
    number: bool = False


def unanswerable(codebook: Codebook) -> list[str]:
    """The questions that no spreadsheet can ask: those for words in the text."""
    return [question.name for question in codebook.questions if question.kind == "span"]


# --- out -----------------------------------------------------------------------------------------------------------


def write_sheet(path: Path, request: SheetRequest) -> None:
    """Write a person's spreadsheet, whole or not at all.

    Raises:
        ConfigError: a required question cannot be asked in a spreadsheet.
        DataError: a text is longer than a cell takes.
    """
    import openpyxl
    from openpyxl.workbook.protection import WorkbookProtection

    book = openpyxl.Workbook()
    words = _WORDS.get(request.language, _WORDS["en"])
    columns = _columns(request, words)
    _fill_items(book.active, request, columns, words)
    _fill_definitions(book.create_sheet(words["definitions"]), request)
    _fill_codes(book.create_sheet(CODES), columns)
    about = book.create_sheet(ABOUT)
    _put(about.cell(1, 1), msgspec.json.encode(request.about).decode())
    about.sheet_state = book[CODES].sheet_state = "veryHidden"
    book.security = WorkbookProtection(lockStructure=True)
    with written_whole(path) as beside:
        book.save(beside)


def _columns(request: SheetRequest, words: Mapping[str, str]) -> list[_Column]:
    targets = {shown_item.item.target.title for shown_item in request.items}
    columns = [_Column(key="item_id", title="item_id", answer=False)]
    names = [name for name in _shown_names(request) if name != "target"]
    columns += [_Column(key=key, title=words[key], width=_WIDTHS[key], answer=False) for key in names]
    if "target" in _shown_names(request):
        columns.append(_Column(key="target", title=words["target"], width=_WIDTHS["target"], answer=False))
    target = targets.pop() if len(targets) == 1 else "…"
    for question in asked_questions(request):
        if question.kind == "span" and question.required:
            raise ConfigError(f"question {question.name!r} asks for words in the text, which no spreadsheet can take")
        columns += _question_columns(question, request, target, words)
    return [*columns, _Column(key="skip", title=words["skip"], options=(MARK,), codes=(MARK,), width=10)]


def _shown_names(request: SheetRequest) -> list[str]:
    """What is shown of the items, in its order: what is wanted and not empty everywhere, targets where they differ."""
    filled = {name for shown_item in request.items for name, text in _texts(shown_item).items() if text}
    names = [name for name in _WIDTHS if name == "text" or (name in request.context and name in filled)]
    differ = len({shown_item.item.target.title for shown_item in request.items}) > 1
    return [*names, "target"] if differ else names


def context_of(shown_item: ShownItem, request: SheetRequest) -> dict[str, str]:
    """The texts that are shown of an item, by name."""
    texts = _texts(shown_item)
    return {name: texts.get(name, "") for name in _shown_names(request)}


def asked_questions(request: SheetRequest) -> list[Question]:
    """The questions that are asked about any of the items."""
    units = {shown_item.item.unit for shown_item in request.items}
    names = {question.name for unit in units for question in request.codebook.for_unit(unit).questions}
    return [question for question in request.codebook.questions if question.name in names]


def _question_columns(
    question: Question, request: SheetRequest, target: str, words: Mapping[str, str]
) -> Iterator[_Column]:
    title = _heading(question, request, target, words)
    if question.kind == "choice":
        titles = _titles(question, request)
        yield _Column(key=ANSWER + question.name, title=title, options=titles, codes=question.label_names, width=22)
    elif question.kind == "choices":
        for label in question.labels:
            own = f"{title}\n{_title(request, label.title, label.name)} ({words['mark']})"
            yield _Column(key=f"{ANSWER}{question.name}={label.name}", title=own, options=(MARK,), codes=(MARK,))
    elif question.kind == "rating":
        points = tuple(str(point) for point in range(1, (question.points or 0) + 1))
        yield _Column(key=ANSWER + question.name, title=title, options=points, codes=points, number=True)
    elif question.kind == "text":
        yield _Column(key=ANSWER + question.name, title=title, width=36)


def _titles(question: Question, request: SheetRequest) -> tuple[str, ...]:
    """The titles of a question's labels; with the code where two would read alike."""
    plain = [_title(request, label.title, label.name) for label in question.labels]
    return tuple(
        f"{title} ({label.name})" if plain.count(title) > 1 else title
        for title, label in zip(plain, question.labels, strict=True)
    )


def _title(request: SheetRequest, title: Mapping[str, str], name: str) -> str:
    return " ".join(printable(request.codebook.say(dict(title), request.language)).split()) or name


def _heading(question: Question, request: SheetRequest, target: str, words: Mapping[str, str]) -> str:
    text = request.codebook.say(question.text, request.language).replace("{target}", target)
    lines = [text + (f" ({words['must']})" if question.required else "")]
    for name, labels in question.when.items():
        earlier = request.codebook.question(name)
        titles = [_title(request, label.title, label.name) for label in earlier.labels if label.name in labels]
        about = request.codebook.say(earlier.text, request.language).replace("{target}", target)
        alternatives = f" {words['or']} ".join(f"“{title}”" for title in titles)
        lines.append(f"{words['only']} “{about}” {words['is']} {alternatives}")
    return "\n".join(lines)


def _fill_items(sheet: Any, request: SheetRequest, columns: Sequence[_Column], words: Mapping[str, str]) -> None:  # noqa: ANN401
    sheet.title = words["items"]
    for number, column in enumerate(columns, 1):
        _put(sheet.cell(1, number), column.title)
        _put(sheet.cell(KEYS, number), column.key)
    for row, shown_item in enumerate(request.items, KEYS + 1):
        texts = _texts(shown_item)
        for number, column in enumerate(columns, 1):
            _put(sheet.cell(row, number), texts.get(column.key, ""))
    _dress(sheet, columns, len(request.items))
    for number, column in enumerate(columns, 1):
        if column.options:
            _offer(sheet, number, column, len(request.items))


def _texts(shown_item: ShownItem) -> dict[str, str]:
    if len(shown_item.shown.text) > CELL // 2:  # marks for characters that cannot be shown take room too
        raise DataError(
            f"item {shown_item.item.id}: {len(shown_item.shown.text)} characters, more than a cell takes safely "
            f"({CELL // 2}); ask about paragraphs, or use a server"
        )
    around = {name: str(text)[: CELL // 2] for name, text in msgspec.structs.asdict(shown_item.shown).items()}
    return {
        "item_id": shown_item.item.id,
        "note": shown_item.item.target.note,
        "target": shown_item.item.target.title,
        **around,
    }


def _put(cell: Any, text: str) -> None:  # noqa: ANN401 - openpyxl has no types
    """Store a text as a text: no formula, no error, no number, no escape."""
    if text:
        cell.value = ESCAPED.sub(lambda match: f"_x005F{match.group()}", printable(text))
        cell.data_type = "s"
        cell.quotePrefix = True
    cell.number_format = "@"


def _dress(sheet: Any, columns: Sequence[_Column], count: int) -> None:  # noqa: ANN401 - openpyxl has no types
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side

    wrapped = Alignment(wrap_text=True, vertical="top")
    looks = {"text": (PatternFill("solid", fgColor="FFF4CE"), Font(bold=True, size=12))}
    faint = (PatternFill(), Font(color="666666"))
    line = Border(bottom=Side(style="thin", color="CCCCCC"))
    for number, column in enumerate(columns, 1):
        letter = sheet.cell(1, number).column_letter
        sheet.column_dimensions[letter].width = column.width
        sheet.column_dimensions[letter].hidden = column.key == "item_id"
        for row in range(1, count + KEYS + 1):
            cell = sheet.cell(row, number)
            cell.alignment, cell.border = wrapped, line
            if row > KEYS and column.answer:
                cell.protection = Protection(locked=False)
                cell.number_format = "General" if column.number else "@"
            elif row > KEYS:
                cell.fill, cell.font = looks.get(column.key, faint)
            else:
                cell.font = Font(bold=True)
    sheet.row_dimensions[KEYS].hidden = True
    sheet.freeze_panes = f"A{KEYS + 1}"
    sheet.protection.sheet = True
    sheet.protection.formatColumns = sheet.protection.formatRows = False  # widths and heights stay the person's own


def _offer(sheet: Any, number: int, column: _Column, count: int) -> None:  # noqa: ANN401 - openpyxl has no types
    from openpyxl.worksheet.datavalidation import DataValidation

    letter = sheet.cell(1, number).column_letter
    source = f"'{CODES}'!${letter}$2:${letter}${len(column.options) + 1}"
    offered = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=True)
    offered.error = " / ".join(column.options)[:250]
    offered.add(f"{letter}{KEYS + 1}:{letter}{max(count, 1) + KEYS}")
    sheet.add_data_validation(offered)


def _fill_codes(sheet: Any, columns: Sequence[_Column]) -> None:  # noqa: ANN401 - openpyxl has no types
    """For each column of the items a column of titles, and far below them their codes."""
    for number, column in enumerate(columns, 1):
        _put(sheet.cell(1, number), column.key)
        for row, (option, code) in enumerate(zip(column.options, column.codes, strict=True), 2):
            if column.number:
                sheet.cell(row, number).value = int(option)
            else:
                _put(sheet.cell(row, number), option)
            _put(sheet.cell(row + len(column.options) + 1, number), code)


def _fill_definitions(sheet: Any, request: SheetRequest) -> None:  # noqa: ANN401 - openpyxl has no types
    from openpyxl.styles import Alignment, Font

    book, language = request.codebook, request.language
    rows: list[tuple[str, ...]] = [(book.say(book.title, language),), (book.say(book.instructions, language),)]
    for question in book.questions:
        rows.append((book.say(question.text, language).replace("{target}", "…"),))
        for label in question.labels:
            examples = "\n".join(f"“{example}”" for example in label.examples)
            rows.append(("", _title(request, label.title, label.name), book.say(label.definition, language), examples))
    for number, row in enumerate(rows, 1):
        for place, text in enumerate(row, 1):
            cell = sheet.cell(number, place)
            _put(cell, text[: CELL // 2])
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.font = Font(bold=place == 2 or number == 1)
    for letter, width in zip("ABCD", (60, 22, 70, 70), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.protection.sheet = True


# --- a plain table ---------------------------------------------------------------------------------------------------


def write_plain_sheet(path: Path, request: SheetRequest) -> None:
    """Write a person's table; a column for each question, empty, and ``state``, where ``skipped`` may be typed.

    Raises:
        ConfigError: a question cannot be asked there.
    """
    write_people_table(path, _plain_rows(request))


def _plain_rows(request: SheetRequest) -> list[dict[str, str]]:
    questions = asked_questions(request)
    names = [question.name for question in questions if question.kind != "span"]
    rows = []
    for shown_item in request.items:
        texts = {_PARAGRAPH if name == "text" else name: text for name, text in context_of(shown_item, request).items()}
        row = {"item_id": shown_item.item.id, "annotator": request.about.annotator}
        row |= texts
        clash = {*row, "state"}.intersection(names)
        if clash or any(question.kind == "span" and question.required for question in questions):
            named = ", ".join(sorted(clash)) or "words in the text"
            raise ConfigError(f"a plain table cannot ask for {named}; leave --format csv out")
        rows.append(row | dict.fromkeys(names, "") | {"state": ""})
    return rows


def write_codes(path: Path, request: SheetRequest) -> None:
    """Write what may be typed in the columns of a person's table, and what it means."""
    book, language = request.codebook, request.language
    lines = [book.say(book.title, language), book.say(book.instructions, language), ""]
    for question in asked_questions(request):
        if question.kind == "span":
            continue
        text = book.say(question.text, language).replace("{target}", "…")
        lines.append(f"{question.name}: {text}{' (required)' if question.required else ''}")
        for name, labels in question.when.items():
            lines.append(f"  only where {name} is {' or '.join(labels)}")
        if question.kind == "rating":
            lines.append(f"  a number from 1 to {question.points}")
        if question.kind == "choices":
            lines.append("  several may be typed, with | between them")
        for label in question.labels:
            meaning = [book.say(label.title, language), book.say(label.definition, language)]
            lines.append(f"  {label.name}: {' – '.join(filter(None, meaning))}")
        lines.append("")
    lines.append("state: leave it empty, or type skipped")
    write_text(path, "\n".join(lines) + "\n")


# --- back ----------------------------------------------------------------------------------------------------------


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
        submissions = [
            _submission(path, number, dict(zip(keys, cells, strict=False)), codes, about) for number, cells in rows
        ]
    return ReadSheet(
        about=about,
        submissions=[submission for submission in submissions if submission.answers or submission.state == "skipped"],
        empty=sum(not submission.answers and submission.state != "skipped" for submission in submissions),
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
    codes: dict[str, dict[str, str]] = {}
    for key, *cells in itertools.zip_longest(*book[CODES].iter_rows(values_only=True)):
        texts = [_cell_text(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        half = len(texts) // 2
        codes[_cell_text(key)] = dict(zip(texts[:half], texts[half + 1 :], strict=False))
    return codes


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
    typed = " ".join(text.split())
    if typed in codes:
        matches = {codes[typed]}
    else:
        names = [*codes.items(), *((code, code) for code in codes.values())]
        matches = {code for name, code in names if name.casefold() == typed.casefold()}
    code = next(iter(matches)) if len(matches) == 1 else None
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
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
