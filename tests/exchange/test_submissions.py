from collections import Counter

import pytest

from toolkit.errors import DataError, UsageError
from toolkit.exchange.submissions import (
    Submission,
    chosen_question,
    label_text,
    twins,
    utc,
    values_in,
    values_in_cell,
    vote_rows,
    without_doubles,
)


def submission(item="1", annotator="ann", label="a", **more):
    return Submission(where="f, row 1", item=item, annotator=annotator, answers={"q": [label] if label else []}, **more)


def rows(*submissions):
    tally = Counter()
    return list(vote_rows(submissions, "q", str, tally)), tally


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ({"choices": ["for"]}, "for"),
        ({"choices": ["tax", "fish", "tax"]}, "fish | tax"),
        ({"choices": [["Party", "Rural League"]]}, "Party > Rural League"),
        ([{"rating": 3}], "3"),
        ({"text": ["one", "two"]}, "one | two"),
        ({"text": "one"}, "one"),
        ({"number": 4.5}, "4.5"),
        ({"datetime": "2024-07-03"}, "2024-07-03"),
        ({"taxonomy": [["b"], ["a", "c"]]}, "a > c | b"),
        ({"selected": "left"}, "left"),
        ({"start": 0, "end": 3, "choices": ["for"]}, "for"),
        ({"end": 3, "start": 0, "labels": ["W"]}, '{"end": 3, "labels": ["W"], "start": 0}'),
        ({}, "{}"),
        (None, None),
        ("", None),
        ([], None),
    ],
)  # fmt: skip
def test_every_kind_of_answer_becomes_a_text(written, label):
    assert label_text(values_in(written)) == label


def test_a_cell_that_only_looks_like_json_is_a_text():
    for cell in ("[sic]", '{"', "{}x", '{"broken', "[{]"):
        assert values_in_cell(cell) == [cell]


def test_skips_drafts_and_repeats_are_no_submitted_votes():
    found, tally = rows(
        submission(),
        submission(label="b"),
        submission(annotator="bo", label=None),
        submission(annotator="bo"),
        submission("2", state="skipped", label=None),
        submission("3", state="draft"),
        submission("3"),
    )
    states = ["submitted", "repeat", "submitted", "submitted", "skipped", "draft", "submitted"]
    assert [row.state for row in found] == states
    assert tally == {"submitted": 4, "repeat": 1, "unanswered": 1, "skipped": 1, "draft": 1}


def test_the_same_annotation_twice_is_one_and_the_later_state_of_it_stands():
    early = submission(number=7, created="2024-07-03T10", updated="2024-07-03T10")
    late = submission(number=7, created="2024-07-03T10", updated="2024-07-03T11", label="b")
    other = submission(number=8, created="2024-07-03T09", updated="2024-07-03T09")
    for order in ([early, late, other, early], [late, other, early, late]):
        assert without_doubles(order) == ([other, late], 2)


def test_rows_without_a_number_are_the_same_only_where_all_is_the_same():
    assert without_doubles([submission(), submission(), submission(label="b"), submission(text="t")])[1] == 1


def test_texts_with_the_same_words_are_twins():
    given = [submission("1", text="A ferry!"), submission("2", text="a FERRY https://x.example/1"), submission("3")]
    assert twins([*given, submission("2", "bo", text="a ferry"), submission("4", text="")]) == [("1", "2")]


def test_one_question_is_chosen_or_the_choice_is_offered():
    assert chosen_question(["a"], [], "here") == "a"
    assert chosen_question(["a", "b"], ["b"], "here") == "b"
    for asked in ([], ["a", "b"]):
        with pytest.raises(UsageError, match="here: one question at a time; name it with --question: a, b"):
            chosen_question(["a", "b"], asked, "here")
    with pytest.raises(UsageError, match="no question 'c'; there are a, b"):
        chosen_question(["a", "b"], ["c"], "here")
    with pytest.raises(DataError, match="no question in it"):
        chosen_question([], [], "here")


def test_a_time_that_is_none_is_refused():
    with pytest.raises(DataError, match="'yesterday' is no time"):
        utc("yesterday")
