from collections import Counter

import pytest

from toolkit.errors import DataError, UsageError
from toolkit.exchange.submissions import (
    NOBODY,
    Submission,
    chosen_question,
    twins,
    utc,
    vote_rows,
    without_doubles,
    write_vote_table,
)


def submission(item="1", annotator="ann", label="a", **more):
    return Submission(where="f, row 1", item=item, annotator=annotator, answers={"q": [label] if label else []}, **more)


def rows(*submissions):
    tally = Counter()
    return list(vote_rows(submissions, "q", str, tally)), tally


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


def test_votes_of_deleted_accounts_are_counted_apart_and_never_repeats(tmp_path):
    given = [submission(), submission(annotator=NOBODY), submission(annotator=NOBODY, label="b")]
    table = write_vote_table(tmp_path / "v.csv", given, "q", str)
    assert (table.rows, table.repeat, table.no_annotator) == (1, 0, 2)
    assert "2 of deleted accounts" in table.line()


def test_a_question_about_regions_gives_no_labels_of_items(tmp_path):
    about = [{"start": 0, "end": 4, "choices": ["pos"]}]
    given = [Submission(where="e.json, task 1", item="1", annotator="ann", answers={"q": about})]
    with pytest.raises(DataError, match=r"e\.json, task 1: 'q' is asked about each marked region"):
        write_vote_table(tmp_path / "v.csv", given, "q", str)
    assert not list(tmp_path.iterdir())


def test_a_question_of_a_repeater_is_named_with_its_number():
    assert chosen_question(["tone_{{idx}}"], ["tone_3"], "here") == "tone_3"
    for named in ([], ["tone_x"]):
        with pytest.raises(UsageError, match=r"tone_\{\{idx\}\}"):
            chosen_question(["tone_{{idx}}"], named, "here")
