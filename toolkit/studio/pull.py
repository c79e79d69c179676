"""Annotations from Label Studio, as new lines for the ledger.

Everything that the server has is looked at each time, and only what the ledger does not know yet becomes a line: a
new annotation, an edit, a skip, a deletion, a draft. Doubtful ones are kept and flagged, never dropped, since the
server takes anything from anybody with an account.
"""

import datetime
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from toolkit.codebook import Codebook
from toolkit.files import digest
from toolkit.records import Annotation, Answers, Flag, Item, Origin
from toolkit.runs import now
from toolkit.studio.client import Studio
from toolkit.studio.screen import answer_problem, asked_about, parse_result
from toolkit.studio.wire import ServerAnnotation

Pseudonyms = Callable[[int, str], str]  # number and e-mail address of an account on the server -> its pseudonym

NOBODY = "deleted-account"


class PullRequest(Struct, frozen=True, kw_only=True):
    """What is to be pulled, and how it is read."""

    server: str  # the key of the server in the ledger; stays what it was when its address changes
    projects: tuple[int, ...]
    items: Mapping[str, Item]
    codebook: Codebook
    codebook_ref: str  # of the codebook that was pushed


class Pulled(Struct, frozen=True, kw_only=True):
    """What a pull found."""

    annotations: list[Annotation]  # the new lines of the ledger, in the order of the server
    unchanged: int
    tasks: int
    unknown_tasks: int  # tasks that show no item of the campaign; what was answered there is not ours


class _Seen(Struct, frozen=True, kw_only=True):
    """An annotation or draft of the server, read but not yet judged."""

    item: Item
    origin: Origin
    annotator: str
    sender: str  # who really sent it
    state: Literal["submitted", "draft", "skipped"]
    answers: Answers
    raw: ServerAnnotation

    @property
    def order(self) -> tuple[str, int]:
        """Which of two came first."""
        return self.raw.created_at, self.raw.id


_Key = tuple[int, int | None, str, str]  # project and annotation; a draft has no number: item and annotator tell it


def pull_annotations(
    studio: Studio, request: PullRequest, known: Iterable[Annotation], pseudonym_of: Pseudonyms
) -> Pulled:
    """What the server has and the ledger has not.

    Args:
        studio: the server.
        request: the projects and what is known of their items.
        known: the ledger, in its order.
        pseudonym_of: names an account by its number and e-mail address; called for those that answered.

    Raises:
        StudioError: a project or the server is gone; the ledger needs no change then.
    """
    latest = _latest(known, request.server)
    tally: Counter[str] = Counter()
    seen = list(_read(studio, request, pseudonym_of, tally))
    flags = _flags(seen, request, latest)
    observed = now()
    lines = [_line(each, flags[_key_of(each)], request, observed) for each in seen]
    fresh = [line for line in lines if not _is_known(line, latest.get(_key(line)))]
    gone = _deleted(studio, request, latest, {_key(line) for line in lines}, observed)
    return Pulled(
        annotations=fresh + gone,
        unchanged=len(lines) - len(fresh),
        tasks=tally["tasks"],
        unknown_tasks=tally["unknown"],
    )


# --- reading -------------------------------------------------------------------------------------------------------


def _read(studio: Studio, request: PullRequest, pseudonym_of: Pseudonyms, tally: Counter[str]) -> Iterator[_Seen]:
    people = _People(studio, pseudonym_of)
    for project in request.projects:
        studio.project(project)  # one that is gone would read like one without tasks
        item_of: dict[int, Item] = {}
        for task in studio.tasks(project):
            tally["tasks"] += 1
            item = request.items.get(str(task.data.get("item_id")))
            if item is None:
                tally["unknown"] += 1
                continue
            item_of[task.id] = item
            for raw in task.annotations:
                origin = Origin(server=request.server, project=project, task=task.id, annotation=raw.id)
                yield _seen(raw, item, origin, request, people)
        for task_id, raw in studio.drafts(project):
            if task_id in item_of:
                origin = Origin(server=request.server, project=project, task=task_id, annotation=None)
                yield _seen(raw, item_of[task_id], origin, request, people)


class _People:
    """Who is behind the numbers of accounts; each is asked for once."""

    def __init__(self, studio: Studio, pseudonym_of: Pseudonyms) -> None:
        self.ours = studio.whoami().id
        self._emails = studio.users()
        self._pseudonym_of = pseudonym_of
        self._known: dict[int, str] = {}

    def name(self, user_id: int | None) -> str:
        """The pseudonym of an account."""
        if user_id is None:
            return NOBODY
        if user_id not in self._known:
            self._known[user_id] = self._pseudonym_of(user_id, self._emails.get(user_id, ""))
        return self._known[user_id]


def _seen(raw: ServerAnnotation, item: Item, origin: Origin, request: PullRequest, people: _People) -> _Seen:
    return _Seen(
        item=item,
        origin=origin,
        annotator=people.name(raw.completed_by),
        sender=people.name(raw.sender(people.ours)),
        state="draft" if origin.annotation is None else "skipped" if raw.was_cancelled else "submitted",
        answers=parse_result(raw.result, request.codebook),
        raw=raw,
    )


# --- judging -------------------------------------------------------------------------------------------------------


def _flags(seen: list[_Seen], request: PullRequest, latest: Mapping[_Key, Annotation]) -> dict[_Key, tuple[Flag, ...]]:
    flags: dict[_Key, list[Flag]] = {_key_of(each): [] for each in seen}
    codebooks = {unit: asked_about(request.codebook, unit) for unit in {each.item.unit for each in seen}}
    by_item: dict[str, list[_Seen]] = defaultdict(list)
    for each in sorted(seen, key=lambda each: each.order):
        if each.state != "submitted":
            continue
        own = flags[_key_of(each)]
        own += _own_flags(each, codebooks[each.item.unit], latest.get(_key_of(each)))
        if not any(flag.code in ("forged", "no_annotator") for flag in own):
            by_item[each.item.id].append(each)  # what others sent in somebody's name must not cost them their vote
    for votes in by_item.values():
        _flag_surplus(votes, flags)
    return {key: tuple(found) for key, found in flags.items()}


def _own_flags(each: _Seen, codebook: Codebook, before: Annotation | None) -> Iterator[Flag]:
    if each.raw.completed_by is None:
        yield Flag(code="no_annotator", reason="the account that gave it was deleted on the server")
    elif each.sender != each.annotator and not _was_honest(each, before):
        yield Flag(code="forged", reason=f"in the name of {each.annotator}, but sent or changed by {each.sender}")
    problem = answer_problem(each.answers, codebook) or codebook.problem_with(each.answers)
    if problem:
        yield Flag(code=problem[0], reason=problem[1])


def _was_honest(each: _Seen, before: Annotation | None) -> bool:
    """Whether the same answers came from the annotator: an administrator who marks an annotation touches it too."""
    if before is None or any(flag.code == "forged" for flag in before.flags):
        return False
    return (before.annotator, before.state, before.answers) == (each.annotator, each.state, each.answers)


def _flag_surplus(votes: list[_Seen], flags: dict[_Key, list[Flag]]) -> None:
    """Flag what came after an annotator's first vote on an item, and after all the votes that it was to get."""
    first: dict[str, _Seen] = {}
    counted = 0
    for each in votes:
        own = flags[_key_of(each)]
        if each.annotator in first:
            number = first[each.annotator].origin.annotation
            own.append(Flag(code="second_vote", reason=f"the annotator's annotation {number} came first and counts"))
            continue
        first[each.annotator] = each
        if own:
            continue
        counted += 1
        if counted > each.item.votes:
            own.append(Flag(code="beyond_overlap", reason=f"vote {counted} where {each.item.votes} were asked for"))


# --- what is new ---------------------------------------------------------------------------------------------------


def _line(each: _Seen, flags: tuple[Flag, ...], request: PullRequest, observed: str) -> Annotation:
    line = Annotation(
        id="",
        item_id=each.item.id,
        annotator=each.annotator,
        state=each.state,
        answers=each.answers,
        seconds=each.raw.lead_time,
        created=_utc(each.raw.created_at),
        updated=_utc(each.raw.updated_at),
        observed=observed,
        codebook=request.codebook_ref,
        flags=flags,
        origin=each.origin,
    )
    return _identified(line)


def _identified(line: Annotation) -> Annotation:
    """The line with its id: the hash of where it lies and what it says, whenever it was seen."""
    where = msgspec.structs.astuple(line.origin) if line.origin else ()
    content = (*where, line.item_id, line.annotator, line.updated, *_content(line))
    return msgspec.structs.replace(line, id=digest(msgspec.json.encode(content, order="sorted")))


def _content(line: Annotation) -> tuple[object, ...]:
    """What makes two sightings of an annotation differ.

    The time of the last change is not among it: the server touches it for reasons that are no edit.
    """
    return line.annotator, line.state, line.answers, [flag.code for flag in line.flags]


def _is_known(line: Annotation, latest: Annotation | None) -> bool:
    return latest is not None and _content(latest) == _content(line)


def _key(line: Annotation) -> _Key:
    if line.origin is None:
        raise ValueError("only a line of a server has a key")
    if line.origin.annotation is None:
        return line.origin.project, None, line.item_id, line.annotator
    return line.origin.project, line.origin.annotation, "", ""


def _key_of(each: _Seen) -> _Key:
    if each.origin.annotation is None:
        return each.origin.project, None, each.item.id, each.annotator
    return each.origin.project, each.origin.annotation, "", ""


def _latest(known: Iterable[Annotation], server: str) -> dict[_Key, Annotation]:
    ours = (line for line in known if line.origin is not None and line.origin.server == server)
    return {_key(line): line for line in ours}


def _deleted(
    studio: Studio, request: PullRequest, latest: Mapping[_Key, Annotation], there: set[_Key], observed: str
) -> list[Annotation]:
    """A line for each annotation of the ledger that is on the server no longer.

    A draft that is gone has been submitted, or was nothing. Each absence is asked about once more, since a list that
    is read in pages can miss what moves from one page to another meanwhile.
    """
    lines = []
    for key, line in latest.items():
        project, number, *_ = key
        if project not in request.projects or number is None or key in there or line.state == "deleted":
            continue
        if not studio.has_annotation(number):
            gone = msgspec.structs.replace(line, state="deleted", updated=observed, observed=observed)
            lines.append(_identified(gone))
    return lines


def _utc(time: str) -> str:
    """A time of the server as ISO 8601 in UTC.

    >>> _utc("2026-03-01T12:00:00+02:00")
    '2026-03-01T10:00:00.000000Z'
    """
    moment = datetime.datetime.fromisoformat(time).astimezone(datetime.UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
