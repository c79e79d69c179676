"""What adjudicators answered on a server: what can be taken, and what cannot, each with its reason.

The server takes anything from anybody with an account. Only what the named adjudicator sent counts, and only with a
label that the codebook has and a reason.
"""

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from toolkit.codebook import Codebook
from toolkit.exchange.results import parse_result
from toolkit.records import Answers, Origin
from toolkit.studio.adjudication_projects import COMMENT, REASON, RulingPlace
from toolkit.studio.http.client import Studio
from toolkit.studio.http.schemas import Project, ServerAnnotation, ServerTask

WhoIs = Callable[[int], str]  # number of an account -> its pseudonym, or how else it may be called


class Verdict(Struct, frozen=True, kw_only=True):
    """What an adjudicator decided on an item."""

    item_id: str
    labels: dict[str, str]  # question -> label, as it was called on the screen
    reason: str
    comment: str
    origin: Origin


class Heard(Struct, frozen=True, kw_only=True):
    """What there was in one place."""

    project: int
    place: RulingPlace
    verdicts: list[Verdict]
    skipped: list[str]  # items
    waiting: list[str]  # items to which the adjudicator has not answered, or nothing that can be taken
    refused: list[str]  # answers that were not taken: where each is, and why


class Hearing(Struct, frozen=True, kw_only=True):
    """How answers are read."""

    server: str  # the key of the server
    items: frozenset[str]  # those of the campaign
    book: Codebook
    ours: int  # the account that pulls
    who_is: WhoIs


def hear(studio: Studio, project: Project, place: RulingPlace, hearing: Hearing) -> Heard:
    """Read what was answered in the project of an adjudicator."""
    heard = Heard(project=project.id, place=place, verdicts=[], skipped=[], waiting=[], refused=[])
    for task in studio.tasks(project.id):
        where = f"{studio.url}/projects/{project.id}, task {task.id}"
        item = task.data.get("item_id")
        if item not in hearing.items:
            heard.refused.extend([f"{where}: no item of the campaign"] if task.annotations else [])
            continue
        own, others = _own(task, place.adjudicator, hearing)
        heard.refused.extend(f"{where}: {problem}" for problem in others)
        answered = [raw for raw in own if not raw.was_cancelled]
        if answered:
            origin = Origin(server=hearing.server, project=project.id, task=task.id, annotation=answered[-1].id)
            verdict = _verdict(answered[-1], item, origin, hearing.book)
            _put(heard, verdict, item, where)
        else:
            (heard.skipped if own else heard.waiting).append(item)
    return heard


def _put(heard: Heard, verdict: Verdict | str, item: str, where: str) -> None:
    if isinstance(verdict, Verdict):
        heard.verdicts.append(verdict)
    else:
        heard.refused.append(f"{where}: {verdict}")
        heard.waiting.append(item)


def _own(task: ServerTask, adjudicator: str, hearing: Hearing) -> tuple[list[ServerAnnotation], list[str]]:
    """The adjudicator's own answers to a task, the latest last; and what is wrong with the others."""
    own, others = [], []
    for raw in sorted(task.annotations, key=lambda raw: (raw.updated_at, raw.id)):
        problem = _stranger(raw, adjudicator, hearing)
        if problem:
            others.append(problem)
        else:
            own.append(raw)
    return own, others


def _stranger(raw: ServerAnnotation, adjudicator: str, hearing: Hearing) -> str:
    if raw.completed_by is None:
        return "its account was deleted on the server"
    if (who := hearing.who_is(raw.completed_by)) != adjudicator:
        return f"answered by {who}, not by {adjudicator}: delete it, so that the queue asks {adjudicator}"
    sender = raw.sender(hearing.ours)
    # Whoever marks an answer as the right one becomes its last sender; our own account is believed to have done that.
    if sender in (None, raw.completed_by) or (raw.ground_truth and sender == hearing.ours):
        return ""
    return f"in the name of {adjudicator}, but sent or changed by {hearing.who_is(int(sender or 0))}"


def _verdict(raw: ServerAnnotation, item: str, origin: Origin, book: Codebook) -> Verdict | str:
    answers = parse_result(raw.result, book)
    asked = [question.name for question in book.choices if question.name != REASON]
    labels = {name: answers[name] for name in asked if answers.get(name) is not None}
    problem = next(iter(_problems(answers, labels, book)), "")
    if problem:
        return problem
    comment = str(answers.get(COMMENT, ""))
    return Verdict(item_id=item, labels=labels, reason=answers[REASON], comment=comment, origin=origin)


def _problems(answers: Answers, labels: Answers, book: Codebook) -> Iterable[str]:
    now = book.migrated(labels)
    for name, label in now.items():
        allowed = book.question(name).label_names
        if label not in allowed:
            yield f"unknown label {label!r} for {name!r}; the codebook has {_listed(allowed)}"
    if not labels:
        yield "a reason and no label"
    reason, reasons = answers.get(REASON), book.question(REASON).label_names
    if reason not in reasons:
        yield f"{'no' if reason is None else 'an unknown'} reason; each decision needs one of {_listed(reasons)}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
