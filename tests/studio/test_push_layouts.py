import msgspec
import pytest

from toolkit.errors import DataError, StudioError
from toolkit.labels.tiebreak import Tiebreak
from toolkit.records import Assignment
from toolkit.studio.push.items import PushReport, PushRequest, push_items
from toolkit.studio.push.project_specs import ProjectSpec, spec_in

pytestmark = pytest.mark.server


def push(studio, request: PushRequest) -> PushReport:
    return push_items(studio, request, lambda _done, _total: None)


def rows(annotator: str, *numbers: int, start: int = 0) -> tuple[Assignment, ...]:
    return tuple(
        Assignment(item_id=f"item-{number}", annotator=annotator, position=position)
        for position, number in enumerate(numbers, start)
    )


def blind(request: PushRequest, *assignments: Assignment) -> PushRequest:
    return msgspec.structs.replace(request, layout="blind", assignments=assignments)


def shown(raw, report: PushReport) -> dict[tuple[str, str | None], list[str]]:
    """What each project holds, in its order, read from the server itself."""
    return {
        (project.kind, project.annotator): [task["data"]["item_id"] for task in raw().tasks(project.id)]
        for project in report.projects
    }


# --- blind -----------------------------------------------------------------------------------------------------------


def test_in_the_blind_layout_each_annotator_has_a_project_in_the_planned_order(studio, raw, push_request):
    request = blind(push_request(3), *rows("ann-1", 2, 0), *rows("ann-2", 1, 2, 0))
    report = push(studio, request)
    assert shown(raw, report) == {
        ("person", "ann-1"): ["item-2", "item-0"],
        ("person", "ann-2"): ["item-1", "item-2", "item-0"],
    }
    for project in report.projects:
        settings = raw().get(f"/api/projects/{project.id}/")
        assert settings["title"] == f"Harbours ({project.annotator})"
        assert (settings["maximum_annotations"], settings["sampling"]) == (1, "Sequential sampling")
        assert settings["overlap_cohort_percentage"] == 100
        assert spec_in(settings["description"]) == ProjectSpec(
            kind="person", unit="paragraph", votes=1, annotator=project.annotator
        )
    assert (report.created, push(studio, request).present) == (5, 5)


@pytest.mark.usefixtures("accounts")
def test_the_queue_of_a_person_keeps_to_the_planned_order(studio, raw, push_request):
    report = push(studio, blind(push_request(4, batch=1), *rows("ann-1", 3, 1, 0, 2)))
    (project,) = report.projects
    person, seen = raw("ann-1"), []
    while (answer := person.http.get(f"/api/projects/{project.id}/next")).status_code == 200:
        seen.append(answer.json()["data"]["item_id"])
        person.vote(answer.json()["id"])
    assert seen == ["item-3", "item-1", "item-0", "item-2"]


def test_a_late_annotator_gets_a_project_and_new_items_join(studio, raw, push_request):
    first = push(studio, blind(push_request(2), *rows("ann-1", 1, 0)))
    assignments = (*rows("ann-1", 1, 0, 2), *rows("ann-9", 2, 0))
    later = push(studio, blind(push_request(3), *assignments))
    assert (later.created, later.present) == (3, 2)
    assert first.projects[0].id in {project.id for project in later.projects}
    assert shown(raw, later) == {
        ("person", "ann-1"): ["item-1", "item-0", "item-2"],
        ("person", "ann-9"): ["item-2", "item-0"],
    }


def test_what_somebody_who_left_did_not_answer_is_taken_out(studio, raw, push_request, choice):
    first = push(studio, blind(push_request(2), *rows("ann-1", 0, 1), *rows("ann-2", 0, 1)))
    gone = next(project for project in first.projects if project.annotator == "ann-2")
    raw().vote(raw().tasks(gone.id)[0]["id"], choice("stance", "neutral"))
    report = push(studio, blind(push_request(2), *rows("ann-1", 0, 1), *rows("ann-3", 1)))
    assert (report.taken_out, report.kept) == (1, ("item-0",))
    assert shown(raw, report) == {
        ("person", "ann-1"): ["item-0", "item-1"],
        ("person", "ann-2"): ["item-0"],
        ("person", "ann-3"): ["item-1"],
    }


def test_an_item_that_nobody_has_is_an_error(studio, push_request):
    with pytest.raises(DataError, match=r"1 items are assigned to nobody, e.g. item-1; run `stance plan`"):
        push(studio, blind(push_request(2), *rows("ann-1", 0)))


def test_the_layout_may_change_until_somebody_has_answered(studio, raw, push_request, choice):
    push(studio, push_request(2))
    report = push(studio, blind(push_request(2), *rows("ann-1", 0, 1)))
    assert (report.taken_out, [project.kind for project in report.projects]) == (2, ["person"])
    raw().vote(raw().tasks(report.projects[0].id)[0]["id"], choice("stance", "neutral"))
    with pytest.raises(StudioError, match="1 annotations were given in the other layout"):
        push(studio, push_request(2))
    assert shown(raw, report) == {("person", "ann-1"): ["item-0", "item-1"]}


# --- shared ----------------------------------------------------------------------------------------------------------


def test_an_item_that_wants_other_votes_now_moves_unless_it_was_answered(studio, raw, push_request, choice):
    first = push(studio, push_request(2, votes=2))
    raw().vote(raw().tasks(first.projects[0].id)[1]["id"], choice("stance", "neutral"))
    report = push(studio, push_request(2, votes=3))
    assert (report.created, report.taken_out, report.kept) == (1, 1, ("item-1",))
    assert [(project.votes, project.items) for project in report.projects] == [(2, 1), (3, 1)]


def test_withdrawn_items_are_taken_out_and_those_with_answers_stay(studio, raw, push_request, choice):
    (project,) = push(studio, push_request(3)).projects
    raw().vote(raw().tasks(project.id)[1]["id"], choice("stance", "neutral"))
    request = msgspec.structs.replace(push_request(3), withdrawn=("item-0", "item-1"))
    report = push(studio, request)
    assert (report.created, report.present, report.taken_out, report.kept) == (0, 1, 1, ("item-1",))
    assert shown(raw, report) == {("queue", None): ["item-1", "item-2"]}
    again = push(studio, request)
    assert (again.created, again.taken_out, again.kept) == (0, 0, ("item-1",))


# --- tie-break -------------------------------------------------------------------------------------------------------


def test_disputed_items_go_to_a_further_project_once(studio, raw, push_request):
    request = push_request(3)
    push(studio, request)
    tiebreaks = (Tiebreak(item_id="item-2", annotator=None), Tiebreak(item_id="item-0", annotator="ann-3"))
    report = push(studio, msgspec.structs.replace(request, tiebreaks=tiebreaks))
    assert shown(raw, report) == {
        ("queue", None): ["item-0", "item-1", "item-2"],
        ("tiebreak", None): ["item-2"],
        ("tiebreak", "ann-3"): ["item-0"],
    }
    titles = {raw().get(f"/api/projects/{project.id}/")["title"] for project in report.projects}
    assert titles == {"Harbours", "Harbours (tie-break)", "Harbours (tie-break, ann-3)"}
    # Somebody else would be asked now, and item-2 is settled: what was brought stays where it is.
    moved = (Tiebreak(item_id="item-0", annotator="ann-2"), Tiebreak(item_id="item-1", annotator=None))
    later = push(studio, msgspec.structs.replace(request, tiebreaks=moved))
    assert shown(raw, later) == {
        ("queue", None): ["item-0", "item-1", "item-2"],
        ("tiebreak", None): ["item-2", "item-1"],
        ("tiebreak", "ann-3"): ["item-0"],
    }
    assert (later.created, later.taken_out) == (1, 0)
