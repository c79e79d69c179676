import msgspec
import pytest

from toolkit.codebook import Codebook, Label, Migration
from toolkit.errors import StudioError
from toolkit.studio.push.items import PushReport, PushRequest, push_items

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("accounts")]

MIXED = Label(name="mixed", title={"en": "Both ways"}, hotkey="5")


def push(studio, request: PushRequest) -> PushReport:
    return push_items(studio, request, lambda _done, _total: None)


def revised(book: Codebook, *, drop: str = "", rename: tuple[str, str] = ("", ""), add: tuple[Label, ...] = ()):
    """The codebook with other labels of its first question."""
    first, *others = book.questions
    old, new = rename
    labels = tuple(
        msgspec.structs.replace(label, name=new if label.name == old else label.name)
        for label in first.labels
        if label.name != drop
    )
    when = {old: new}
    rest = tuple(
        msgspec.structs.replace(
            each,
            when={
                name: tuple(when.get(label, label) for label in wanted if label != drop)
                for name, wanted in each.when.items()
            },
        )
        for each in others
    )
    return msgspec.structs.replace(
        book,
        version="0.2",
        questions=(msgspec.structs.replace(first, labels=labels + add), *rest),
        migrations=(Migration(question="stance", old=old, new=new),) if old else (),
    )


def test_a_label_is_added_while_people_work(studio, raw, push_request, book, choice):
    (project,) = push(studio, push_request(2)).projects
    first, second = (task["id"] for task in raw().tasks(project.id))
    raw("ann-1").vote(first, choice("stance", "neutral"))
    new = revised(book, add=(MIXED,))
    request = msgspec.structs.replace(push_request(2, codebook=new), earlier=(book,))
    report = push(studio, request)
    raw("ann-1").vote(second, choice("stance", "mixed"))
    settings = raw().get(f"/api/projects/{project.id}/")
    assert 'alias="mixed"' in settings["label_config"]
    assert settings["expert_instruction"].startswith("<h3>What changed in version 0.2</h3>")
    assert "new label: <b>Both ways</b>" in settings["expert_instruction"]
    assert [screen.codebook for screen in report.screens] == [book.ref, new.ref]
    times = {task["id"]: task["annotations"][0]["created_at"] for task in raw().tasks(project.id)}
    before, since = (screen.since for screen in report.screens)
    # The server's header knows seconds only.
    assert before <= times[first][:19] + "Z" <= since <= times[second][:19] + "Z"
    again = push(studio, request)
    assert (again.screens, again.reset, again.refreshed) == (report.screens, 0, 0)


def test_a_late_project_shows_the_version_of_the_others(studio, raw, push_request, book):
    push(studio, push_request(1))
    new = revised(book, add=(MIXED,))
    both = push_request(1, codebook=new)
    third = push_request(2, votes=3, codebook=new)
    report = push(studio, msgspec.structs.replace(both, items=both.items + third.items[1:], earlier=(book,)))
    assert len(report.screens) == 2
    texts = {p.votes: raw().get(f"/api/projects/{p.id}/")["expert_instruction"] for p in report.projects}
    assert "What changed" in texts[2]
    assert "What changed" not in texts[3]


def test_a_label_that_was_chosen_is_not_removed(studio, raw, push_request, book, choice):
    (project,) = push(studio, push_request(2)).projects
    first, second = (task["id"] for task in raw().tasks(project.id))
    raw("ann-1").vote(first, choice("stance", "opposition"), choice("voice", "author"))
    raw("ann-2").vote(first, choice("stance", "opposition"))
    body = {"result": [choice("stance", "opposition")]}
    raw("ann-2").http.post(f"/api/tasks/{second}/drafts", json=body).raise_for_status()
    before = raw().get(f"/api/projects/{project.id}/")
    with pytest.raises(StudioError, match=r"'stance' = 'opposition' \(3 annotations\); put it back, or say in \[\["):
        push(studio, push_request(2, codebook=revised(book, drop="opposition")))
    assert raw().get(f"/api/projects/{project.id}/")["label_config"] == before["label_config"]
    fewer = msgspec.structs.replace(book, questions=(book.questions[0],))
    with pytest.raises(StudioError, match=r"'voice' \(1 annotations\)"):
        push(studio, push_request(2, codebook=fewer))


def test_what_nobody_has_answered_may_go(studio, raw, push_request, book, choice):
    (project,) = push(studio, push_request(1)).projects
    raw("ann-1").vote(raw().tasks(project.id)[0]["id"], choice("stance", "neutral"))
    fewer = msgspec.structs.replace(
        revised(book, drop="opposition"), questions=revised(book, drop="opposition").questions[:2]
    )
    push(studio, push_request(1, codebook=fewer))
    config = raw().get(f"/api/projects/{project.id}/")["label_config"]
    assert "opposition" not in config
    assert 'name="comment"' not in config


def test_a_label_that_was_chosen_is_renamed_by_a_migration(studio, raw, push_request, book, choice):
    (project,) = push(studio, push_request(2)).projects
    first, second = (task["id"] for task in raw().tasks(project.id))
    raw("ann-1").vote(first, choice("stance", "opposition"))
    new = revised(book, rename=("opposition", "against"))
    with pytest.raises(StudioError, match="'stance' = 'opposition'"):
        push(studio, push_request(2, codebook=msgspec.structs.replace(new, migrations=())))
    push(studio, push_request(2, codebook=new))
    raw("ann-1").vote(second, choice("stance", "against"))
    given = [task["annotations"][0]["result"][0]["value"]["choices"] for task in raw().tasks(project.id)]
    assert given == [["opposition"], ["against"]]  # the server keeps what was said; counting migrates it
    assert [new.migrated({"stance": label})["stance"] for (label,) in given] == ["against", "against"]


def test_new_questions_bring_their_texts_to_the_tasks_that_are_there(studio, raw, push_request, book, choice):
    old = msgspec.structs.replace(book, questions=book.questions[:2])
    (project,) = push(studio, push_request(2, codebook=old)).projects
    raw("ann-1").vote(raw().tasks(project.id)[0]["id"], choice("stance", "neutral"))
    report = push(studio, push_request(2))
    assert report.refreshed == 2
    assert [task["data"]["q_comment"] for task in raw().tasks(project.id)] == ["Anything to add?"] * 2
    assert [len(task["annotations"]) for task in raw().tasks(project.id)] == [1, 0]


def test_a_push_that_was_killed_between_the_server_and_the_file_knows_the_time(studio, push_request, book):
    push(studio, push_request(1))
    new = push_request(1, codebook=revised(book, add=(MIXED,)))
    first = push(studio, new)  # as if what follows it on this machine had never happened
    assert push(studio, new).screens == first.screens


def test_another_language_of_the_same_labels_may_follow(studio, raw, push_request, choice):
    (project,) = push(studio, push_request(1)).projects
    raw("ann-1").vote(raw().tasks(project.id)[0]["id"], choice("stance", "neutral"))
    push(studio, msgspec.structs.replace(push_request(1), language="de"))
    assert "Nur dieser Text" in raw().get(f"/api/projects/{project.id}/")["label_config"]
