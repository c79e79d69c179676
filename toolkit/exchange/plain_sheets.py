"""Items as a plain table for one person who has no spreadsheet program: codes are typed, and a text lists them."""

from pathlib import Path

from toolkit.errors import ConfigError
from toolkit.exchange.sheets import SheetRequest, asked_questions, context_of
from toolkit.files import write_text
from toolkit.tables import write_table

_PARAGRAPH = "paragraph"  # not "text": that would be compared with the item's, and a guarded text differs
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_GUARD = "\u2060"  # is not seen, and a program that knows formulas takes what begins with it for a text


def write_plain_sheet(path: Path, request: SheetRequest) -> None:
    """Write a person's table; a column for each question, empty, and ``state``, where ``skipped`` may be typed.

    Raises:
        ConfigError: a question cannot be asked there.
    """
    write_table(path, list(_rows(request)))


def _rows(request: SheetRequest) -> list[dict[str, str]]:
    questions = asked_questions(request)
    names = [question.name for question in questions if question.kind != "span"]
    rows = []
    for each in request.items:
        texts = {_PARAGRAPH if name == "text" else name: text for name, text in context_of(each, request).items()}
        row = {"item_id": each.item.id, "annotator": request.about.annotator}
        row |= {name: _guarded(text) for name, text in texts.items()}
        clash = {*row, "state"}.intersection(names)
        if clash or any(question.kind == "span" and question.required for question in questions):
            named = ", ".join(sorted(clash)) or "words in the text"
            raise ConfigError(f"a plain table cannot ask for {named}; leave --format csv out")
        rows.append(row | dict.fromkeys(names, "") | {"state": ""})
    return rows


def _guarded(text: str) -> str:
    return _GUARD + text if text.startswith(_FORMULA) else text


def write_codes(path: Path, request: SheetRequest) -> None:
    """Write what may be typed in the columns of a person's table, and what it means."""
    book, language = request.codebook, request.language
    lines = [book.say(book.title, language), book.say(book.instructions, language), ""]
    for question in asked_questions(request):
        if question.kind == "span":
            continue
        asked = book.say(question.text, language).replace("{target}", "…")
        lines.append(f"{question.name}: {asked}{' (required)' if question.required else ''}")
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
