"""What the append-only ledger says now: the latest state of each annotation, and which of them count."""

from collections import Counter
from collections.abc import Container, Hashable, Iterable, Mapping

import msgspec
from msgspec import Struct

from toolkit.codebook import Codebook, Question
from toolkit.labels.eligibility import reason_against
from toolkit.records import Annotation, Item, Vote


class Ledger(Struct, frozen=True, kw_only=True):
    """The annotations that count, and how many do not, by reason."""

    counted: tuple[Annotation, ...]  # in the order of item and annotator
    left_out: dict[str, int]  # reason -> annotations


def latest(annotations: Iterable[Annotation]) -> list[Annotation]:
    """The state in which each annotation was last seen, in the order of item, annotator and origin.

    A draft that was thrown away, or became an annotation, is none any more.
    """
    newest: dict[Hashable, Annotation] = {}
    for annotation in annotations:
        key = _identity(annotation)
        earlier = newest.get(key)
        if earlier is None or (earlier.observed, earlier.updated) <= (annotation.observed, annotation.updated):
            newest[key] = annotation
    answered = {(a.item_id, a.annotator) for a in newest.values() if not _is_draft(a)}
    states = (a for a in newest.values() if not _is_draft(a) or _is_begun(a, answered))
    return sorted(states, key=lambda a: (a.item_id, a.annotator, a.created, a.id))


def _identity(annotation: Annotation) -> Hashable:
    origin = annotation.origin
    if origin is None:
        return annotation.item_id, annotation.annotator
    if origin.annotation is None:
        return origin.server, origin.project, annotation.item_id, annotation.annotator
    return origin.server, origin.project, origin.annotation


def _is_draft(annotation: Annotation) -> bool:
    """Whether it is something that the server does not number, and no imported row."""
    was_gone = annotation.state == "deleted" and annotation.origin is not None and annotation.origin.annotation is None
    return annotation.state == "draft" or was_gone


def _is_begun(draft: Annotation, answered: set[tuple[str, str]]) -> bool:
    return draft.state == "draft" and (draft.item_id, draft.annotator) not in answered


def settle(
    annotations: Iterable[Annotation],
    items: Mapping[str, Item],
    codebook: Codebook | None = None,
    withdrawn: Container[str] = (),
    layers: Container[str] = ("design",),
) -> Ledger:
    """Which annotations count: submitted, blind, asked for by the design, without a flag against them, one a person.

    Of several annotations of one person for one item the latest counts.

    Args:
        annotations: lines of the ledger.
        items: by id.
        codebook: by which answers are counted under the present names of their labels; None: where nothing but the
            number of annotations is wanted.
        withdrawn: items that were taken out; what was answered to them is kept and does not count.
        layers: what asked for an answer that counts: the design alone for agreement, which votes that were asked for
            because of a dispute would bias; gold counts those too.
    """
    left_out: Counter[str] = Counter()
    counted: dict[tuple[str, str], Annotation] = {}
    for annotation in sorted(latest(annotations), key=lambda a: (a.updated, a.id)):
        reason = reason_against(annotation, items, withdrawn, layers)
        key = annotation.item_id, annotation.annotator
        if reason is None and key in counted:
            left_out["superseded"] += 1
        if reason is None:
            counted[key] = _under_present_names(annotation, codebook)
        else:
            left_out[reason] += 1
    return Ledger(counted=tuple(counted[key] for key in sorted(counted)), left_out=dict(sorted(left_out.items())))


def _under_present_names(annotation: Annotation, codebook: Codebook | None) -> Annotation:
    if codebook is None or not codebook.migrations:
        return annotation
    return msgspec.structs.replace(annotation, answers=codebook.migrated(annotation.answers))


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


def stale_counts(states: Iterable[Annotation], codebook_ref: str) -> dict[str, int]:
    """How many answers were given on a screen of before, by its codebook.

    Args:
        states: the latest state of each annotation.
        codebook_ref: of the screen as it is now.
    """
    stale = (a.codebook for a in states if a.state == "submitted" and a.codebook != codebook_ref)
    return dict(sorted(Counter(stale).items()))
