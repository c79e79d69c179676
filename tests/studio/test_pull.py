from collections import Counter

import msgspec
import pytest

from toolkit.errors import StudioError
from toolkit.records import Annotation
from toolkit.studio.http.client import Studio

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("accounts")]


@pytest.fixture(params=["since the last pull", "in full"])
def begun(make_campaign, request):
    def begin(items=1, votes=2):
        campaign = make_campaign(items, votes)
        campaign.in_full = request.param == "in full"
        return campaign

    return begin


def flags(pulled):
    return [flag.code for annotation in pulled.annotations for flag in annotation.flags]


def test_a_vote_becomes_a_line_and_is_not_pulled_twice(begun, raw, choice):
    campaign = begun()
    (task,) = raw().tasks(campaign.project)
    number = raw("ann-1").vote(task["id"], choice("stance", "opposition"), choice("voice", "author"), lead_time=12.5)
    (line,) = campaign.pull().annotations
    assert (line.item_id, line.annotator, line.state) == ("item-0", "ann-1", "submitted")
    assert line.answers == {"stance": "opposition", "voice": "author"}
    assert (line.seconds, line.codebook, line.flags) == (12.5, "stance@0.1#abc", ())
    assert line.origin is not None
    assert msgspec.structs.astuple(line.origin) == ("http://studio.example", campaign.project, task["id"], number)
    assert line.created.endswith("Z")
    assert line.created <= line.updated <= line.observed
    again = campaign.pull()
    assert (again.annotations, again.pulled.unchanged, again.pulled.tasks) == ([], 1, 1)


def test_every_edit_adds_one_line(begun, raw, choice):
    campaign = begun()
    (task,) = raw().tasks(campaign.project)
    number = raw("ann-1").vote(task["id"], choice("stance", "neutral"))
    first = campaign.pull().annotations[0]
    raw("ann-1").change(number, choice("stance", "unclear"))
    (edited,) = campaign.pull().annotations
    raw("ann-1").change(number, choice("stance", "neutral"))
    (back,) = campaign.pull().annotations
    assert campaign.pull().annotations == []
    assert [line.answers["stance"] for line in campaign.ledger] == ["neutral", "unclear", "neutral"]
    assert len({first.id, edited.id, back.id}) == 3
    assert first.origin == edited.origin == back.origin
    assert edited.flags == ()


def test_skips_are_kept_as_skips(begun, raw):
    campaign = begun()
    (task,) = raw().tasks(campaign.project)
    raw("ann-1").vote(task["id"], was_cancelled=True)
    (line,) = campaign.pull().annotations
    assert (line.state, line.answers, line.flags) == ("skipped", {}, ())


def test_a_draft_is_seen_until_it_is_submitted(begun, raw, choice):
    campaign = begun()
    (task,) = raw().tasks(campaign.project)
    ann = raw("ann-1")
    body = {"result": [choice("stance", "neutral")], "lead_time": 2}
    draft = ann.http.post(f"/api/tasks/{task['id']}/drafts", json=body).raise_for_status().json()["id"]
    (line,) = campaign.pull().annotations
    assert (line.state, line.annotator, line.answers) == ("draft", "ann-1", {"stance": "neutral"})
    assert line.origin is not None
    assert line.origin.annotation is None
    assert campaign.pull().annotations == []
    ann.vote(task["id"], choice("stance", "unclear"), draft_id=draft)
    assert [(line.state, line.annotator) for line in campaign.pull().annotations] == [("submitted", "ann-1")]
    assert campaign.pull().annotations == []


def test_a_deleted_annotation_gets_a_line_that_says_so(begun, raw, choice):
    campaign = begun(items=2)
    tasks = raw().tasks(campaign.project)
    number = raw("ann-1").vote(tasks[0]["id"], choice("stance", "neutral"))
    raw("ann-1").vote(tasks[1]["id"], choice("stance", "neutral"))
    campaign.pull()
    raw().delete(f"/api/annotations/{number}/")
    (line,) = campaign.pull().annotations
    assert (line.state, line.item_id, line.answers) == ("deleted", "item-0", {"stance": "neutral"})
    assert campaign.pull().annotations == []
    raw().delete(f"/api/tasks/{tasks[1]['id']}/")
    assert [(line.state, line.item_id) for line in campaign.pull().annotations] == [("deleted", "item-1")]
    assert campaign.pull().annotations == []


def test_any_part_of_the_ledger_is_completed_to_the_whole(begun, raw, choice):
    campaign = begun(items=4)
    for task in raw().tasks(campaign.project):
        for who in ("ann-1", "ann-2"):
            raw(who).vote(task["id"], choice("stance", "neutral"))
    whole = campaign.pull().annotations
    assert len(whole) == 8
    for known in (whole[:3], whole[5:], whole[::2], []):
        campaign.ledger = list(known)
        missing = campaign.pull().annotations
        assert {line.id for line in missing} == {line.id for line in whole} - {line.id for line in known}


def test_the_order_of_the_ledger_is_the_only_order_that_counts(begun, raw, choice):
    campaign = begun(items=3)
    for task in raw().tasks(campaign.project):
        raw("ann-1").vote(task["id"], choice("stance", "neutral"))
    lines = campaign.pull().annotations
    campaign.ledger = lines[::-1]
    assert campaign.pull().annotations == []


# --- doubtful annotations ------------------------------------------------------------------------------------------


def test_a_vote_in_anothers_name_is_flagged_and_costs_the_other_nothing(begun, raw, choice, accounts):
    campaign = begun()
    (task,) = raw().tasks(campaign.project)
    raw("ann-2").vote(task["id"], choice("stance", "neutral"), completed_by=accounts["ann-1"].user_id)
    raw("ann-1").vote(task["id"], choice("stance", "unclear"))
    forged, honest = sorted(campaign.pull().annotations, key=lambda line: line.created)
    assert [(flag.code, flag.reason) for flag in forged.flags] == [
        ("forged", "in the name of ann-1, but sent or changed by ann-2")
    ]
    assert (honest.annotator, honest.answers, honest.flags) == ("ann-1", {"stance": "unclear"}, ())


def test_a_vote_that_somebody_else_changed_is_flagged(begun, raw, choice):
    campaign = begun()
    (task,) = raw().tasks(campaign.project)
    number = raw("ann-1").vote(task["id"], choice("stance", "neutral"))
    campaign.pull()
    raw("ann-2").change(number, choice("stance", "unclear"))
    changed = campaign.pull()
    assert flags(changed) == ["forged"]
    assert changed.annotations[0].annotator == "ann-1"


def test_an_administrator_who_marks_a_vote_does_not_spoil_it(begun, raw, choice):
    campaign = begun()
    (task,) = raw().tasks(campaign.project)
    number = raw("ann-1").vote(task["id"], choice("stance", "neutral"))
    campaign.pull()
    raw().change(number, ground_truth=True)
    (marked,) = campaign.pull().annotations
    assert (marked.annotator, marked.answers, [flag.code for flag in marked.flags]) == (
        "ann-1", {"stance": "neutral"}, ["ground_truth"],
    )  # fmt: skip
    assert campaign.pull().annotations == []
    raw().change(number, choice("stance", "unclear"))
    assert flags(campaign.pull()) == ["forged", "ground_truth"]


def test_a_vote_that_was_marked_before_it_was_seen_counts_if_the_administrator_marked_it(begun, raw, choice):
    # The server changes sender and time of a vote that is marked, and keeps no history: that much is measured here.
    campaign = begun(items=2)
    first, second = raw().tasks(campaign.project)
    numbers = [raw("ann-1").vote(task["id"], choice("stance", "neutral")) for task in (first, second)]
    before = raw().get(f"/api/annotations/{numbers[0]}/")
    raw().change(numbers[0], ground_truth=True)
    after = raw().get(f"/api/annotations/{numbers[0]}/")
    assert (before["updated_by"], before["updated_at"]) != (after["updated_by"], after["updated_at"])
    raw("ann-2").change(numbers[1], ground_truth=True)
    by_number = {line.origin.annotation: [flag.code for flag in line.flags] for line in campaign.pull().annotations}
    assert by_number == {numbers[0]: ["ground_truth"], numbers[1]: ["forged", "ground_truth"]}


def test_the_second_vote_of_a_person_is_flagged_and_the_first_is_not(begun, raw, choice):
    campaign = begun()
    (task,) = raw().tasks(campaign.project)
    first = raw("ann-1").vote(task["id"], choice("stance", "neutral"))
    second = raw("ann-1").vote(task["id"], choice("stance", "unclear"))
    by_number = {line.origin.annotation: line for line in campaign.pull().annotations if line.origin}
    assert by_number[first].flags == ()
    assert [flag.code for flag in by_number[second].flags] == ["second_vote"]
    assert f"annotation of {by_number[first].created} came first" in by_number[second].flags[0].reason
    # Once the first is deleted, the second is the person's vote.
    raw("ann-1").delete(f"/api/annotations/{first}/")
    assert {(line.state, line.flags) for line in campaign.pull().annotations} == {("deleted", ()), ("submitted", ())}


def test_twins_of_an_item_are_one_item(begun, raw, choice):
    campaign = begun()
    (task,) = raw().tasks(campaign.project)
    campaign.studio.import_tasks(campaign.project, [task["data"]])
    for each in raw().tasks(campaign.project):
        raw("ann-1").vote(each["id"], choice("stance", "neutral"))
    pulled = campaign.pull()
    assert {line.item_id for line in pulled.annotations} == {"item-0"}
    assert flags(pulled) == ["second_vote"]


def test_a_vote_more_than_was_asked_for_is_flagged(begun, raw, choice):
    campaign = begun(votes=2)
    (task,) = raw().tasks(campaign.project)
    for who in ("ann-1", "ann-2", "ann-3"):
        raw(who).vote(task["id"], choice("stance", "neutral"))
    pulled = campaign.pull()
    assert [(line.annotator, [flag.code for flag in line.flags]) for line in pulled.annotations] == [
        ("ann-1", []), ("ann-2", []), ("ann-3", ["beyond_overlap"]),
    ]  # fmt: skip


def test_a_skip_and_a_vote_that_does_not_count_leave_room_for_others(begun, raw, choice):
    campaign = begun(votes=1)
    (task,) = raw().tasks(campaign.project)
    raw("ann-1").vote(task["id"], was_cancelled=True)
    raw("ann-2").vote(task["id"], choice("stance", "no_such_label"))
    raw("ann-3").vote(task["id"], choice("stance", "neutral"))
    assert flags(campaign.pull()) == ["unknown_label"]


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([("stance", "no_such_label")], "unknown_label"),
        ([("mood", "bad")], "unknown_question"),
        ([], "missing_answer"),
        ([("stance", "opposition")], "missing_answer"),
        ([("stance", "neutral"), ("voice", "author")], "hidden_answer"),
        ([("stance", "neutral", "opposition")], "malformed_answer"),
        ([("stance", "neutral"), ("stance", "opposition")], "malformed_answer"),
        ([("stance", "Neutral, plain")], "unknown_label"),
    ],
)
def test_what_the_codebook_does_not_foresee_is_flagged_and_kept(begun, raw, choice, parts, code):
    campaign = begun()
    (task,) = raw().tasks(campaign.project)
    raw("ann-1").vote(task["id"], *(choice(question, *labels) for question, *labels in parts))
    pulled = campaign.pull()
    assert flags(pulled) == [code]
    assert set(pulled.annotations[0].answers) == {question for question, *_ in parts}
    assert campaign.pull().annotations == []


def test_results_of_any_shape_are_taken(begun, raw):
    campaign = begun()
    (task,) = raw().tasks(campaign.project)
    odd = [
        {},
        {"from_name": "stance"},
        {"from_name": "stance", "type": "choices", "value": {"choices": "neutral"}},
        {"from_name": "confidence", "type": "rating", "value": {"rating": "many"}},
        {"from_name": "words", "type": "labels", "value": {"start": None}},
        {"from_name": "stance", "type": "choices", "value": {"choices": [{"x": 1}]}},
        {"type": "relation", "from_id": "a", "to_id": "b"},
    ]
    raw("ann-1").vote(task["id"], *odd)
    (line,) = campaign.pull().annotations
    assert [flag.code for flag in line.flags] == ["malformed_answer"]
    assert msgspec.json.decode(msgspec.json.encode(line), type=Annotation) == line
    assert campaign.pull().annotations == []


def test_tasks_of_no_item_are_counted_and_left_out(begun, raw, choice):
    campaign = begun()
    (task,) = raw().tasks(campaign.project)
    strange = {**task["data"], "item_id": "stranger"}
    nameless = {name: value for name, value in task["data"].items() if name != "item_id"}
    campaign.studio.import_tasks(campaign.project, [strange, nameless])
    for each in raw().tasks(campaign.project)[1:]:
        raw("ann-1").vote(each["id"], choice("stance", "neutral"))
    pulled = campaign.pull()
    assert (pulled.annotations, pulled.pulled.tasks, pulled.pulled.unknown_tasks) == ([], 3, 2)


def test_who_answers_is_asked_once_by_number_and_address(begun, raw, choice, accounts):
    campaign = begun(items=2)
    for task in raw().tasks(campaign.project):
        raw("ann-1").vote(task["id"], choice("stance", "neutral"))
    asked: Counter[tuple[int, str]] = Counter()

    def name(user_id: int, email: str) -> str:
        asked[user_id, email] += 1
        return "reader-7"

    pulled = campaign.pull(name)
    assert {line.annotator for line in pulled.annotations} == {"reader-7"}
    assert asked == {(accounts["ann-1"].user_id, "ann-1@annotators.invalid"): 1}


# --- gone ----------------------------------------------------------------------------------------------------------


def test_a_project_that_is_gone_changes_nothing(begun, raw, choice):
    campaign = begun()
    (task,) = raw().tasks(campaign.project)
    raw("ann-1").vote(task["id"], choice("stance", "neutral"))
    campaign.pull()
    raw().delete(f"/api/projects/{campaign.project}/")
    with pytest.raises(StudioError, match=f"project {campaign.project} is gone from the server"):
        campaign.pull()
    assert len(campaign.ledger) == 1


def test_a_server_that_is_down_changes_nothing(begun, accounts):
    campaign = begun()
    with Studio("http://127.0.0.1:9", accounts["ann-1"].token) as nowhere:
        campaign.studio = nowhere
        with pytest.raises(StudioError, match="is it running"):
            campaign.pull()
