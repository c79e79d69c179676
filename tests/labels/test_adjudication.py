import pytest

from toolkit.codebook import Codebook, Label, Migration, Question
from toolkit.errors import DataError
from toolkit.labels.adjudication import (
    adjudication_facts,
    disagreements,
    labels_of,
    standing,
    to_adjudicate,
    waiting_requests,
)
from toolkit.records import Adjudication, AdjudicationRequest, Annotation, Gold

STANCE = Question(name="stance", text={}, labels=tuple(Label(name=name, title={}) for name in ("pro", "con")))
COMMENT = Question(name="comment", text={}, kind="text")
BOOK = Codebook(name="b", version="1", title={}, questions=(STANCE, COMMENT))


def ruling(item, label, observed="2024-01-01", **more):
    fields = {"question": "stance", "reason": "slip", "adjudicator": "judge", "blind": True, "codebook": "b"}
    return Adjudication(item_id=item, label=label, observed=observed, **(fields | more))


def gold(item, label, votes, confidence=None):
    return Gold(
        item_id=item,
        question="stance",
        label=label,
        status="majority" if label else "unresolved",
        method="majority",
        n_votes=sum(votes.values()),
        votes=votes,
        soft={},
        confidence=confidence,
    )


def annotation(item, who, **answers):
    return Annotation(
        id=item + who, item_id=item, annotator=who, state="submitted", answers=answers, created="", updated="",
        observed="", codebook="b",
    )  # fmt: skip


def test_the_last_word_stands_whatever_the_order_of_lines():
    rows = [ruling("a", "pro", "2024-01-02"), ruling("a", "con", "2024-01-01")]
    assert labels_of(rows, BOOK) == labels_of(rows[::-1], BOOK) == {"stance": {"a": "pro"}}
    assert labels_of([*rows, ruling("a", None, "2024-01-03")], BOOK) == {}
    assert len(standing(rows)) == 1


def test_a_renamed_label_counts_under_its_present_name_and_an_unknown_one_is_an_error():
    renamed = Migration(question="stance", old="yes", new="pro")
    book = Codebook(name="b", version="2", title={}, questions=(STANCE,), migrations=(renamed,))
    assert labels_of([ruling("a", "yes")], book) == {"stance": {"a": "pro"}}
    with pytest.raises(DataError, match="item a: adjudicated 'left' for 'stance'; the codebook has pro, con"):
        labels_of([ruling("a", "left")], book)


def test_what_waits_is_open_or_unsure_and_not_decided_yet():
    rows = [
        gold("open", None, {"pro": 1, "con": 1}),
        gold("unsure", "pro", {"pro": 2, "con": 1}, 2 / 3),
        gold("sure", "pro", {"pro": 3}, 1.0),
        gold("unseen", None, {}),
        gold("decided", None, {"pro": 1, "con": 1}),
    ]
    done = [ruling("decided", None)]
    assert to_adjudicate(rows, done, ["stance"], None) == {"open": ["stance"]}
    assert to_adjudicate(rows, done, ["stance"], 0.7) == {"open": ["stance"], "unsure": ["stance"]}


def test_the_facts_tell_settled_from_changed_and_name_own_items():
    rows = [
        ruling("a", "pro", before=None),
        ruling("b", "con", before="pro"),
        ruling("c", "pro", before="pro", blind=False, reason="ambiguous"),
        ruling("d", None, before=None),
    ]
    found = adjudication_facts(rows, [annotation("a", "judge", stance="con")])
    assert (found.adjudicated, found.settled, found.changed, found.left_open) == (4, 1, 1, 1)
    assert (found.blind, found.own, found.by) == (3, 1, {"judge": 4})
    assert found.reasons == {"ambiguous": 1, "slip": 3}
    assert adjudication_facts([], []) is None


def test_the_most_divided_come_first_with_who_said_what():
    answers = [
        annotation("a", "r1", stance="pro"),
        annotation("a", "r2", stance="pro"),
        annotation("a", "r3", stance="con", comment="irony"),
        annotation("b", "r1", stance="pro"),
        annotation("b", "r2", stance="con"),
    ]
    rows = [gold("a", "pro", {"pro": 2, "con": 1}), gold("b", None, {"pro": 1, "con": 1}), gold("c", "pro", {"pro": 2})]
    found = disagreements(answers, rows, [ruling("b", "con")], BOOK)
    assert [one.item_id for one in found] == ["b", "a"]
    assert found[1].labels == {"r1": "pro", "r2": "pro", "r3": "con"}
    assert found[1].comments == {"r3": "irony"}
    assert found[0].adjudication.label == "con"


def test_votes_are_counted_and_annotators_named_from_the_same_annotations():
    answers = [annotation("a", "r1", stance="pro"), annotation("a", "r2", stance="con")]
    answers.append(annotation("a", "r3", stance="con"))  # a tie-break, which gold counts and the design did not ask for
    older = gold("a", None, {"pro": 1, "con": 1})  # gold of before the tie-break
    (row,) = disagreements(answers, [older], [], BOOK)
    assert row.labels == {"r1": "pro", "r2": "con", "r3": "con"}
    assert row.votes == {"con": 2, "pro": 1}


def request(item, adjudicator="judge", below=None):
    fields = {"question": "stance", "blind": True, "votes": {}, "codebook": "b", "sent": "2024-01-01"}
    return AdjudicationRequest(item_id=item, adjudicator=adjudicator, below=below, **fields)


def test_whoever_was_asked_last_is_to_decide_while_the_item_is_in_doubt():
    rows = [gold("a", None, {"pro": 1, "con": 1}), gold("b", "pro", {"pro": 2, "con": 1}, 2 / 3), gold("c", "pro", {})]
    asked = [request("a"), request("b", below=0.7), request("c", below=0.7), request("x"), request("a", "other")]
    waiting = waiting_requests(asked, rows, [])
    assert [(row.item_id, row.adjudicator) for row in waiting] == [("a", "other"), ("b", "judge")]
    assert [row.item_id for row in waiting_requests(asked, rows, [ruling("a", None)])] == ["b"]
    # A label that is sure enough for the last request waits no more, though an earlier one had a higher bound.
    assert waiting_requests([*asked, request("b", below=0.6)], rows, [])[-1].item_id == "a"
