"""Votes in tables as people write them, and what is said about doubtful cells."""

import pytest
from support.votes import read_votes

from toolkit.errors import DataError
from toolkit.labels.vote_tables import Columns, VoteRules
from toolkit.tables import write_table


def table(path, text, columns=None, rules=None):
    (path / "v.csv").write_text("item,annotator,label" + text)
    return read_votes(path / "v.csv", columns or Columns(), rules or VoteRules())


def test_words_for_nothing_are_labels_with_a_ready_remedy(tmp_path):
    text = "\n1,a,NA\n1,b,yes\n2,a,None\n2,b,no\n3,a,N/A\n3,b,yes\n"
    votes = table(tmp_path, text)
    assert votes.notes == (
        "labels that may mean no answer: 'N/A' (1), 'NA' (1), 'None' (1); if so, --no-answer N/A,NA,None",
    )
    after = table(tmp_path, text, rules=VoteRules(no_answers=("N/A", "NA", "None")))
    assert (after.notes, after.no_answers, after.label.names) == ((), 3, ("no", "yes"))


def test_names_that_differ_by_blanks_or_capitals_are_pointed_out(tmp_path):
    votes = table(tmp_path, "\n1,anna,x\n1,bo,x\n2,anna ,y\n2,Anna,y\n4,bo,x\n4 ,anna,y\n")
    assert votes.notes == (
        "annotators that differ by blanks or capitals only: 'Anna' (1), 'anna' (2), 'anna ' (1); if they are one, "
        "edit the table",
        "items that differ by blanks or capitals only: '4' (1), '4 ' (1); if they are one, edit the table",
    )


def test_a_state_is_read_whatever_its_capitals(tmp_path):
    votes = table(tmp_path, ",state\n1,a,x,Draft\n1,b,x,submitted\n2,a,x, Submitted\n2,b,y,SKIPPED\n")
    assert votes.left_out == {"draft": 1, "skipped": 1}
    assert len(votes.item.codes) == 2


def test_weights_that_are_all_nothing_are_refused(tmp_path):
    with pytest.raises(DataError, match="every weight in column 'w' is 0"):
        table(tmp_path, ",w\n1,a,x,0\n1,b,x,0\n", Columns(weight="w"))


def test_the_same_numbers_are_the_same_labels_from_every_format(tmp_path):
    rows = [{"unit": n, "ann": n % 3, "bo": float(n % 3) if n else None} for n in range(6)]
    columns = Columns(item="unit", wide=("ann", "bo"))
    found = []
    for suffix in (".csv", ".jsonl", ".parquet", ".xlsx"):
        write_table(tmp_path / f"v{suffix}", rows)
        found.append(read_votes(tmp_path / f"v{suffix}", columns, VoteRules()))
    for votes in found:
        assert votes.label.names == ("0", "1", "2")
        assert votes.label.codes.tolist() == found[0].label.codes.tolist()


def test_sets_are_labels_whatever_their_order(tmp_path):
    rows = [
        {"item": "1", "annotator": "a", "label": ["x", "y"]},
        {"item": "1", "annotator": "b", "label": ["y", "x"]},
        {"item": "2", "annotator": "a", "label": ["x"]},
    ]
    for suffix in (".jsonl", ".parquet"):
        write_table(tmp_path / f"v{suffix}", rows)
        assert read_votes(tmp_path / f"v{suffix}", Columns(), VoteRules()).label.names == ("x", "x | y")


def test_the_later_vote_counts_whatever_the_zones_of_their_times(tmp_path):
    votes = table(tmp_path, ",updated\n1,a,old,2024-07-03T12:00:00+02:00\n1,a,new,2024-07-03T11:00\n")
    assert (votes.label.names, votes.left_out) == (("new",), {"superseded": 1})


@pytest.mark.parametrize("names", [["Ann", "ann"], ["4", "4 "], [" 4", "4"], ["a b", "a  b"], ["ß", "SS"]])
def test_names_that_are_alike_are_found_wherever_the_difference_stands(tmp_path, names):
    votes = table(tmp_path, f"\n1,{names[0]},x\n1,other,x\n2,{names[1]},y\n2,other,y\n")
    assert any("annotators that differ by blanks or capitals only" in note for note in votes.notes)
