"""Adjudication through a file: what annotators left open goes to one person, and the decisions come back."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.campaigns.display import ShownItem
from toolkit.codebook import Codebook, Label, Question
from toolkit.errors import DataError, UsageError
from toolkit.exchange.filled_sheets import read_sheet
from toolkit.exchange.sheets import About, SheetRequest, write_sheet
from toolkit.files import append_jsonl, locked, mend_jsonl, suffix_of
from toolkit.labels.adjudication import (
    REASONS,
    Adjudication,
    Reason,
    problem_with,
    standing,
    to_adjudicate,
)
from toolkit.records import Gold
from toolkit.steps.adjudicated import adjudications_of
from toolkit.steps.build import gold_of
from toolkit.steps.common import Outcome, items_of
from toolkit.steps.decided import Back, Before, Wanted, came_back, check_adjudicator, questions_in_doubt
from toolkit.steps.showing import shown_now
from toolkit.steps.studio_connection import campaign_key
from toolkit.steps.tombstones import TOMBSTONES, read_tombstones
from toolkit.tables import read_table, write_table
from toolkit.times import now
from toolkit.workspace import CampaignConfig

_REASON, _COMMENT = "reason", "adjudication_comment"
_BLIND, _SEEN = "blind", "seen"  # ends the key of a sheet: whether the votes were hidden


# --- out -----------------------------------------------------------------------------------------------------------


def adjudicate_to_step(campaign: CampaignConfig, to: Path, wanted: Wanted) -> Outcome:
    """Write what waits for an adjudicator into a spreadsheet or a table."""
    check_adjudicator(wanted.adjudicator)
    if to.exists():
        raise DataError(f"{to}: there is a file already; bring its decisions in and move it away, or name another")
    questions = questions_in_doubt(campaign, wanted.questions)
    gold = gold_of(campaign)
    waiting = to_adjudicate(gold, adjudications_of(campaign), questions, wanted.below)
    shown = [each for each in shown_now(campaign, list(items_of(campaign).values())) if each.item.id in waiting]
    if not shown:
        raise DataError(f"{campaign.path}: nothing waits for an adjudicator")
    votes = _votes_in_words(gold, questions) if wanted.show_votes else {}
    asked = [name for name in questions if any(name in waiting[each.item.id] for each in shown)]
    book = _book(campaign.codebook, asked)
    if to.suffix.lower() == ".xlsx":
        write_sheet(to, _request(campaign, book, [_with_votes(each, votes) for each in shown], wanted))
    else:
        write_table(to, [_row(each, waiting, votes, asked) for each in shown])
    counts = dict(Counter(name for each in shown for name in waiting[each.item.id]))
    facts = {"schema": 1, "file": str(to), "items": len(shown), "questions": counts, "blind": not wanted.show_votes}
    told = ", ".join(f"{name} {number}" for name, number in counts.items())
    seen = "votes shown" if wanted.show_votes else "blind"
    line = f"{to}: {len(shown)} items ({told}), {seen}; back by `stance adjudicate {campaign.path} --from {to}"
    line += "`" if to.suffix.lower() == ".xlsx" else f" --by {wanted.adjudicator}`"
    return Outcome(line=line, facts=facts)


def _votes_in_words(gold: Sequence[Gold], questions: Sequence[str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for row in gold:
        if row.question in questions and row.votes:
            told = ", ".join(f"{label} {number}" for label, number in row.votes.items())
            found.setdefault(row.item_id, []).append(f"{row.question}: {told}")
    return {item: "; ".join(parts) for item, parts in found.items()}


def _book(codebook: Codebook, asked: Sequence[str]) -> Codebook:
    """The questions in doubt, why they are, and a comment; nothing is required of an item but what is decided."""
    language = codebook.languages[0]
    questions = [msgspec.structs.replace(codebook.question(name), required=False, when={}) for name in asked]
    reasons = tuple(Label(name=name, title={language: text}) for name, text in REASONS.items())
    questions.append(Question(name=_REASON, text={language: "Why was it in doubt?"}, labels=reasons))
    questions.append(Question(name=_COMMENT, text={language: "Comment"}, kind="text"))
    return msgspec.structs.replace(codebook, questions=tuple(questions), tree=(), cases=(), migrations=())


def _request(campaign: CampaignConfig, book: Codebook, items: Sequence[ShownItem], wanted: Wanted) -> SheetRequest:
    seen = _SEEN if wanted.show_votes else _BLIND
    about = About(
        campaign=f"{campaign_key(campaign)}/adjudication/{seen}",
        annotator=wanted.adjudicator,
        codebook=campaign.codebook.ref,
        file=f"{wanted.adjudicator}.xlsx",
    )
    return SheetRequest(about=about, codebook=book, language=campaign.file.language, items=tuple(items))


def _with_votes(each: ShownItem, votes: Mapping[str, str]) -> ShownItem:
    note = "\n".join(part for part in (each.shown.note, votes.get(each.item.id, "")) if part)
    return msgspec.structs.replace(each, shown=msgspec.structs.replace(each.shown, note=note))


def _row(
    each: ShownItem, waiting: Mapping[str, Sequence[str]], votes: Mapping[str, str], asked: Sequence[str]
) -> dict[str, Any]:
    item = each.item
    around = {"headline": each.shown.headline, "previous": each.shown.previous, "text": each.shown.text}
    row = {"item_id": item.id, "target": item.target.title, **around, "next": each.shown.next}
    row |= {"votes": votes.get(item.id, "")} if votes else {}
    in_doubt = ", ".join(waiting[item.id])
    return {**row, "in_doubt": in_doubt, **dict.fromkeys(asked, ""), _REASON: "", _COMMENT: ""}


# --- back ------------------------------------------------------------------------------------------------------------


class _Decided(Struct, frozen=True, kw_only=True):
    where: str
    item: str
    answers: dict[str, str]


class _Read(Struct, frozen=True, kw_only=True):
    decided: list[_Decided]
    adjudicator: str
    codebook: str
    blind: bool


def adjudicate_from_step(campaign: CampaignConfig, path: Path, adjudicator: str | None) -> Outcome:
    """Append the decisions in a file to the adjudications, all or none; what is known already is passed over."""
    read = _read_sheet(campaign, path) if path.suffix.lower() == ".xlsx" else _read_rows(campaign, path, adjudicator)
    if read_tombstones(campaign.at(TOMBSTONES)).hold_name(read.adjudicator):
        raise DataError(f"{path}: decided by somebody who withdrew; nothing of it is taken")
    gold = {(row.item_id, row.question): row for row in gold_of(campaign)}
    file = campaign.at("adjudications.jsonl")
    with locked(campaign.at("adjudicate")):
        mend_jsonl(file)
        stand = {(row.item_id, row.question): row for row in standing(adjudications_of(campaign))}
        known = {_content(row) for row in stand.values()}
        rows = [row for one in read.decided for row in _adjudications(campaign, one, read, Before(gold, stand))]
        new = [row for row in rows if _content(row) not in known]
        append_jsonl(file, new)
    return came_back(campaign, "adjudicate --from", [path], Back(new=len(new), known=len(rows) - len(new)))


def _read_sheet(campaign: CampaignConfig, path: Path) -> _Read:
    sheet = read_sheet(path)
    begin = f"{campaign_key(campaign)}/adjudication/"
    if sheet is None or not sheet.about.campaign.startswith(begin):
        raise DataError(f"{path}: no sheet for adjudication in this campaign; `stance adjudicate --to` writes one")
    decided = [
        _Decided(where=each.where, item=each.item, answers={q: str(v[0]).strip() for q, v in each.answers.items() if v})
        for each in sheet.submissions
        if each.state == "submitted"
    ]
    return _Read(
        decided=decided,
        adjudicator=sheet.about.annotator,
        codebook=sheet.about.codebook,
        blind=sheet.about.campaign == begin + _BLIND,
    )


def _read_rows(campaign: CampaignConfig, path: Path, adjudicator: str | None) -> _Read:
    if adjudicator is None:
        raise UsageError("--by says who decided: a pseudonym")
    check_adjudicator(adjudicator)
    rows = read_table(path)
    asked = [*(question.name for question in campaign.codebook.choices), _REASON, _COMMENT]
    if rows and ("item_id" not in rows[0] or _REASON not in rows[0]):
        raise DataError(f"{path}: the columns item_id and {_REASON} are needed, and one for each question decided")
    decided = [
        _Decided(
            where=f"{path}, row {number}",
            item=str(row["item_id"]),
            answers={name: str(row[name]).strip() for name in asked if row.get(name) and str(row[name]).strip()},
        )
        for number, row in enumerate(rows, 1)
    ]
    blind = not any(row.get("votes") for row in rows)
    return _Read(decided=decided, adjudicator=adjudicator, codebook=campaign.codebook.ref, blind=blind)


def _adjudications(campaign: CampaignConfig, one: _Decided, read: _Read, before: Before) -> list[Adjudication]:
    decided = [name for name in one.answers if name not in (_REASON, _COMMENT)]
    if not decided:
        return []
    if one.item not in before.items:
        raise DataError(f"{one.where}: no item {one.item!r} with gold in this campaign")
    reason = _reason(one)
    found = []
    for name in decided:
        question = campaign.codebook.question(name)
        if problem := problem_with(one.answers[name], question):
            raise DataError(f"{one.where}: unknown label {problem}")
        label = None if one.answers[name] in question.no_answers else one.answers[name]
        found.append(
            Adjudication(
                item_id=one.item,
                question=name,
                label=label,
                reason=reason,
                adjudicator=read.adjudicator,
                comment=one.answers.get(_COMMENT, ""),
                before=before.label(one.item, name),
                blind=read.blind,
                codebook=read.codebook,
                observed=now(),
            )
        )
    return found


def _reason(one: _Decided) -> Reason:
    given = one.answers.get(_REASON, "")
    for name, text in REASONS.items():
        if given in (name, text):
            return name
    raise DataError(f"{one.where}: {given!r} is no reason; each decision needs one of {', '.join(REASONS)}")


def _content(row: Adjudication) -> tuple[Any, ...]:
    return row.item_id, row.question, row.label, row.reason, row.adjudicator, row.comment


def check_kind(to: Path) -> None:
    """Refuse a file that is neither a spreadsheet nor a table.

    Raises:
        UsageError: its name ends otherwise.
    """
    if to.suffix.lower() != ".xlsx" and suffix_of(to) not in (".csv", ".tsv", ".jsonl"):
        raise UsageError(f"--to {to}: .xlsx, .csv, .tsv or .jsonl is needed")
