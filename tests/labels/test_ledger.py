import msgspec

from toolkit.codebook import Codebook, Label, Migration, Question
from toolkit.labels.ledger import latest, settle, stale_counts, votes_of
from toolkit.records import Annotation, Flag, Item, Origin, Target

ITEMS = {
    name: Item(
        id=name,
        unit_id=name,
        article_id="a",
        target=Target(id="t", title="T"),
        votes=3,
        selection="all",
        propensity=1.0,
    )
    for name in ("i", "j")
}
Q = Question(name="q", text={}, labels=(Label(name="x", title={}), Label(name="y", title={})))


def annotation(number, label="x", **changes):
    base = Annotation(
        id=f"{number}-{label}",
        item_id="i",
        annotator="r1",
        state="submitted",
        answers={"q": label},
        created="2024-01-01T00:00:00Z",
        updated="2024-01-01T00:00:00Z",
        observed="2024-01-01T00:00:01Z",
        codebook="b@1#0",
        origin=Origin(server="s", project=1, task=1, annotation=number),
    )
    return msgspec.structs.replace(base, **changes)


def test_an_edit_stands_for_what_it_edited():
    edited = annotation(1, "y", observed="2024-01-02T00:00:00Z", updated="2024-01-02T00:00:00Z")
    assert latest([edited, annotation(1)]) == [edited]


def test_a_deleted_annotation_does_not_count_and_is_counted():
    gone = annotation(1, state="deleted", observed="2024-01-02T00:00:00Z")
    ledger = settle([annotation(1), gone], ITEMS)
    assert (ledger.counted, ledger.left_out) == ((), {"deleted": 1})


def test_skips_drafts_and_flagged_votes_are_left_out_with_the_reason():
    ledger = settle(
        [
            annotation(1, annotator="r1", state="skipped"),
            annotation(2, annotator="r2", state="draft"),
            annotation(3, annotator="r3", flags=(Flag(code="unknown_label", reason=""),)),
            annotation(4, annotator="r4", assigned_by="tiebreak"),
            annotation(5, annotator="r5", item_id="elsewhere"),
            annotation(6, annotator="r6"),
        ],
        ITEMS,
    )
    assert [a.annotator for a in ledger.counted] == ["r6"]
    assert ledger.left_out == {"skipped": 1, "draft": 1, "unknown_label": 1, "tiebreak": 1, "unknown_item": 1}


def test_of_two_annotations_of_one_person_the_later_counts():
    first = annotation(1, "x")
    second = annotation(2, "y", updated="2024-01-02T00:00:00Z")
    for order in ([first, second], [second, first]):
        ledger = settle(order, ITEMS)
        assert ledger.counted == (second,)
        assert ledger.left_out == {"superseded": 1}


def test_votes_carry_the_cluster_of_their_article():
    ledger = settle([annotation(1)], ITEMS)
    assert [vote.cluster for vote in votes_of(ledger, Q, ITEMS, {})] == ["a"]
    assert [vote.cluster for vote in votes_of(ledger, Q, ITEMS, {"a": "c1"})] == ["c1"]


def test_a_question_without_an_answer_gives_no_vote():
    ledger = settle([annotation(1, answers={})], ITEMS)
    assert votes_of(ledger, Q, ITEMS, {}) == []


def test_a_draft_that_became_an_annotation_or_was_thrown_away_is_none_any_more():
    origin = Origin(server="s", project=1, task=1, annotation=None)
    begun = annotation(0, state="draft", origin=origin)
    assert latest([begun]) == [begun]
    assert latest([begun, msgspec.structs.replace(begun, state="deleted", observed="2024-01-02T00:00:00Z")]) == []
    submitted = annotation(1, observed="2024-01-02T00:00:00Z")
    assert latest([begun, submitted]) == [submitted]
    skipped = annotation(1, observed="2024-01-02T00:00:00Z", state="skipped")
    assert latest([begun, skipped]) == [skipped]
    other = annotation(0, state="draft", origin=origin, annotator="r2")
    assert latest([other, submitted]) == [submitted, other]


def test_what_is_not_the_annotators_own_or_not_assigned_does_not_count():
    flags = ("forged", "no_annotator", "not_assigned", "ground_truth")
    ledger = settle(
        [annotation(n, annotator=f"r{n}", flags=(Flag(code=code, reason=""),)) for n, code in enumerate(flags)], ITEMS
    )
    assert [a.annotator for a in ledger.counted] == ["r3"]
    assert ledger.left_out == {"forged": 1, "no_annotator": 1, "not_assigned": 1}


def test_answers_to_withdrawn_items_are_left_out_with_the_reason():
    ledger = settle([annotation(1), annotation(2, item_id="j", annotator="r2")], ITEMS, withdrawn={"j"})
    assert [a.item_id for a in ledger.counted] == ["i"]
    assert ledger.left_out == {"withdrawn": 1}


def test_renamed_labels_count_under_their_present_names_and_stand_in_the_ledger_as_they_were_given():
    rules = (Migration(question="q", old="w", new="z"), Migration(question="q", old="z", new="x"))
    book = Codebook(name="b", version="2", title={}, questions=(Q,), migrations=rules)
    given = [annotation(1, "w"), annotation(2, "z", annotator="r2"), annotation(3, "y", annotator="r3")]
    votes = votes_of(settle(given, ITEMS, book), Q, ITEMS, {})
    assert [vote.label for vote in votes] == ["x", "x", "y"]
    assert [a.answers["q"] for a in latest(given)] == ["w", "z", "y"]


def test_answers_of_earlier_codebooks_are_counted_by_codebook():
    states = [
        annotation(1, codebook="b@1#0"),
        annotation(2, annotator="r2", codebook="b@1#0"),
        annotation(3, annotator="r3", codebook="b@2#0"),
        annotation(4, annotator="r4", codebook="b@3#0"),
        annotation(5, annotator="r5", codebook="b@1#0", state="skipped"),
    ]
    assert stale_counts(states, "b@3#0") == {"b@1#0": 2, "b@2#0": 1}
