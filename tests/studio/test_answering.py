from collections import Counter

import msgspec
import pytest

from toolkit.campaigns.simulation import Response
from toolkit.errors import StudioError
from toolkit.exchange.results import parse_result
from toolkit.studio.push.items import push_items
from toolkit.studio.simulated_annotators import AnswerReport, AnswerRequest, answer_queue

pytestmark = pytest.mark.server

ANSWERS = (
    {"stance": "neutral", "confidence": 3},
    {"stance": "opposition", "voice": "quoted", "strength": 2},
    {"stance": "pro_government", "voice": "author", "topics": ["tax", "fish"], "comment": "a < b\nc"},
)


def answers_for(item_id: str, pseudonym: str) -> Response | None:
    """What depends on item and annotator alone; the first annotator skips the second item."""
    if (item_id, pseudonym) == ("item-1", "ann-1"):
        return None
    number = int(item_id.removeprefix("item-")) + int(pseudonym.removeprefix("ann-"))
    return Response(answers=ANSWERS[number % 3], seconds=float(number))


@pytest.fixture
def answer(studio, push_request, accounts):
    """Push so many items and let the annotators answer them."""

    def run(count: int, votes: int, campaign: str | None = None) -> tuple[int, AnswerReport, list[int]]:
        request = push_request(count, votes)
        if campaign:
            request = msgspec.structs.replace(request, campaign=campaign)
        (project,) = push_items(studio, request, lambda _d, _t: None).projects
        queue = AnswerRequest(
            campaign=request.campaign,
            codebook=request.codebook,
            projects=(project.id,),
            tokens={name: account.token for name, account in accounts.items()},
        )
        seen: list[int] = []
        report = answer_queue(studio.url, queue, answers_for, seen.append)
        return project.id, report, seen

    return run


def given(raw, project: int, accounts) -> list[tuple[str, str, dict, float]]:
    names = {account.user_id: name for name, account in accounts.items()}
    return sorted(
        (task["data"]["item_id"], names[vote["completed_by"]], vote["result"], vote["lead_time"])
        for task in raw().tasks(project)
        for vote in task["annotations"]
    )


def test_every_item_gets_its_votes_from_different_people(answer, raw, accounts, book):
    project, report, seen = answer(count=4, votes=2)
    votes = given(raw, project, accounts)
    real = [(item, who) for item, who, result, _ in votes if result]
    assert Counter(item for item, _ in real) == {f"item-{n}": 2 for n in range(4)}
    assert len(set(real)) == len(real)
    assert (report.submitted, report.skipped, report.repeated) == (8, len(votes) - 8, 0)
    assert seen == sorted(seen)
    assert seen[-1] == report.submitted + report.skipped
    for item, who, result, seconds in votes:
        wanted = answers_for(item, who)
        assert parse_result(result, book) == (wanted.answers if wanted else {})
        assert seconds == (wanted.seconds if wanted else 0.0)


def test_a_skip_leaves_the_item_to_the_others(answer, raw, accounts):
    project, report, _ = answer(count=3, votes=3)
    assert (report.submitted, report.skipped) == (8, 1)
    votes = given(raw, project, accounts)
    assert [result for item, who, result, _ in votes if (item, who) == ("item-1", "ann-1")] == [[]]


def test_the_same_queue_is_answered_alike(answer, raw, accounts, campaign):
    first, *_ = answer(count=6, votes=2)
    second, *_ = answer(count=6, votes=2, campaign=f"{campaign}-again")
    assert first != second
    assert given(raw, first, accounts) == given(raw, second, accounts)


def test_a_queue_that_was_answered_stays_as_it_is(answer):
    _, first, _ = answer(count=3, votes=2)
    _, again, _ = answer(count=3, votes=2)
    assert first.submitted == 6
    assert again == AnswerReport(submitted=0, skipped=0, repeated=0)


def test_a_queue_that_does_not_move_on_is_reported(studio, raw, push_request, accounts):
    request = push_request(1)
    (project,) = push_items(studio, request, lambda _d, _t: None).projects
    raw().http.patch(f"/api/projects/{project.id}/", json={"skip_queue": "REQUEUE_FOR_ME"}).raise_for_status()
    queue = AnswerRequest(
        campaign=request.campaign,
        codebook=request.codebook,
        projects=(project.id,),
        tokens={"ann-1": accounts["ann-1"].token},
    )
    with pytest.raises(StudioError, match=r"offers task \d+ to ann-1 again"):
        answer_queue(studio.url, queue, lambda _item, _who: None, lambda _: None)
