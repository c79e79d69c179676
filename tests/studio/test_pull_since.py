"""What a pull asks for when one has gone before it, and how it knows that this was all."""

import datetime

import msgspec
import pytest

from toolkit.codebook import Migration
from toolkit.errors import DataError
from toolkit.studio.http import client
from toolkit.studio.pull import ledger_index
from toolkit.studio.pull.ledger_index import Cursor, read_cursor, write_cursor

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("accounts")]


@pytest.fixture(autouse=True)
def no_margin(monkeypatch):
    """What was changed in the last minute would be read again each time, and so hide what is asked for."""
    monkeypatch.setattr(ledger_index, "MARGIN", datetime.timedelta(0))


@pytest.fixture
def pulled_once(make_campaign):
    """Six items that were pulled once, two of them with votes, and of which nothing is new."""

    def make(items=6, votes=2):
        made = make_campaign(items, votes)
        made.pull()
        wait_for_the_next_second(made)
        assert made.pull().pulled.full_reread == {}
        return made

    return make


def wait_for_the_next_second(campaign):
    """The server's clock is told to the second: what was changed in this one is asked for again."""
    while True:
        newest = campaign.studio.newest(campaign.project)
        if newest.clock[:19] > newest.changed[:19]:
            return


def choose(raw, campaign, number=0):
    return raw().tasks(campaign.project)[number]["id"]


def test_only_what_was_changed_is_read(pulled_once, raw, choice):
    campaign = pulled_once()
    number = raw("ann-1").vote(choose(raw, campaign, 2), choice("stance", "neutral"))
    found = campaign.pull()
    assert ([line.item_id for line in found.annotations], found.pulled.tasks, found.pulled.full_reread) == (
        ["item-2"],
        1,
        {},
    )
    wait_for_the_next_second(campaign)
    campaign.pull()
    assert campaign.pull().pulled.tasks == 0
    raw("ann-1").change(number, choice("stance", "unclear"))
    edited = campaign.pull()
    assert ([line.answers for line in edited.annotations], edited.pulled.tasks) == ([{"stance": "unclear"}], 1)
    raw("ann-1").vote(choose(raw, campaign, 4), was_cancelled=True)
    assert [line.state for line in campaign.pull().annotations] == ["skipped"]
    raw().delete(f"/api/annotations/{number}/")
    assert [line.state for line in campaign.pull().annotations] == ["deleted"]
    assert campaign.pull().annotations == []


def test_a_draft_is_seen_although_it_changes_no_task(pulled_once, raw, choice):
    campaign = pulled_once()
    body = {"result": [choice("stance", "neutral")], "lead_time": 2}
    draft = raw("ann-1").http.post(f"/api/tasks/{choose(raw, campaign)}/drafts", json=body).raise_for_status().json()
    found = campaign.pull()
    assert ([line.state for line in found.annotations], found.pulled.tasks) == (["draft"], 0)
    assert campaign.pull().annotations == []
    raw("ann-1").delete(f"/api/drafts/{draft['id']}/")
    assert [(line.state, line.annotator) for line in campaign.pull().annotations] == [("deleted", "ann-1")]
    assert campaign.pull().annotations == []


def test_a_deleted_task_is_found_by_comparing_ids(pulled_once, raw, choice):
    campaign = pulled_once()
    first, second = choose(raw, campaign, 0), choose(raw, campaign, 1)
    raw("ann-1").vote(first, choice("stance", "neutral"))
    campaign.pull()
    raw().delete(f"/api/tasks/{first}/")
    raw().delete(f"/api/tasks/{second}/")
    found = campaign.pull()
    assert [(line.state, line.item_id) for line in found.annotations] == [("deleted", "item-0")]
    assert (found.pulled.full_reread, found.pulled.incomplete) == ({}, {})


def test_a_task_that_came_since_is_read(pulled_once, raw, choice):
    campaign = pulled_once()
    campaign.studio.import_tasks(campaign.project, [raw().tasks(campaign.project)[0]["data"] | {"item_id": "item-5"}])
    raw("ann-1").vote(choose(raw, campaign, 6), choice("stance", "neutral"))
    found = campaign.pull()
    assert ([line.item_id for line in found.annotations], found.pulled.tasks, found.pulled.full_reread) == (
        ["item-5"],
        1,
        {},
    )


def altered(campaign, **changes):
    """Let the last pull have remembered something else."""
    path = campaign.path.with_name("pull.json")
    cursor = msgspec.json.decode(path.read_bytes(), type=Cursor)
    project = msgspec.structs.replace(cursor.projects[campaign.project], **changes)
    write_cursor(path, msgspec.structs.replace(cursor, projects={campaign.project: project}))


def test_what_the_times_do_not_show_is_missed_in_the_counts_and_read(pulled_once, raw, choice):
    campaign = pulled_once()
    altered(campaign, since="2999-01-01T00:00:00.000000Z")  # as if the server's clock had been far ahead
    raw("ann-1").vote(choose(raw, campaign, 3), choice("stance", "neutral"))
    found = campaign.pull()
    assert [line.item_id for line in found.annotations] == ["item-3"]
    assert found.pulled.full_reread == {
        campaign.project: "the server counts 6 tasks with 1 annotations, and we 6 with 0"
    }
    assert campaign.pull().pulled.full_reread == {}


def test_a_clock_that_was_set_back_has_everything_read(pulled_once, raw, choice):
    campaign = pulled_once()
    number = raw("ann-1").vote(choose(raw, campaign), choice("stance", "neutral"))
    campaign.pull()
    # An edit changes no count: after a clock that was ahead nothing would show it.
    altered(campaign, since="2999-01-01T00:00:00.000000Z", clock="2999-01-01T00:00:00Z")
    raw("ann-1").change(number, choice("stance", "unclear"))
    found = campaign.pull()
    assert [line.answers for line in found.annotations] == [{"stance": "unclear"}]
    assert found.pulled.full_reread == {campaign.project: "the server's clock was set back"}


def test_our_own_clock_may_run_backwards(pulled_once, raw, choice, monkeypatch):
    campaign = pulled_once()
    number = raw("ann-1").vote(choose(raw, campaign), choice("stance", "neutral"))
    campaign.pull()
    monkeypatch.setattr("toolkit.studio.pull.differences.now", lambda: "2001-01-01T00:00:00.000000Z")
    raw("ann-1").change(number, choice("stance", "unclear"))
    campaign.pull()
    first, second = campaign.ledger
    assert first.observed < second.observed
    assert campaign.pull().annotations == []


@pytest.mark.parametrize("spoil", ["gone", "torn", "of another server", "of a longer ledger"])
def test_a_record_that_is_not_usable_is_done_without(pulled_once, raw, choice, spoil):
    campaign = pulled_once()
    for number in range(3):
        raw("ann-1").vote(choose(raw, campaign, number), choice("stance", "neutral"))
    campaign.pull()
    whole = campaign.ledger
    path = campaign.path.with_name("pull.json")
    if spoil == "gone":
        path.unlink()
    elif spoil == "torn":
        path.write_bytes(path.read_bytes()[:-20])
    elif spoil == "of another server":
        path.write_text(path.read_text().replace("studio.example", "elsewhere.example"))
    else:
        campaign.ledger = whole[:-1]
    found = campaign.pull()
    assert found.pulled.full_reread == {campaign.project: ""}
    assert [line.id for line in campaign.ledger] == [line.id for line in whole]


def test_lines_that_came_by_another_way_are_no_hindrance(pulled_once, raw, choice):
    campaign = pulled_once()
    number = raw("ann-1").vote(choose(raw, campaign), choice("stance", "neutral"))
    (line,) = campaign.pull().annotations
    campaign.ledger = [line, msgspec.structs.replace(line, id="imported", item_id="item-4", origin=None)]
    raw("ann-1").change(number, choice("stance", "unclear"))
    assert [line.answers["stance"] for line in campaign.pull().annotations] == ["unclear"]


# --- page by page --------------------------------------------------------------------------------------------------


@pytest.fixture
def one_a_page(monkeypatch):
    monkeypatch.setattr(client, "PAGE", 1)


@pytest.mark.usefixtures("one_a_page")
def test_votes_on_twins_are_judged_together_although_they_come_on_different_pages(make_campaign, raw, choice):
    campaign = make_campaign(2, 1)
    campaign.studio.import_tasks(campaign.project, [task["data"] for task in raw().tasks(campaign.project)[:1]])
    tasks = [task["id"] for task in raw().tasks(campaign.project)]
    late = raw("ann-1").vote(tasks[2], choice("stance", "neutral"))
    later = raw("ann-2").vote(tasks[0], choice("stance", "unclear"))
    last = raw("ann-1").vote(tasks[0], choice("stance", "unclear"))
    campaign.pull()
    by_number = {line.origin.annotation: [flag.code for flag in line.flags] for line in campaign.ledger}
    assert by_number == {late: [], later: ["beyond_overlap"], last: ["second_vote"]}
    raw().delete(f"/api/annotations/{late}/")
    campaign.pull()
    by_number = {line.origin.annotation: (line.state, [flag.code for flag in line.flags]) for line in campaign.ledger}
    assert by_number == {late: ("deleted", []), later: ("submitted", []), last: ("submitted", ["beyond_overlap"])}


@pytest.mark.usefixtures("one_a_page")
@pytest.mark.parametrize("writes", [0, 1, 2, 5])
def test_a_pull_that_was_interrupted_is_completed_and_no_line_is_there_twice(make_campaign, raw, choice, writes):
    campaign = make_campaign(4, 2)
    for task in raw().tasks(campaign.project):
        for who in ("ann-1", "ann-2"):
            raw(who).vote(task["id"], choice("stance", "neutral"))
    done = []

    def fail():
        if len(done) == writes:
            raise DataError("the disk is full")
        done.append(1)

    campaign.batch, campaign.before_append = 1, fail
    with pytest.raises(DataError, match="the disk is full"):
        campaign.pull()
    assert len(campaign.ledger) == writes
    assert read_cursor(campaign.path.with_name("pull.json"), "http://studio.example", 0) is None
    campaign.before_append = lambda: None
    campaign.pull()
    numbers = [line.origin.annotation for line in campaign.ledger]
    assert len(numbers) == len(set(numbers)) == 8
    assert campaign.pull().annotations == []


def test_items_that_join_later_bring_what_was_answered_before_they_were_known(pulled_once, raw, choice):
    campaign = pulled_once()
    items = campaign.request.items
    campaign.request = msgspec.structs.replace(campaign.request, items=items[:-1])
    raw("ann-1").vote(choose(raw, campaign, 5), choice("stance", "neutral"))
    found = campaign.pull()
    assert (found.annotations, found.pulled.unknown_tasks) == ([], 1)
    campaign.request = msgspec.structs.replace(campaign.request, items=items)
    found = campaign.pull()
    assert [line.item_id for line in found.annotations] == ["item-5"]
    assert found.pulled.full_reread == {campaign.project: "items have joined the campaign"}


def test_a_changed_codebook_has_all_answers_judged_anew(pulled_once, raw, choice, book):
    campaign = pulled_once()
    raw("ann-1").vote(choose(raw, campaign), choice("stance", "plain"))
    assert [flag.code for flag in campaign.pull().annotations[0].flags] == ["unknown_label"]
    renamed = (Migration(question="stance", old="plain", new="neutral"),)
    campaign.request = msgspec.structs.replace(
        campaign.request, codebook=msgspec.structs.replace(book, migrations=renamed)
    )
    found = campaign.pull()
    assert [(line.answers, line.flags) for line in found.annotations] == [({"stance": "plain"}, ())]
    assert found.pulled.full_reread == {campaign.project: "the codebook was changed"}


def test_a_task_that_somebody_changed_by_hand_keeps_what_was_answered_before(pulled_once, raw, choice):
    campaign = pulled_once()
    task = raw().tasks(campaign.project)[1]
    number = raw("ann-1").vote(task["id"], choice("stance", "neutral"))
    campaign.pull()
    changed = {"data": task["data"] | {"item_id": "stranger"}}
    raw().http.patch(f"/api/tasks/{task['id']}/", json=changed).raise_for_status()
    raw("ann-2").vote(task["id"], choice("stance", "neutral"))
    found = campaign.pull()
    assert (found.annotations, found.pulled.unknown_tasks, found.pulled.full_reread) == ([], 1, {})
    raw().delete(f"/api/annotations/{number}/")
    found = campaign.pull()
    assert [(line.state, line.item_id) for line in found.annotations] == [("deleted", "item-1")]
    assert (found.pulled.full_reread, found.pulled.incomplete) == ({}, {})
    campaign.path.with_name("pull.json").unlink()
    assert (campaign.pull().annotations, campaign.pull().pulled.incomplete) == ([], {})
