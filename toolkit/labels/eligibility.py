"""Which annotations count, and why the others do not: one rule for answers from a server and answers from files.

A server takes anything from anybody who has an account, and a file holds what somebody typed. So every annotation is
checked: by who gave it, by its answers, and against the other annotations of its item. Annotations that do not pass
are kept and flagged, never dropped. The time of an answer decides which comes first, then its number; the order of a
file never does.
"""

from collections import Counter
from collections.abc import Container, Hashable, Iterable, Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct

from toolkit.codebook import Codebook, Question
from toolkit.records import Annotation, Answers, Flag, Item
from toolkit.times import parse_utc

Layer = Literal["design", "tiebreak"]

SURPLUS = frozenset({"second_vote", "beyond_overlap"})  # flags that depend on the other annotations of the item

# Codes that keep an annotation out of counts; flags of other codes only ask for a second look.
NOT_COUNTED = SURPLUS | {
    "unknown_question",
    "unknown_label",
    "missing_answer",
    "hidden_answer",
    "malformed_answer",
    "forged",
    "no_annotator",
    "other_text",
    "by_model",
    "by_rule",
    "not_assigned",
}

# Flags of annotations that do not use up their annotator's one vote on the item: somebody else sent them, or they
# slipped to the item from another row.
_NOT_THEIR_VOTE = frozenset({"forged", "no_annotator", "not_assigned", "other_text"})
_BY_KIND = {"model": "by_model", "rule": "by_rule"}


class ProjectRole(Struct, frozen=True, kw_only=True):
    """What a project of the campaign asks for."""

    layer: Layer = "design"
    votes: int = 1  # an item
    owner: str | None = None  # the annotator, where the project is one person's


class Provenance(Struct, frozen=True, kw_only=True):
    """Who gave an annotation, as far as its source says."""

    annotator: str
    has_account: bool = True  # False: the account that gave it was deleted
    sender: str | None = None  # whose account saved it last; None: the source does not say
    is_harmless: bool = False  # another sender is known to have left the answers as they were
    owner: str | None = None  # of the project in which it lies
    kind: str = "human"
    ground_truth: bool = False


def provenance_flags(given: Provenance) -> Iterator[Flag]:
    """What speaks against an annotation because of who gave it."""
    if not given.has_account:
        yield Flag(code="no_annotator", reason="the account that gave it was deleted on the server")
    elif given.sender not in (None, given.annotator) and not given.is_harmless:
        yield Flag(code="forged", reason=f"in the name of {given.annotator}, but sent or changed by {given.sender}")
    if given.owner is not None and given.annotator != given.owner:
        yield Flag(code="not_assigned", reason=f"by {given.annotator} in the project of {given.owner}")
    if given.ground_truth:
        yield Flag(code="ground_truth", reason="marked on the server as the right answer")
    if given.kind in _BY_KIND:
        yield Flag(code=_BY_KIND[given.kind], reason=f"given by a {given.kind}, not by a person")


# --- answers -------------------------------------------------------------------------------------------------------


class AnswerCheck:
    """The codebook in force, applied to answers."""

    def __init__(self, codebook: Codebook, codebook_ref: str) -> None:
        """A check by a codebook.

        Args:
            codebook: as it is now, with its migrations.
            codebook_ref: that of the screen as it is now.
        """
        self._codebooks = {unit: codebook.for_unit(unit) for unit in ("paragraph", "article", "headline")}
        self._ref = codebook_ref

    def flags(self, answers: Answers, unit: str, codebook_ref: str) -> Iterator[Flag]:
        """What is wrong with the answers to an item.

        Args:
            answers: as they were given.
            unit: of the item.
            codebook_ref: of the screen on which they were given.
        """
        codebook = self._codebooks[unit]
        answers = codebook.migrated(answers)
        problem = answer_problem(answers, codebook)
        # Who answered an earlier codebook cannot have missed a question that came later.
        was_not_shown = problem and problem[0] == "missing_answer" and codebook_ref != self._ref and answers
        if problem and not was_not_shown:
            yield Flag(code=problem[0], reason=problem[1])


def answer_problem(answers: Answers, codebook: Codebook) -> tuple[str, str] | None:
    """What is wrong with some answers as ``(code, reason)``, or None: their shape first, then their content."""
    return shape_problem(answers, codebook) or codebook.problem_with(answers)


def shape_problem(answers: Answers, codebook: Codebook) -> tuple[str, str] | None:
    """Which answer has a shape that its question does not allow, as ``(code, reason)``, or None.

    The labels themselves and missing answers are not checked. No browser sends answers of a wrong shape
    (``malformed_answer``), but the server takes them from anybody.
    """
    for question in codebook.questions:
        value = answers.get(question.name)
        if value is not None and not _is_well_formed(value, question):
            return "malformed_answer", f"{value!r} is no answer to {question.name!r}, which is a {question.kind}"
    return None


def _is_well_formed(value: Any, question: Question) -> bool:  # noqa: ANN401 - whatever was sent
    if question.kind == "rating":
        return type(value) is int and 1 <= value <= (question.points or 0)  # True is an int too
    if question.kind == "span":
        return isinstance(value, list) and all(is_span(span) for span in value)
    return isinstance(value, list if question.kind == "choices" else str)


def is_span(span: Any) -> bool:  # noqa: ANN401 - whatever was sent
    """Whether a value is a stretch of text, ``{"start", "end"}``."""
    if not isinstance(span, dict):
        return False
    start, end = span.get("start"), span.get("end")
    return type(start) is int and type(end) is int and 0 <= start <= end


# --- the annotations of an item together -----------------------------------------------------------------------------


class Candidate(Struct, frozen=True, kw_only=True, gc=False):
    """A submitted annotation as one of those of its item."""

    key: Hashable  # what the caller knows it by
    number: int  # of the annotation where it lies
    annotator: str
    created: str
    layer: str  # annotations of a layer share the votes that were asked for
    own_flags: tuple[str, ...]  # codes, without those of `SURPLUS`


def candidate_of(annotation: Annotation, key: Hashable) -> Candidate:
    """A submitted annotation as a candidate for one of the votes on its item."""
    return Candidate(
        key=key,
        number=(annotation.origin.annotation or 0) if annotation.origin else 0,
        annotator=annotation.annotator,
        created=annotation.created,
        layer=annotation.assigned_by,
        own_flags=own_codes(flag.code for flag in annotation.flags),
    )


def own_codes(codes: Iterable[str]) -> tuple[str, ...]:
    """The codes that do not depend on other annotations."""
    return tuple(code for code in codes if code not in SURPLUS)


def surplus_flags(candidates: Iterable[Candidate], votes: Mapping[str, int]) -> dict[Hashable, Flag]:
    """The annotations after an annotator's first one on an item, and those after all the votes that were asked for.

    Args:
        candidates: the submitted annotations of one item, from all places.
        votes: how many votes each layer asks for; a layer that is not there takes any number.
    """
    flags: dict[Hashable, Flag] = {}
    first: dict[str, str] = {}
    counted: Counter[str] = Counter()
    for candidate in sorted(candidates, key=_time_and_number):
        if _NOT_THEIR_VOTE.intersection(candidate.own_flags):
            continue
        if candidate.annotator in first:
            reason = f"the annotator's annotation of {first[candidate.annotator]} came first and counts"
            flags[candidate.key] = Flag(code="second_vote", reason=reason)
            continue
        first[candidate.annotator] = candidate.created
        if NOT_COUNTED.intersection(candidate.own_flags):
            continue
        counted[candidate.layer] += 1
        limit = votes.get(candidate.layer)
        if limit is not None and counted[candidate.layer] > limit:
            reason = f"vote {counted[candidate.layer]} where {limit} were asked for"
            flags[candidate.key] = Flag(code="beyond_overlap", reason=reason)
    return flags


def _time_and_number(candidate: Candidate) -> tuple[str, int, str]:
    return parse_utc(candidate.created) or candidate.created, candidate.number, candidate.annotator


def votes_asked(item: Item | None, roles: Iterable[ProjectRole]) -> dict[str, int]:
    """How many votes each layer asks for on an item.

    Args:
        item: None: one that is not the campaign's.
        roles: of the campaign's projects.
    """
    tiebreak = max((role.votes for role in roles if role.layer == "tiebreak"), default=1)
    return {"design": item.votes if item else 0, "tiebreak": tiebreak}


def with_surplus(flags: Iterable[Flag], surplus: Flag | None) -> tuple[Flag, ...]:
    """The flags of an annotation with another judgement by the annotations around it."""
    own = tuple(flag for flag in flags if flag.code not in SURPLUS)
    return own if surplus is None else (*own, surplus)


def reason_against(
    annotation: Annotation, items: Mapping[str, Item], withdrawn: Container[str], layers: Container[str]
) -> str | None:
    """Why an annotation does not count, as a code; None where it counts.

    Args:
        annotation: in its latest state.
        items: by id.
        withdrawn: items that were taken out.
        layers: what asked for an answer that counts.
    """
    if annotation.state != "submitted":
        return annotation.state
    if annotation.item_id not in items:
        return "unknown_item"
    if annotation.item_id in withdrawn:
        return "withdrawn"
    if annotation.assigned_by not in layers:
        return annotation.assigned_by
    return next((flag.code for flag in annotation.flags if flag.code in NOT_COUNTED), None)
