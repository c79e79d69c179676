from collections import Counter

import pytest

from toolkit.campaigns.simulation import intended_for, latent_answers, respond
from toolkit.codebook import Codebook, Label, Question
from toolkit.records import Item, Target
from toolkit.workspace import SimulatedAnnotator

BOOK = Codebook(
    name="b",
    version="1",
    title={},
    questions=(
        Question(
            name="stance",
            text={},
            required=True,
            labels=(
                *(Label(name=n, title={}, scale=s) for n, s in (("pro", 1), ("neutral", 0), ("against", -1))),
                Label(name="unclear", title={}, no_answer=True),
            ),
        ),
        Question(
            name="voice",
            text={},
            required=True,
            when={"stance": ("pro", "against")},
            labels=(Label(name="author", title={}), Label(name="quoted", title={})),
        ),
        Question(name="sure", text={}, kind="rating", points=3),
        Question(name="comment", text={}, kind="text"),
    ),
)


def item(number=0):
    return Item(
        id=f"i{number}",
        unit_id="p",
        article_id="a",
        target=Target(id="t", title="T"),
        votes=3,
        selection="all",
        propensity=1,
    )


def who(**changes):
    return SimulatedAnnotator(pseudonym="s", **({"accuracy": 1.0, "speeding": 0.0} | changes))


def answers(annotator, truth, n=2000):
    return [respond(item(i), annotator, BOOK, truth, 1, 0.0).answers for i in range(n)]


def test_full_skill_gives_what_was_intended():
    for given in answers(who(), {"stance": "pro", "voice": "quoted"}, 50):
        assert (given["stance"], given["voice"]) == ("pro", "quoted")


def test_skill_is_the_share_of_intended_labels():
    right = sum(given["stance"] == "neutral" for given in answers(who(accuracy=0.7), {"stance": "neutral"}))
    assert right / 2000 == pytest.approx(0.7, abs=0.03)


def test_leaning_tilts_the_errors_towards_one_end():
    wrong = Counter(given["stance"] for given in answers(who(accuracy=0.5, leaning=1.0), {"stance": "neutral"}))
    assert wrong["pro"] > 3 * wrong["against"]


def test_speeding_ignores_what_was_intended():
    shares = Counter(given["stance"] for given in answers(who(speeding=1.0), {"stance": "neutral"}))
    assert all(n / 2000 == pytest.approx(1 / 4, abs=0.04) for n in shares.values())


def test_answers_hold_by_the_codebook():
    for given in answers(who(accuracy=0.5, speeding=0.3), {"stance": "neutral"}, 300):
        assert BOOK.problem_with(given) is None


def test_the_same_seed_annotator_and_item_give_the_same_response():
    assert respond(item(), who(accuracy=0.5), BOOK, None, 3, 0.1) == respond(
        item(), who(accuracy=0.5), BOOK, None, 3, 0.1
    )


def test_latent_labels_are_the_same_for_every_annotator():
    given = [respond(item(i), who(), BOOK, None, 3, 0.0).answers["stance"] for i in range(50)]
    assert given == [latent_answers(item(i), BOOK, 3)["stance"] for i in range(50)]


def test_skips_happen_at_their_rate():
    skips = sum(respond(item(i), who(), BOOK, None, 1, 0.2).skipped for i in range(2000))
    assert skips / 2000 == pytest.approx(0.2, abs=0.03)


def test_answers_meant_for_the_target_come_before_those_for_any():
    intended = {
        ("a", 0, None): {"stance": "pro"},
        ("a", 0, "t"): {"stance": "against"},
        ("a", 9, "T"): {"stance": "neutral"},
    }
    assert intended_for(item(), 0, intended) == {"stance": "against"}
    assert intended_for(item(), 9, intended) == {"stance": "neutral"}
    assert intended_for(item(), 5, intended) is None
