"""Sheets for adjudicators: the items that wait go out to one person, the decisions come back."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.campaigns.display import Shown, ShownItem
from toolkit.codebook import Codebook, Label, Question, Text
from toolkit.errors import DataError, UsageError
from toolkit.exchange.label_config import ADJUDICATION_COMMENT, ADJUDICATION_REASON
from toolkit.exchange.sheets import About, SheetRequest, read_sheet, write_sheet
from toolkit.files import suffix_of
from toolkit.labels.adjudication import REASONS, AdjudicatorDecision, DecisionSource, Disagreement, label_problem
from toolkit.people import is_pseudonym
from toolkit.records import AdjudicationReason
from toolkit.runs import Result
from toolkit.tables import read_table, write_new_sheet, write_people_table
from toolkit.words import plural, tally

_REASON = "reason"
_BLIND, _SEEN = "blind", "seen"  # ends the key of a sheet: whether the votes were hidden
_TABLES = (".csv", ".tsv", ".jsonl")


_WORDS = {
    "en": {
        "title": "Adjudication", "reason": "Why was it in doubt?", "doubt": "In doubt", "votes": "Votes",
        "comment": "Comment; of a gap, what should the guidelines say?",
        "ambiguous": "The text can be read in both ways", "guideline_gap": "The guidelines do not say",
        "slip": "An annotator slipped", "disagreement": "A true disagreement: both read well",
    },
    "ru": {
        "title": "Разбор разногласий", "reason": "Почему возникло сомнение?", "doubt": "Под вопросом",
        "votes": "Голоса", "comment": "Комментарий; если пробел в правилах — что им следует сказать?",
        "ambiguous": "Текст можно понять двояко", "guideline_gap": "В правилах об этом не сказано",
        "slip": "Кто-то из разметчиков ошибся", "disagreement": "Настоящее разногласие: оба прочтения верны",
    },
    "de": {
        "title": "Schlichtung", "reason": "Warum war es strittig?", "doubt": "Strittig", "votes": "Stimmen",
        "comment": "Anmerkung; bei einer Lücke: was sollten die Richtlinien sagen?",
        "ambiguous": "Der Text lässt sich auf beide Arten lesen", "guideline_gap": "Die Richtlinien sagen dazu nichts",
        "slip": "Jemand hat sich vertan", "disagreement": "Ein echter Dissens: beide lesen richtig",
    },
}  # fmt: skip


class AdjudicationSheet(Struct, frozen=True, kw_only=True):
    """What a sheet for an adjudicator holds."""

    campaign: str  # the key of the campaign
    adjudicator: str  # pseudonym
    codebook: Codebook
    language: str
    items: tuple[ShownItem, ...]
    doubts: Mapping[str, Sequence[str]]  # item -> questions in doubt
    votes: Mapping[str, str]  # item -> its votes in words; empty: hidden
    blind: bool

    @property
    def questions(self) -> list[str]:
        """The questions in doubt of any item, in the order of the codebook."""
        names = {name for shown in self.items for name in self.doubts[shown.item.id]}
        return [question.name for question in self.codebook.choices if question.name in names]


# --- what is asked ---------------------------------------------------------------------------------------------------


def adjudication_word(name: str, language: str) -> str:
    """One of our own words on the adjudicator's screen."""
    return _WORDS.get(language, _WORDS["en"])[name]


def _text(name: str, codebook: Codebook, language: str) -> Text:
    return {code: adjudication_word(name, code) for code in {language, codebook.languages[0]}}


def adjudication_codebook(codebook: Codebook, names: set[str], language: str) -> Codebook:
    """The named questions, the reason (required), and room for a comment.

    Of several questions none is required: an item has only those that are in doubt, and its note names them.
    """
    chosen = [question for question in codebook.choices if question.name in names]
    is_alone = len(chosen) == 1
    questions = [msgspec.structs.replace(question, required=is_alone, when={}) for question in chosen]
    reasons = tuple(
        Label(name=name, title=_text(name, codebook, language))
        for name in ("ambiguous", "guideline_gap", "slip", "disagreement")
    )
    reason, comment = (_text(name, codebook, language) for name in ("reason", "comment"))
    questions.append(Question(name=ADJUDICATION_REASON, text=reason, required=True, labels=reasons))
    questions.append(Question(name=ADJUDICATION_COMMENT, text=comment, kind="text"))
    remaining = {question.name for question in questions}
    migrations = tuple(rule for rule in codebook.migrations if rule.question in remaining)
    return msgspec.structs.replace(codebook, questions=tuple(questions), tree=(), cases=(), migrations=migrations)


def full_adjudication_codebook(codebook: Codebook, language: str) -> Codebook:
    """The codebook by which all answers of adjudicators are read."""
    return adjudication_codebook(codebook, {question.name for question in codebook.choices}, language)


# --- out -------------------------------------------------------------------------------------------------------------


def check_adjudicator(name: str) -> None:
    """Refuse a name that is no pseudonym.

    Raises:
        UsageError: it is not written like one.
    """
    if not is_pseudonym(name):
        raise UsageError(f"--by {name}: a pseudonym of small letters, digits and hyphens is needed")


def check_adjudication_file(path: Path) -> None:
    """Refuse a name that ends in no format of a sheet, and a file that exists.

    Raises:
        UsageError: the format is none of those that a sheet can have, or there is a file already.
    """
    if not _is_spreadsheet(path) and suffix_of(path) not in _TABLES:
        raise UsageError(f"{path}: the name must end in .xlsx, {', '.join(_TABLES)}")
    if path.exists():
        raise UsageError(f"{path}: the file exists; import its decisions and move it away, or name another file")


def _is_spreadsheet(path: Path) -> bool:
    return path.suffix.lower() == ".xlsx"


def write_adjudication_sheet(path: Path, sheet: AdjudicationSheet) -> None:
    """Write a spreadsheet with lists to choose from, or a table, by the name of the file."""
    if not _is_spreadsheet(path):
        write_people_table(path, [_row(shown, sheet) for shown in sheet.items])
        return
    about = About(
        campaign=f"{sheet.campaign}/adjudication/{_BLIND if sheet.blind else _SEEN}",
        annotator=sheet.adjudicator,
        codebook=sheet.codebook.ref,
        file=f"{sheet.adjudicator}.xlsx",
    )
    items = tuple(_with_votes(shown, sheet.votes) for shown in sheet.items)
    codebook = _sheet_codebook(sheet.codebook, sheet.questions)
    write_sheet(path, SheetRequest(about=about, codebook=codebook, language=sheet.language, items=items))


def _sheet_codebook(codebook: Codebook, names: Sequence[str]) -> Codebook:
    """The questions in doubt, the reason and a comment; none is required, since an item may stay undecided."""
    language = codebook.languages[0]
    questions = [msgspec.structs.replace(codebook.question(name), required=False, when={}) for name in names]
    reasons = tuple(Label(name=name, title={language: text}) for name, text in REASONS.items())
    questions.append(Question(name=_REASON, text={language: "Why was it in doubt?"}, labels=reasons))
    questions.append(Question(name=ADJUDICATION_COMMENT, text={language: "Comment"}, kind="text"))
    return msgspec.structs.replace(codebook, questions=tuple(questions), tree=(), cases=(), migrations=())


def _with_votes(shown: ShownItem, votes: Mapping[str, str]) -> ShownItem:
    note = "\n".join(part for part in (shown.shown.note, votes.get(shown.item.id, "")) if part)
    return msgspec.structs.replace(shown, shown=msgspec.structs.replace(shown.shown, note=note))


def _row(shown: ShownItem, sheet: AdjudicationSheet) -> dict[str, Any]:
    item, texts = shown.item, shown.shown
    row = {"item_id": item.id, "target": item.target.title, "headline": texts.headline}
    row |= {"previous": texts.previous, "text": texts.text, "next": texts.next}
    row |= {"votes": sheet.votes.get(item.id, "")} if sheet.votes else {}
    row["in_doubt"] = ", ".join(sheet.doubts[item.id])
    return {**row, **dict.fromkeys(sheet.questions, ""), _REASON: "", ADJUDICATION_COMMENT: ""}


class AdjudicationExported(Result, frozen=True, kw_only=True):
    """The items that wait for an adjudicator, in a file."""

    file: str
    items: int
    questions: dict[str, int]
    blind: bool
    next_command: str

    def line(self) -> str:
        """The items written, by question."""
        mode = "blind" if self.blind else "votes shown"
        counts = tally(self.questions)
        return f"{self.file}: {plural(self.items, 'item')} ({counts}), {mode}; next: `{self.next_command}`"


# --- back ------------------------------------------------------------------------------------------------------------


class SheetDecisions(Struct, frozen=True, kw_only=True):
    """The decisions in a file."""

    decisions: list[AdjudicatorDecision]
    adjudicator: str
    codebook: str  # name@version#hash that the adjudicator saw
    blind: bool

    def source(self, observed: str) -> DecisionSource:
        """Who decided, as adjudications record it."""
        return DecisionSource(adjudicator=self.adjudicator, blind=self.blind, codebook=self.codebook, observed=observed)


class _AnsweredRow(Struct, frozen=True, kw_only=True):
    where: str
    item_id: str
    answers: dict[str, str]


def read_adjudication_sheet(path: Path, campaign: str, codebook: Codebook, adjudicator: str | None) -> SheetDecisions:
    """The decisions in a sheet or table; a row without a label decides nothing.

    Args:
        path: the file.
        campaign: the key of the campaign.
        codebook: as it is now.
        adjudicator: who decided; a spreadsheet that the toolkit wrote says it itself.

    Raises:
        UsageError: a table, and nobody is named.
        DataError: no sheet of this campaign, or a label or reason is unknown.
    """
    if _is_spreadsheet(path):
        return _from_spreadsheet(path, campaign, codebook)
    if adjudicator is None:
        raise UsageError("--by NAME is needed: the pseudonym of the person who decided")
    check_adjudicator(adjudicator)
    rows = read_table(path)
    if rows and ("item_id" not in rows[0] or _REASON not in rows[0]):
        raise DataError(f"{path}: the columns item_id and {_REASON} are needed, and one for each question decided")
    names = [*(question.name for question in codebook.choices), _REASON, ADJUDICATION_COMMENT]
    answered = [
        _AnsweredRow(
            where=f"{path}, row {number}",
            item_id=str(row["item_id"]),
            answers={name: str(row[name]).strip() for name in names if row.get(name) and str(row[name]).strip()},
        )
        for number, row in enumerate(rows, 1)
    ]
    return SheetDecisions(
        decisions=_decisions(answered, codebook),
        adjudicator=adjudicator,
        codebook=codebook.ref,
        blind=not any(row.get("votes") for row in rows),
    )


def _from_spreadsheet(path: Path, campaign: str, codebook: Codebook) -> SheetDecisions:
    sheet = read_sheet(path)
    begin = f"{campaign}/adjudication/"
    if sheet is None or not sheet.about.campaign.startswith(begin):
        raise DataError(f"{path}: not an adjudication sheet of this campaign; `stance adjudicate export` writes one")
    answered = [
        _AnsweredRow(
            where=row.where,
            item_id=row.item,
            answers={name: str(values[0]).strip() for name, values in row.answers.items() if values},
        )
        for row in sheet.submissions
        if row.state == "submitted"
    ]
    return SheetDecisions(
        decisions=_decisions(answered, codebook),
        adjudicator=sheet.about.annotator,
        codebook=sheet.about.codebook,
        blind=sheet.about.campaign == begin + _BLIND,
    )


def _decisions(rows: Sequence[_AnsweredRow], codebook: Codebook) -> list[AdjudicatorDecision]:
    return [decision for row in rows if (decision := _decision_in(row, codebook)) is not None]


def _decision_in(row: _AnsweredRow, codebook: Codebook) -> AdjudicatorDecision | None:
    labels = {name: label for name, label in row.answers.items() if name not in (_REASON, ADJUDICATION_COMMENT)}
    if not labels:
        return None
    reason = _reason(row)
    for name, label in labels.items():
        if problem := label_problem(label, codebook.question(name)):
            raise DataError(f"{row.where}: unknown label {problem}")
    comment = row.answers.get(ADJUDICATION_COMMENT, "")
    return AdjudicatorDecision(where=row.where, item_id=row.item_id, labels=labels, reason=reason, comment=comment)


def _reason(row: _AnsweredRow) -> AdjudicationReason:
    given = row.answers.get(_REASON, "")
    for name, text in REASONS.items():
        if given in (name, text):
            return name
    raise DataError(f"{row.where}: {given!r} is no reason; each decision needs one of {', '.join(REASONS)}")


# --- the annotators' meeting -----------------------------------------------------------------------------------------


def write_disagreements(path: Path, rows: Sequence[Disagreement], items: Iterable[ShownItem]) -> None:
    """Write the sheet for the annotators' meeting; no cell of it becomes a formula.

    Args:
        path: a spreadsheet or a table, by its name.
        rows: in their order.
        items: those of the rows, as annotators see them.
    """
    shown = {item.item.id: item.shown for item in items}
    write_new_sheet(path, [_disagreement_row(row, shown.get(row.item_id, _NOTHING)) for row in rows])


_NOTHING = Shown(text="")


def _disagreement_row(row: Disagreement, shown: Shown) -> dict[str, str]:
    decision = row.adjudication
    return {
        "question": row.question,
        "votes": _pairs(row.votes),
        "who": _pairs(row.labels),
        "comments": _pairs(row.comments),
        "gold": row.gold or "",
        "adjudicated": (decision.label or "left open") if decision else "",
        "reason": decision.reason if decision else "",
        "adjudication": decision.comment if decision else "",
        "headline": shown.headline,
        "previous": shown.previous,
        "text": shown.text,
        "next": shown.next,
        "item_id": row.item_id,
    }


def _pairs(values: Mapping[str, object]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in values.items())
