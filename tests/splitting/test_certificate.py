import msgspec

from toolkit.records import Answered, Example
from toolkit.splitting.certificate import certify


def example(number, split, article, label="pro"):
    return Example(
        id=str(number), article_id=article, article_version="v", unit="paragraph", start=0, end=1,
        target="t", outlet=None, origin=None,
        published=None, language=None, country=None, role="body", text=f"T{number}", headline="", previous="", next="",
        stratum="", propensity=1.0, split=split, cluster=article,
        answers={"stance": Answered(label=label, status="majority", votes={}, soft={})},
    )  # fmt: skip


def test_a_clean_split_shares_nothing():
    found = certify([example(0, "train", "a"), example(1, "train", "a"), example(2, "test", "b")])
    assert found.shared == {"article_id": 0, "cluster": 0, "text": 0}
    assert found.sizes == {"test": 1, "train": 2}
    assert found.articles == {"test": 1, "train": 1}


def test_what_stands_on_both_sides_is_counted():
    rows = [example(0, "train", "a"), example(1, "test", "a")]
    rows.append(msgspec.structs.replace(rows[0], id="2", split="test", article_id="z"))
    assert certify(rows).shared == {"article_id": 1, "cluster": 1, "text": 1}


def test_drift_is_the_largest_difference_of_a_labels_share():
    rows = [example(n, "train", f"a{n}", "pro" if n < 3 else "con") for n in range(4)]
    rows += [example(n + 9, "test", f"b{n}", "pro" if n < 1 else "con") for n in range(4)]
    assert certify(rows).label_drift == {"stance": 3 / 4 - 1 / 4}


def test_rows_without_a_split_or_a_label_are_sized_and_not_compared():
    found = certify([example(0, None, "a"), example(1, "train", "b", None)])
    assert found.sizes == {"none": 1, "train": 1}
    assert found.label_shares == {}
