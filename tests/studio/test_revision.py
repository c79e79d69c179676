import msgspec
import pytest

from toolkit.codebook import Codebook, Label, Migration
from toolkit.records import ScreenVersion
from toolkit.studio.push.project_specs import PushRequest
from toolkit.studio.push.projects import announcement
from toolkit.studio.push.revision import differences


@pytest.fixture
def changed(book: Codebook):
    """The codebook with another question of a name, and with anything else changed."""

    def change(question: str, parts=None, **more) -> Codebook:
        questions = tuple(
            msgspec.structs.replace(each, **(parts or {})) if each.name == question else each for each in book.questions
        )
        return msgspec.structs.replace(book, **{"version": "0.2", "questions": questions, **more})

    return change


MIXED = Label(name="mixed", title={"en": "Both <ways>", "de": "Beides"})


def with_label(book: Codebook, question: str, *labels: Label) -> dict[str, object]:
    return {"labels": (*book.question(question).labels, *labels)}


def test_an_equal_codebook_has_no_differences(book):
    assert differences(book, msgspec.structs.replace(book, version="0.2")) == []


def test_a_new_label_is_named(book, changed):
    assert differences(book, changed("stance", with_label(book, "stance", MIXED))) == [
        "'stance': label 'mixed' added; earlier annotators could not choose it"
    ]


def test_a_label_that_is_gone_and_one_that_is_renamed(book, changed):
    labels = tuple(label for label in book.question("stance").labels if label.name != "opposition")
    against = msgspec.structs.replace(book.question("stance").labels[2], name="against")
    assert differences(book, changed("stance", {"labels": labels})) == [
        "'stance': label 'opposition' removed; nobody has chosen it"
    ]
    renamed = changed(
        "stance",
        {"labels": (*labels, against)},
        migrations=(Migration(question="stance", old="opposition", new="against"),),
    )
    assert differences(book, renamed) == [
        "'stance': label 'opposition' is called 'against' now; earlier answers count under it"
    ]


@pytest.mark.parametrize(
    ("question", "parts", "said"),
    [
        ("comment", {"required": True}, "'comment': now required"),
        ("stance", {"required": False}, "'stance': no longer required"),
        ("strength", {"when": {}}, "'strength': shown under another condition; earlier annotations were asked"),
        ("confidence", {"points": 5}, "'confidence': asked in another way (kind, points or level)"),
        ("voice", {"text": {"en": "Whose voice?"}}, "texts of 1 questions reworded"),
    ],
)
def test_a_changed_question_is_said(book, changed, question, parts, said):
    (line,) = differences(book, changed(question, parts))
    assert line.startswith(said)


def test_questions_that_come_and_go_and_new_guidelines(book, changed):
    fewer = changed("stance", questions=book.questions[:-1], instructions={"en": "Read it."})
    assert differences(book, fewer) == ["question 'comment' removed; nobody has answered it", "instructions reworded"]
    assert differences(fewer, book)[0] == "question 'comment' added; earlier annotations have no answer to it"


def test_another_place_on_the_scale_is_said(book, changed):
    first, *others = book.question("stance").labels
    moved = (msgspec.structs.replace(first, scale=2.0), *others)
    assert differences(book, changed("stance", {"labels": moved})) == [
        "'stance': labels have another place on the scale"
    ]


# --- what annotators are told ----------------------------------------------------------------------------------------


def told(old: Codebook, new: Codebook, language: str = "en", known: bool = True) -> str:
    request = PushRequest(
        campaign="c", title="t", codebook=new, language=language, items=(), earlier=(old,) if known else ()
    )
    return announcement(
        request, [ScreenVersion(codebook=old.ref, since="1"), ScreenVersion(codebook=new.ref, since="2")]
    )


def test_a_first_version_is_not_announced(book):
    request = PushRequest(campaign="c", title="t", codebook=book, language="en", items=())
    assert announcement(request, [ScreenVersion(codebook=book.ref, since="1")]) == ""


def test_annotators_are_told_what_is_new_in_their_language_and_never_as_markup(book, changed):
    new = changed("stance", with_label(book, "stance", MIXED), changes={"en": "Use <mixed> when both", "de": "Neu"})
    assert told(book, new) == (
        "<h3>What changed in version 0.2</h3>\n<p>Use &lt;mixed&gt; when both</p>\n"
        "<p>• new label: <b>Both &lt;ways&gt;</b></p>\n"
    )
    assert "<h3>Was in Version 0.2 anders ist</h3>\n<p>Neu</p>\n<p>• neue Antwort: <b>Beides</b>" in told(
        book, new, "de"
    )


def test_a_renamed_label_is_told_by_its_titles(book, changed):
    labels = tuple(
        msgspec.structs.replace(label, name="against", title={"en": "Critical"})
        if label.name == "opposition"
        else label
        for label in book.question("stance").labels
    )
    new = changed(
        "stance", {"labels": labels}, migrations=(Migration(question="stance", old="opposition", new="against"),)
    )
    assert "<p>• <b>Against</b> is now called <b>Critical</b></p>" in told(book, new)


def test_where_the_earlier_codebook_is_not_known_annotators_are_asked_to_read_again(book, changed):
    assert "Please read the questions" in told(book, changed("stance"), known=False)
