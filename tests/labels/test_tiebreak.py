from msgspec.structs import replace

from toolkit.codebook import Codebook, Label, Migration, Question
from toolkit.labels.ledger import settle
from toolkit.labels.tiebreak import disputed_items, tie_breakers, tiebreak_people
from toolkit.records import Annotation, Annotator, Item, Origin, Target


def label(name: str, **more) -> Label:
    return Label(name=name, title={"en": name}, **more)


BOOK = Codebook(
    name="b",
    version="2",
    title={"en": "b"},
    questions=(
        Question(
            name="stance",
            text={"en": "?"},
            required=True,
            labels=(label("pro"), label("con"), label("unclear", no_answer=True)),
        ),
        Question(name="tone", text={"en": "?"}, labels=(label("good"), label("bad"))),
        Question(
            name="voice",
            text={"en": "?"},
            required=True,
            when={"stance": ("pro",)},
            labels=(label("author"), label("quoted")),
        ),
    ),
    migrations=(Migration(question="stance", old="favour", new="pro"),),
)


def item(number: int, votes: int) -> Item:
    return Item(
        id=f"i{number}", unit_id="p", article_id="a", target=Target(id="t", title="t"), votes=votes, selection="all",
        propensity=1,
    )  # fmt: skip


def vote(number: int, annotator: str, **answers: str) -> Annotation:
    return Annotation(
        id=f"{number}{annotator}", item_id=f"i{number}", annotator=annotator, state="submitted", answers=answers,
        created="1", updated="1", observed="1", codebook="b",
    )  # fmt: skip


def disputed(votes: list[Annotation], *items: Item) -> list[str]:
    named = {item.id: item for item in items}
    return disputed_items(settle(votes, named), BOOK, named)


def test_a_tie_on_a_required_question_is_disputed_once_all_votes_are_in():
    tie = [vote(1, "ann", stance="pro", voice="author"), vote(1, "bo", stance="con")]
    assert disputed(tie, item(1, 2)) == ["i1"]
    assert disputed(tie, item(1, 3)) == []
    assert disputed(tie[:1], item(1, 2)) == []


def test_agreement_is_no_dispute_and_neither_is_a_tie_on_an_optional_question():
    votes = [
        vote(1, "ann", stance="con", tone="good"),
        vote(1, "bo", stance="con", tone="bad"),
    ]
    assert disputed(votes, item(1, 2)) == []


def test_a_tie_on_a_question_that_follows_is_disputed_too():
    votes = [vote(1, "ann", stance="pro", voice="author"), vote(1, "bo", stance="pro", voice="quoted")]
    assert disputed(votes, item(1, 2)) == ["i1"]


def test_too_few_answers_are_a_dispute_and_a_single_vote_is_none():
    unsure = [vote(1, "ann", stance="con"), vote(1, "bo", stance="unclear")]
    assert disputed(unsure, item(1, 2)) == ["i1"]
    assert disputed([vote(2, "ann", stance="unclear")], item(2, 1)) == []


def test_answers_under_the_old_name_of_a_label_agree_with_those_under_the_new():
    votes = [vote(1, "ann", stance="favour", voice="author"), vote(1, "bo", stance="pro", voice="author")]
    assert disputed(votes, item(1, 2)) == []


def test_disputed_items_are_shared_out_among_those_who_have_not_seen_them():
    seen = {"i1": {"ann", "bo"}, "i2": {"ann", "cy"}, "i3": {"bo", "cy"}, "i4": {"ann", "bo", "cy"}}
    given = tie_breakers(["i1", "i2", "i3", "i4"], seen, ["cy", "bo", "ann"])
    assert given == [("i1", "cy"), ("i2", "bo"), ("i3", "ann"), ("i4", None)]
    assert tie_breakers(["i5"], {}, []) == [("i5", None)]


def test_a_tie_goes_only_to_people_who_can_sign_in():
    annotators = {name: Annotator(pseudonym=name, kind="human") for name in ("ann", "ben", "cleo", "admin")}
    annotators["parrot"] = Annotator(pseudonym="parrot", kind="model")
    origin = Origin(server="http://127.0.0.1:1", project=1, task=1, annotation=1)
    states = [replace(vote(1, name, stance="pro"), origin=origin) for name in annotators]
    can_sign_in = {"ann", "cleo", "parrot"}  # ben is locked out, and the managing account is none of the annotators'
    assert tiebreak_people((), states, annotators, can_sign_in) == ["ann", "cleo"]
    assert tiebreak_people(("ben", "cleo"), states, annotators, can_sign_in) == ["cleo"]
    assert tiebreak_people((), states, annotators, None) == ["admin", "ann", "ben", "cleo"]
