"""Votes by kind of project and by codebook: whose they are, what they were asked on, and what they are called now."""

import datetime
import email.utils
import time

import msgspec
import pytest

from toolkit.codebook import Migration
from toolkit.exchange.label_config import screen_mark
from toolkit.labels.ledger import settle, stale_counts
from toolkit.studio.pull.reading import ScreenSince
from toolkit.studio.push.items import push_items
from toolkit.times import utc

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("accounts")]


def with_kind(campaign, **changes):
    campaign.projects = tuple(msgspec.structs.replace(project, **changes) for project in campaign.projects)


def codes(found):
    return [(line.annotator, [flag.code for flag in line.flags]) for line in found.annotations]


def test_in_a_persons_project_others_do_not_count(make_campaign, raw, choice):
    campaign = make_campaign(1, 1)
    with_kind(campaign, kind="person", annotator="ann-2")
    (task,) = raw().tasks(campaign.project)
    raw("ann-1").vote(task["id"], choice("stance", "neutral"))
    raw("ann-2").vote(task["id"], choice("stance", "unclear"))
    found = campaign.pull()
    assert codes(found) == [("ann-1", ["not_assigned"]), ("ann-2", [])]
    ledger = settle(campaign.ledger, campaign.pull_request().items)
    assert ([line.annotator for line in ledger.counted], ledger.left_out) == (["ann-2"], {"not_assigned": 1})


def test_a_tie_break_is_marked_has_its_own_overlap_and_does_not_count(make_campaign, raw, choice, studio):
    campaign = make_campaign(1, 2)
    again = msgspec.structs.replace(campaign.request, campaign=campaign.request.campaign + "-tie")
    (tie,) = push_items(studio, again, lambda _d, _t: None).projects
    campaign.projects += (msgspec.structs.replace(tie, kind="tiebreak", votes=1),)
    (task,), (tied,) = raw().tasks(campaign.project), raw().tasks(tie.id)
    raw("ann-1").vote(task["id"], choice("stance", "neutral"))
    raw("ann-2").vote(task["id"], choice("stance", "unclear"))
    raw("ann-2").vote(tied["id"], choice("stance", "unclear"))
    raw("ann-3").vote(tied["id"], choice("stance", "unclear"))
    assert codes(campaign.pull()) == [("ann-1", []), ("ann-2", []), ("ann-2", ["second_vote"]), ("ann-3", [])]
    assert [line.assigned_by for line in campaign.ledger] == ["design", "design", "tiebreak", "tiebreak"]
    ledger = settle(campaign.ledger, campaign.pull_request().items)
    assert [line.annotator for line in ledger.counted] == ["ann-1", "ann-2"]
    assert ledger.left_out == {"tiebreak": 2}


def test_votes_of_one_item_in_several_projects_are_judged_together(make_campaign, raw, choice, studio):
    campaign = make_campaign(1, 2)
    again = msgspec.structs.replace(campaign.request, campaign=campaign.request.campaign + "-b")
    (other,) = push_items(studio, again, lambda _d, _t: None).projects
    campaign.projects = (*campaign.projects, other)
    (task,), (twin,) = raw().tasks(campaign.project), raw().tasks(other.id)
    first = raw("ann-1").vote(twin["id"], choice("stance", "neutral"))
    raw("ann-1").vote(task["id"], choice("stance", "neutral"))
    campaign.pull()
    flags = {line.origin.annotation: [flag.code for flag in line.flags] for line in campaign.ledger}
    assert flags.pop(first) == []
    assert list(flags.values()) == [["second_vote"]]
    assert campaign.pull().annotations == []


def test_each_annotation_bears_the_codebook_that_its_annotator_saw(make_campaign, raw, choice):
    campaign = make_campaign(3, 2)
    tasks = raw().tasks(campaign.project)
    numbers = [raw("ann-1").vote(task["id"], choice("stance", "neutral")) for task in tasks[:2]]
    changed = utc(raw().get(f"/api/annotations/{numbers[1]}/")["updated_at"])
    campaign.screens = (
        ScreenSince(since="2020-01-01T00:00:00.000000Z", codebook_ref="stance@0.0#old"),
        ScreenSince(since=changed[:-1] + "1Z", codebook_ref="stance@0.1#abc"),
    )
    campaign.pull()
    raw("ann-2").vote(tasks[2]["id"], choice("stance", "neutral"))
    raw("ann-1").change(numbers[1], choice("stance", "unclear"))
    raw().change(numbers[0], ground_truth=True)  # touches the vote, but is no answer to the new codebook
    campaign.pull()
    last = {line.origin.annotation: line.codebook for line in campaign.ledger}
    assert last[numbers[0]] == "stance@0.0#old"
    assert last[numbers[1]] == "stance@0.1#abc"
    assert set(last.values()) == {"stance@0.0#old", "stance@0.1#abc"}
    states = {line.origin.annotation: line for line in campaign.ledger}.values()
    assert stale_counts(states, "stance@0.1#abc") == {"stance@0.0#old": 1}


def shown_by(ref):
    """What a browser sends along that has the screen of a codebook."""
    value = {"choices": [screen_mark(ref)]}
    return {"from_name": "screen-shown", "to_name": "text", "type": "choices", "value": value}


def test_the_screen_tells_the_codebook_where_a_page_is_older_than_the_project(make_campaign, raw, choice):
    """Pages keep their interface until they are loaded anew, so the time alone would tell the wrong codebook."""
    campaign = make_campaign(4, 2)
    old, new = "stance@0.0#old", "stance@0.1#abc"
    campaign.screens = (
        ScreenSince(since="2020-01-01T00:00:00.000000Z", codebook_ref=old),
        ScreenSince(since="2020-01-02T00:00:00.000000Z", codebook_ref=new),
    )
    tasks, answer = raw().tasks(campaign.project), choice("stance", "neutral")
    stale = raw("ann-1").vote(tasks[0]["id"], answer, shown_by(old))
    fresh = raw("ann-1").vote(tasks[1]["id"], answer, shown_by(new))
    skip = raw("ann-1").vote(tasks[2]["id"], shown_by(old), was_cancelled=True)
    by_time = raw("ann-1").vote(tasks[3]["id"], answer, shown_by("another@1#x"))
    found = {line.origin.annotation: line for line in campaign.pull().annotations}
    assert {number: line.codebook for number, line in found.items()} == {
        stale: old, fresh: new, skip: old, by_time: new,
    }  # fmt: skip
    assert found[stale].answers == {"stance": "neutral"}
    assert [line.flags for line in found.values()] == [()] * 4
    wait_a_second(raw, campaign.project)
    raw("ann-1").change(stale, choice("stance", "unclear"), shown_by(old))  # an edit keeps the mark; the time tells
    (edited,) = campaign.pull().annotations
    assert edited.codebook == new


def wait_a_second(raw, project):
    """Until the server's clock has gone on far enough for an edit to be told from the answer itself."""
    given = max(vote["created_at"] for task in raw().tasks(project) for vote in task["annotations"])
    wanted = datetime.datetime.fromisoformat(given) + datetime.timedelta(seconds=2)
    while email.utils.parsedate_to_datetime(raw().http.get("/api/version/").headers["date"]) < wanted:
        time.sleep(0.2)


def test_a_label_that_was_renamed_counts_under_its_new_name_and_is_kept_as_it_was_given(
    make_campaign, raw, choice, book
):
    campaign = make_campaign(1, 2)
    (task,) = raw().tasks(campaign.project)
    raw("ann-1").vote(task["id"], choice("stance", "plain"))
    campaign.request = msgspec.structs.replace(
        campaign.request,
        codebook=msgspec.structs.replace(book, migrations=(Migration(question="stance", old="plain", new="neutral"),)),
    )
    (line,) = campaign.pull().annotations
    assert (line.answers, line.flags) == ({"stance": "plain"}, ())
    ledger = settle(campaign.ledger, campaign.pull_request().items, campaign.request.codebook)
    assert [counted.answers for counted in ledger.counted] == [{"stance": "neutral"}]


def test_who_answered_an_earlier_codebook_has_not_missed_a_later_question(make_campaign, raw, choice):
    campaign = make_campaign(2, 2)
    tasks = raw().tasks(campaign.project)
    raw("ann-1").vote(tasks[0]["id"], choice("stance", "opposition"))
    raw("ann-1").vote(tasks[1]["id"])
    campaign.screens = (
        ScreenSince(since="2020-01-01T00:00:00.000000Z", codebook_ref="stance@0.0#old"),
        ScreenSince(since="2999-01-01T00:00:00.000000Z", codebook_ref="stance@0.1#abc"),
    )
    assert codes(campaign.pull()) == [("ann-1", []), ("ann-1", ["missing_answer"])]
