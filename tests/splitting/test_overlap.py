from toolkit.splitting.certificate import Overlap, overlap

FERRY = "the ferry to Port Ilva sails again after nine long years of waiting on the quay"


def test_groups_and_texts_in_two_splits_are_counted():
    texts = [FERRY, FERRY.upper() + " ", FERRY.replace("nine", "eight"), "mills closed", "roads mended", "mills closed"]
    groups = ["a", "b", "c", "d", "d", "e"]
    splits = ["train", "test", "test", "train", "test", "train"]
    shared = overlap(texts, groups, splits)
    assert (shared.groups, shared.texts) == (1, 1)
    assert shared.near_texts == 2
    assert "1 group, 1 identical text and 2 near-identical rows" in shared.line()


def test_rows_without_a_split_and_empty_texts_share_nothing():
    shared = overlap([FERRY, FERRY, "", ""], ["a", "a", "b", "c"], ["train", None, "train", "test"])
    assert shared == Overlap(groups=0, texts=0, near_texts=0)
    assert shared.line() == ""
