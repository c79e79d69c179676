import msgspec
import pytest

from toolkit.baselines.rows import TextRow, divide_rows
from toolkit.errors import DataError

LABELS = ("pro", "contra")


def _row(row_id, label, split):
    return TextRow(id=row_id, text="The mills of Selmara.", label=label, cluster=row_id, group=row_id, split=split)


ROWS = [
    _row("e", "pro", "test"),
    _row("a", "pro", "train"),
    _row("b", "contra", "validation"),
    _row("f", None, "test"),
    _row("c", "mixed", "train"),
    _row("d", None, "train"),
    _row("g", "contra", None),
]


def _ids(rows):
    return [row.id for row in rows]


def test_rows_are_sorted_out_by_their_use():
    material = divide_rows(ROWS, LABELS)
    assert _ids(material.learning) == ["a", "b"]
    assert _ids(material.test) == ["e", "f"]
    assert _ids(material.labelled) == ["a", "b", "e", "g"]
    assert material.learning_splits == {"train": 1, "validation": 1}


def test_what_is_left_out_is_counted_with_the_reason():
    assert divide_rows(ROWS, LABELS).excluded == {"no_split": 1, "off_scale": 1, "unresolved": 2}


def test_the_order_of_the_rows_does_not_matter():
    assert divide_rows(ROWS[::-1], LABELS) == divide_rows(ROWS, LABELS)


def test_where_no_row_has_a_split_all_labelled_rows_are_learnt_from():
    material = divide_rows([msgspec.structs.replace(row, split=None) for row in ROWS], LABELS)
    assert _ids(material.learning) == _ids(material.labelled) == ["a", "b", "e", "g"]
    assert material.test == ()
    assert material.learning_splits == {"none": 4}
    assert "no_split" not in material.excluded


def test_the_training_hash_is_that_of_the_rows_learnt_from():
    known = divide_rows(ROWS, LABELS).training_hash
    assert len(known) == 64
    assert divide_rows([*ROWS, _row("z", "pro", "test")], LABELS).training_hash == known
    with_one_more = divide_rows([*ROWS, _row("z", "pro", "train")], LABELS).training_hash
    assert with_one_more != known
    assert divide_rows([*ROWS, _row("z", "contra", "train")], LABELS).training_hash != with_one_more


def test_no_labelled_row_to_learn_from_is_refused_and_says_what_there_is():
    rows = [_row("a", "agree", "train"), _row("b", None, "train"), _row("c", "pro", "test")]
    with pytest.raises(DataError) as refusal:
        divide_rows(rows, LABELS)
    message = str(refusal.value)
    assert "none has one of the labels pro, contra" in message
    assert "labels in 3 rows: 'agree', 'pro'; splits: test, train" in message


def test_no_rows_at_all_are_refused():
    with pytest.raises(DataError, match="labels in 0 rows: none; splits: none"):
        divide_rows([], LABELS)


def test_one_label_alone_is_refused():
    rows = [_row("a", "pro", "train"), _row("b", "pro", "train"), _row("c", "contra", "test")]
    with pytest.raises(DataError, match="all 2 have the label 'pro', so there is nothing to learn"):
        divide_rows(rows, LABELS)


def test_two_rows_of_one_id_are_refused():
    with pytest.raises(DataError, match="row 'a': 2 rows have this id"):
        divide_rows([*ROWS, _row("a", "pro", "train")], LABELS)
