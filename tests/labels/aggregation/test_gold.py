from hypothesis import given
from hypothesis import strategies as st

from toolkit.codebook import Codebook, Label, Question
from toolkit.labels.aggregation.gold import aggregate, all_gold, majority
from toolkit.records import Vote

STANCE = Question(
    name="stance",
    text={},
    required=True,
    labels=(
        Label(name="pro", title={}, scale=1),
        Label(name="neutral", title={}, scale=0),
        Label(name="against", title={}, scale=-1),
        Label(name="unclear", title={}, no_answer=True),
    ),
)
VOICE = Question(
    name="voice",
    text={},
    required=True,
    when={"stance": ("pro", "against")},
    labels=(Label(name="author", title={}), Label(name="quoted", title={})),
)
FAULT = Question(name="fault", text={}, labels=(Label(name="wrong_cut", title={}),))
BOOK = Codebook(name="b", version="1", title={}, questions=(STANCE, VOICE, FAULT))


def votes(question, **by_item):
    return [
        Vote(question=question, item_id=item, annotator=f"r{n}", label=label, cluster=item)
        for item, labels in by_item.items()
        for n, label in enumerate(labels.split())
    ]


def decide(labels, min_votes=2):
    return majority(votes("stance", i=labels), STANCE, ["i"], {"i": min_votes})[0]


def test_a_tie_is_nobodys_label():
    gold = decide("pro against")
    assert (gold.label, gold.status, gold.soft) == (None, "unresolved", {"pro": 1 / 2, "against": 1 / 2})


def test_a_plurality_is_no_majority():
    assert decide("pro pro neutral against").label is None


def test_more_than_half_is_a_majority():
    gold = decide("pro neutral pro")
    assert (gold.label, gold.status, gold.confidence, gold.votes) == (
        "pro",
        "majority",
        2 / 3,
        {"pro": 2, "neutral": 1},
    )


def test_all_alike_is_unanimous():
    assert decide("pro pro pro").status == "unanimous"


def test_no_answer_never_becomes_gold_and_is_kept():
    gold = decide("unclear unclear pro")
    assert (gold.label, gold.status, gold.votes) == (None, "unresolved", {"pro": 1, "unclear": 2})


def test_a_label_beside_a_no_answer_is_a_majority_of_the_answers_but_not_unanimous():
    gold = decide("pro pro unclear")
    assert (gold.label, gold.status, gold.confidence) == ("pro", "majority", 1.0)


def test_one_vote_is_enough_only_where_one_was_asked_for():
    assert decide("pro", min_votes=1).status == "single"
    assert decide("pro", min_votes=2).status == "unresolved"


def test_an_item_that_nobody_answered_is_unresolved():
    gold = majority([], STANCE, ["i"], {"i": 2})[0]
    assert (gold.label, gold.n_votes, gold.soft) == (None, 0, {})


@given(st.permutations(["pro", "pro", "against", "neutral", "against", "unclear"]))
def test_the_order_of_votes_never_decides(labels):
    assert decide(" ".join(labels)).label is None


def test_a_question_that_was_not_to_be_asked_has_no_gold():
    given_votes = {
        "stance": votes("stance", a="pro pro pro", b="neutral neutral pro", c="pro neutral"),
        "voice": votes("voice", a="author author quoted", b="author", c="quoted"),
    }
    found = aggregate(given_votes, BOOK, {"a": 3, "b": 3, "c": 3})
    gold = {(row.item_id, row.question): row for row in all_gold(found)}
    assert gold["a", "voice"].label == "author"
    assert ("b", "voice") not in gold
    assert gold["c", "voice"].status == "unresolved"


def test_of_an_optional_question_only_what_somebody_answered_has_gold():
    given_votes = {"fault": votes("fault", a="wrong_cut wrong_cut", b="wrong_cut")}
    gold = {row.item_id: row for row in aggregate(given_votes, BOOK, {"a": 3, "b": 3, "c": 3})["fault"].gold}
    assert (gold["a"].label, gold["b"].label) == ("wrong_cut", None)
    assert "c" not in gold
