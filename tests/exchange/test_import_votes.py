import msgspec
import pytest

from toolkit.codebook import Migration
from toolkit.errors import DataError
from toolkit.exchange.import_votes import ImportRequest, import_lines
from toolkit.exchange.results import label_code
from toolkit.exchange.submissions import Submission
from toolkit.labels.eligibility import ProjectRole
from toolkit.labels.ledger import latest, settle
from toolkit.records import Item, Target

TEXTS = {"i1": "The ferry is back.", "i2": "Nets are\n dear.", "i3": "The same words.", "i4": "The same words."}


@pytest.fixture
def items():
    target = Target(id="gov", title="the government of Selmara")
    return {
        name: Item(id=name, unit_id=f"p-{name}", article_id="a", target=target, votes=2, selection="all", propensity=1)
        for name in TEXTS
    }


@pytest.fixture
def ask(items, book):
    """Make a request to import a file."""

    def request(**more):
        columns = {question.name: question.name for question in book.questions}
        known = {
            "items": items,
            "texts": TEXTS,
            "codebook": book,
            "columns": columns,
            "kinds": {},
            "source": "v.csv",
        }
        return ImportRequest(**{**known, **more})

    return request


def sub(item="i1", annotator="ann", where="row 1", stance="neutral", **more):
    given = more.pop("answers", {"stance": [stance]} if stance else {})
    return Submission(where=where, item=item, annotator=annotator, answers=given, **more)


def read(request, *submissions, known=(), observed="2024-07-03T10:00:00Z"):
    return import_lines(submissions, request, known, str, observed)


def told(imported):
    return [(line.item_id, line.annotator, line.answers, [f.code for f in line.flags]) for line in imported.annotations]


def test_a_row_becomes_a_line_of_the_ledger(ask, book):
    (line,) = read(ask(), sub(seconds=3.5, created="2024-07-01T00:00:00Z")).annotations
    assert (line.item_id, line.annotator, line.state, line.seconds) == ("i1", "ann", "submitted", 3.5)
    assert (line.created, line.updated, line.observed) == ("2024-07-01T00:00:00Z",) * 2 + ("2024-07-03T10:00:00Z",)
    assert (line.origin.server, line.codebook, line.assigned_by) == ("v.csv", book.ref, "design")


def test_each_row_comes_once_whatever_its_file_is_called(ask):
    rows = [sub(), sub(annotator="bo", where="row 2"), sub("i2", where="row 3", state="skipped", stance=None)]
    first = read(ask(), *rows)
    assert (len(first.annotations), first.known) == (3, 0)
    for request, given in ((ask(), rows), (ask(source="copy.csv"), rows[::-1]), (ask(source="part.csv"), rows[1:])):
        again = read(request, *given, known=first.annotations, observed="2024-07-04T10:00:00Z")
        assert (again.annotations, again.known) == ([], len(given))


def test_a_corrected_row_takes_the_place_of_the_first_and_can_be_put_back(ask, items):
    ledger = []
    for day, stance in enumerate(("neutral", "unclear", "neutral"), 1):
        found = read(ask(), sub(stance=stance), known=ledger, observed=f"2024-07-0{day}T10:00:00Z")
        assert len(found.annotations) == 1
        ledger += found.annotations
        (counted,) = settle(ledger, items).counted
        assert counted.answers == {"stance": stance}
    assert len({line.id for line in ledger}) == 3


def test_a_correction_under_another_name_is_counted_once(ask, items):
    first = read(ask(), sub()).annotations
    second = read(
        ask(source="new.csv"), sub(stance="unclear"), known=first, observed="2024-07-04T10:00:00Z"
    ).annotations
    settled = settle([*first, *second], items)
    assert [line.answers["stance"] for line in settled.counted] == ["unclear"]
    assert settled.left_out == {}


def test_an_item_is_known_by_its_text_only_where_that_is_unique(ask):
    found = read(
        ask(), sub("x", text=" Nets are dear. "), sub("y", text="The same words."), sub("z", text="Other."), sub("w")
    )
    assert (told(found)[0][0], found.by_text) == ("i2", 1)
    assert [each.item for each in found.unmatched] == ["y", "z", "w"]


def test_the_ledger_does_not_say_where_a_file_lay(ask):
    rows = [
        sub(where="/home/ann/v.csv, row 1", created="2024-07-01T00:00:00Z"),
        sub(where="/home/ann/v.csv, row 2", stance="unclear", created="2024-07-02T00:00:00Z"),
        sub("i2", where="/home/ann/v.csv, row 3", text="?"),
    ]
    reasons = [flag.reason for line in read(ask(), *rows).annotations for flag in line.flags]
    assert reasons == [
        "the annotator's annotation of 2024-07-01T00:00:00Z came first and counts",
        "v.csv, row 3: the text is not that of the item",
    ]


def test_a_vote_beside_another_text_is_kept_and_does_not_count(ask, items):
    found = read(ask(), sub(text="Nets are dear."), sub("i2", text="Nets   are dear.", where="row 2"))
    assert [flags for *_, flags in told(found)] == [["other_text"], []]
    assert settle(found.annotations, items).left_out == {"other_text": 1}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"stance": ["splendid"]}, "unknown_label"),
        ({"stance": ["opposition"]}, "missing_answer"),
        ({}, "missing_answer"),
        ({"stance": ["neutral"], "voice": ["author"]}, "hidden_answer"),
        ({"stance": ["neutral"], "confidence": [7]}, "malformed_answer"),
        ({"stance": ["neutral", "opposition"]}, "malformed_answer"),
        ({"stance": ["neutral"], "topics": ["tax | tea"]}, "unknown_label"),
    ],
)
def test_the_codebook_judges_as_it_does_when_pulling(ask, items, given, code):
    found = read(ask(), sub(answers=given))
    assert told(found)[0][3] == [code]
    assert settle(found.annotations, items).left_out == {code: 1}


def test_answers_get_their_shape(ask):
    given = {
        "stance": [" against "], "voice": ["Somebody quoted"], "strength": [2.0], "confidence": ["3"],
        "topics": ["Fish, nets < boats; tax"], "words": [{"start": 0, "end": 3, "labels": ["w"], "text": "The"}],
        "comment": ["one", "two"],
    }  # fmt: skip
    (line,) = read(ask(), sub(answers=given)).annotations
    assert line.answers == {
        "stance": "opposition", "voice": "quoted", "strength": 2, "confidence": 3, "topics": ["tax", "fish"],
        "words": [{"start": 0, "end": 3}], "comment": "one\ntwo",
    }  # fmt: skip
    assert line.flags == ()


def test_a_column_answers_the_question_that_it_is_said_to(ask):
    found = read(ask(columns={"label": "stance"}), sub(answers={"label": ["Unclear"], "stance": ["neutral"]}))
    assert told(found)[0][2] == {"stance": "unclear"}


def test_an_old_name_of_a_label_counts_under_its_present_one(ask, book):
    renamed = msgspec.structs.replace(book, migrations=(Migration(question="stance", old="against", new="opposition"),))
    found = read(ask(codebook=renamed), sub(answers={"stance": ["against"], "voice": ["author"]}))
    assert told(found)[0][2:] == ({"stance": "opposition", "voice": "author"}, [])


def test_two_codes_that_a_text_could_mean_are_not_guessed_between(book):
    stance = book.questions[0]
    twins = msgspec.structs.replace(
        stance,
        labels=(*stance.labels, msgspec.structs.replace(stance.labels[0], name="other", title={"en": "AGAINST"})),
    )
    assert label_code("against", stance) == "opposition"
    assert label_code("aGAINST", twins) == "aGAINST"
    assert (label_code("Against", twins), label_code("AGAINST", twins)) == ("opposition", "other")


def test_second_votes_and_votes_beyond_those_asked_for_are_kept_and_left_out(ask, items):
    given = [("ann", "neutral"), ("ann", "unclear"), ("bo", "splendid"), ("cleo", "neutral"), ("dov", "neutral")]
    rows = [
        sub(annotator=name, stance=stance, created=f"2024-07-01T0{hour}:00:00Z")
        for hour, (name, stance) in enumerate(given)
    ]
    found = read(ask(), *rows)
    assert [(who, flags) for _, who, _, flags in told(found)] == [
        ("ann", []), ("ann", ["second_vote"]), ("bo", ["unknown_label"]), ("cleo", []), ("dov", ["beyond_overlap"]),
    ]  # fmt: skip
    settled = settle(found.annotations, items)
    assert [line.annotator for line in settled.counted] == ["ann", "cleo"]
    assert settled.left_out == {"beyond_overlap": 1, "second_vote": 1, "unknown_label": 1}
    assert read(ask(), *rows, known=found.annotations).annotations == []
    later = read(ask(source="w.csv"), sub(annotator="eve"), known=found.annotations)
    assert told(later)[0][3] == ["beyond_overlap"]


def counted_and_flagged(ledger):
    return sorted((a.annotator, a.answers["stance"], [flag.code for flag in a.flags]) for a in latest(ledger))


def test_the_order_of_a_file_and_of_files_decides_nothing(ask):
    rows = [
        sub(annotator="ann", stance="neutral", created="2024-07-01T00:00:00+00:00"),
        sub(annotator="ann", stance="unclear", created="2024-07-02T00:00:00Z"),
        sub(annotator="bo", created="2024-07-03T00:00:00Z"),
        sub(annotator="cleo", created="2024-07-04T00:00:00Z"),
    ]
    once = counted_and_flagged(read(ask(), *rows).annotations)
    assert [flags for *_, flags in once] == [[], ["second_vote"], [], ["beyond_overlap"]]
    assert counted_and_flagged(read(ask(), *rows[::-1]).annotations) == once
    ledger = []
    for day, row in enumerate(rows[::-1], 5):  # a file each, the latest answer first
        request = ask(source=f"{row.annotator}-{day}.csv")
        found = read(request, row, known=ledger, observed=f"2024-07-0{day}T00:00:00Z")
        ledger += [*found.annotations, *found.reflagged]
    assert counted_and_flagged(ledger) == once


def test_an_earlier_answer_that_comes_later_displaces_the_vote_beyond_those_asked_for(ask, items):
    late = [sub(annotator=name, created=f"2024-07-0{day}T00:00:00Z") for day, name in ((2, "bo"), (3, "cleo"))]
    ledger = read(ask(), *late).annotations
    found = read(
        ask(source="w.csv"), sub(created="2024-07-01T00:00:00Z"), known=ledger, observed="2024-07-09T10:00:00Z"
    )
    assert [(line.annotator, [flag.code for flag in line.flags]) for line in found.reflagged] == [
        ("cleo", ["beyond_overlap"])
    ]
    counted = settle([*ledger, *found.annotations, *found.reflagged], items).counted
    assert [line.annotator for line in counted] == ["ann", "bo"]


@pytest.mark.parametrize("kind", ["model", "rule"])
def test_what_no_person_gave_never_counts_as_a_persons_vote(ask, items, kind):
    kinds = {"gpt": kind, "rob": kind}
    found = read(ask(kinds=kinds), sub(annotator="gpt"), sub(annotator="rob", where="row 2"))
    settled = settle(
        [*found.annotations, *read(ask(), sub(annotator="ann"), known=found.annotations).annotations], items
    )
    assert [line.annotator for line in settled.counted] == ["ann"]
    assert settled.left_out == {f"by_{kind}": 2}


def test_a_sheet_that_is_partly_filled_in_is_a_draft_until_it_is_done(ask, items):
    begun = read(ask(source="ann.xlsx"), sub(stance="opposition", sheet=True, codebook="stance@0.1#abc"))
    (line,) = begun.annotations
    assert (line.state, line.flags, line.codebook) == ("draft", (), "stance@0.1#abc")
    whole = sub(answers={"stance": ["opposition"], "voice": ["author"]}, sheet=True)
    done = read(ask(source="ann.xlsx"), whole, known=begun.annotations, observed="2024-07-04T10:00:00Z")
    settled = settle([*begun.annotations, *done.annotations], items)
    assert (len(settled.counted), settled.left_out) == (1, {})


def test_an_export_of_the_campaigns_own_project_is_what_a_pull_would_bring(ask):
    request = ask(server="http://studio.example", projects={7: ProjectRole(votes=2), 8: ProjectRole(votes=2)})
    row = sub(number=31, project=7, task=5, created="2024-07-01T00:00:00Z", updated="2024-07-01T00:00:00Z")
    (line,) = read(request, row).annotations
    assert msgspec.structs.astuple(line.origin) == ("http://studio.example", 7, 5, 31)
    pulled = msgspec.structs.replace(line, annotator="ann-1", answers={"stance": "unclear"})
    assert read(request, row, known=[pulled]).known == 1
    other = read(request, msgspec.structs.replace(row, project=9)).annotations[0]
    assert other.origin.server == "v.csv"
    with pytest.raises(DataError, match="it does not say of which; export it as JSON"):
        read(request, msgspec.structs.replace(row, project=0))
    only = read(
        ask(server="http://studio.example", projects={7: ProjectRole()}), msgspec.structs.replace(row, project=0)
    )
    assert only.annotations[0].origin == line.origin


def test_an_export_of_two_days_brings_the_edit(ask, items):
    first = sub(number=31, created="2024-07-01T00:00:00Z", updated="2024-07-01T00:00:00Z")
    ledger = read(ask(source="monday.json"), first).annotations
    edited = msgspec.structs.replace(first, answers={"stance": ["unclear"]}, updated="2024-07-02T00:00:00Z")
    ledger += read(ask(source="tuesday.json"), edited, known=ledger).annotations
    assert read(ask(source="monday.json"), first, known=ledger).annotations == []
    assert [line.answers["stance"] for line in settle(ledger, items).counted] == ["unclear"]
