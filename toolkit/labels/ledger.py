"""What the append-only ledger says now: the latest state of each annotation, and which of them count."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping

from msgspec import Struct

from toolkit.codebook import Question
from toolkit.records import Annotation, Item, Vote

# What keeps an annotation out of counts; flags of other codes only ask for a second look.
NOT_COUNTED = frozenset(
    {
        "unknown_question",
        "unknown_label",
        "missing_answer",
        "hidden_answer",
        "malformed_answer",
        "second_vote",
        "beyond_overlap",
        "forged",
        "no_annotator",
        "other_text",
        "by_model",
        "by_rule",
    }
)


class Ledger(Struct, frozen=True, kw_only=True):
    """The annotations that count, and how many do not, by reason."""

    counted: tuple[Annotation, ...]  # in the order of item and annotator
    left_out: dict[str, int]  # reason -> annotations


def latest(annotations: Iterable[Annotation]) -> list[Annotation]:
    """The state in which each annotation was last seen, in the order of item, annotator and origin."""
    found: dict[Hashable, Annotation] = {}
    for annotation in annotations:
        key = _identity(annotation)
        known = found.get(key)
        if known is None or (known.observed, known.updated) <= (annotation.observed, annotation.updated):
            found[key] = annotation
    return sorted(found.values(), key=lambda a: (a.item_id, a.annotator, a.created, a.id))


def _identity(annotation: Annotation) -> Hashable:
    origin = annotation.origin
    if origin is None or origin.annotation is None:
        return annotation.item_id, annotation.annotator
    return origin.server, origin.project, origin.annotation


def settle(annotations: Iterable[Annotation], items: Mapping[str, Item]) -> Ledger:
    """Which annotations count: submitted, blind, asked for by the design, without a flag against them, one a person.

    Of several annotations of one person for one item the latest counts.
    """
    left_out: Counter[str] = Counter()
    counted: dict[tuple[str, str], Annotation] = {}
    for annotation in sorted(latest(annotations), key=lambda a: (a.updated, a.id)):
        reason = _reason_against(annotation, items)
        key = annotation.item_id, annotation.annotator
        if reason is None and key in counted:
            left_out["superseded"] += 1
        if reason is None:
            counted[key] = annotation
        else:
            left_out[reason] += 1
    return Ledger(counted=tuple(counted[key] for key in sorted(counted)), left_out=dict(sorted(left_out.items())))


def _reason_against(annotation: Annotation, items: Mapping[str, Item]) -> str | None:
    if annotation.state != "submitted":
        return annotation.state
    if annotation.item_id not in items:
        return "unknown_item"
    if annotation.assigned_by != "design":
        return annotation.assigned_by
    return next((flag.code for flag in annotation.flags if flag.code in NOT_COUNTED), None)


def votes_of(ledger: Ledger, question: Question, items: Mapping[str, Item], clusters: Mapping[str, str]) -> list[Vote]:
    """The votes on a question, in the order of item and annotator.

    Args:
        ledger: what counts.
        question: one that is answered with one label.
        items: by id.
        clusters: from article to its cluster; an article that is not there is its own.
    """
    return [
        Vote(
            question=question.name,
            item_id=annotation.item_id,
            annotator=annotation.annotator,
            label=annotation.answers[question.name],
            cluster=clusters.get(items[annotation.item_id].article_id, items[annotation.item_id].article_id),
        )
        for annotation in ledger.counted
        if question.name in annotation.answers
    ]
