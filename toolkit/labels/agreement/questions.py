"""Agreement where some labels have no place on the scale: whether it applies, which way, and both in one figure."""

import msgspec
import numpy as np

from toolkit.codebook import Question
from toolkit.labels.agreement.coefficients import alpha_of, masi
from toolkit.labels.agreement.headline import alpha_at, new_annotators, simple_alpha
from toolkit.labels.agreement.intervals import Coefficient, Scale, as_coefficient
from toolkit.labels.votes import Votes

_APPLIES, _OFF_SCALE = "applies", "off_scale"


def off_scale_coefficients(votes: Votes, question: Question, seed: int) -> tuple[Coefficient, ...]:
    """Three figures for a question that has answers off its scale; none for other questions.

    ``alpha_applicability`` is binary: whether the scale applies at all. ``alpha_direction`` is ordinal, over the votes
    on the scale alone; items that have two answers but not two of those are lost, and counted. ``alpha_sets`` is over
    all answers, with the distance of sets: a label that covers others is the set of those, any other a set of one.

    Args:
        votes: that are answers, under the labels of the question.
        question: what was asked.
        seed: of the bootstraps.
    """
    if not question.on_scale or set(question.on_scale) == set(question.gold_labels):
        return ()
    figures = [_direction(votes, question, seed), _sets(votes, question, seed)]
    return (_applicability(votes, question, seed), *figures) if question.off_scale else tuple(figures)


def _applicability(votes: Votes, question: Question, seed: int) -> Coefficient:
    sides = {label: _OFF_SCALE if label in question.off_scale else _APPLIES for label in question.gold_labels}
    return _measured(votes.relabelled((_APPLIES, _OFF_SCALE), sides), Scale(), "alpha_applicability", seed)


def _direction(votes: Votes, question: Question, seed: int) -> Coefficient:
    values = {label.name: label.scale for label in question.labels if label.scale is not None}
    scale = Scale(level="ordinal", values=values)
    ordered = scale.ordered(question.on_scale)
    on_scale = votes.relabelled(ordered, {label: label for label in ordered})
    found = _measured(on_scale, scale, "alpha_direction", seed)
    return msgspec.structs.replace(found, lost=int(np.sum(votes.per_item >= 2)) - found.n)


def _sets(votes: Votes, question: Question, seed: int) -> Coefficient:
    covers = {label.name: frozenset(label.covers or (label.name,)) for label in question.labels}
    distance = masi([covers[label] for label in votes.labels])
    found, _ = simple_alpha(votes, lambda tables: alpha_of(tables, distance), seed)
    coefficient = as_coefficient(found, "set", "alpha_sets")
    if coefficient.value is None:
        return coefficient
    others = new_annotators(votes, lambda tables: alpha_of(tables, distance), seed)
    return msgspec.structs.replace(coefficient, new_annotators=others)


def _measured(votes: Votes, scale: Scale, name: str, seed: int) -> Coefficient:
    statistic = alpha_at(scale, votes.labels)
    found, _ = simple_alpha(votes, statistic, seed)
    coefficient = as_coefficient(found, scale.level, name)
    if coefficient.value is None:
        return coefficient
    return msgspec.structs.replace(coefficient, new_annotators=new_annotators(votes, statistic, seed))
