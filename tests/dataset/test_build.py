import pytest

from toolkit.campaigns.display import contexts
from toolkit.dataset.build import Sources, annotation_rows, assign_splits, build_examples, gold_rows
from toolkit.errors import DataError
from toolkit.labels.ledger import settle
from toolkit.records import Annotation, Article, Gold, Item, Origin, Paragraph, SplitRow, Target


def item(number, article):
    return Item(
        id=f"i{number}",
        unit_id=f"p{number}",
        article_id=article,
        target=Target(id="t", title="the government"),
        votes=3,
        selection="all",
        propensity=1.0,
    )


def split(group, articles, name):
    return SplitRow(group=group, articles=articles, split=name, probability=0.5)


def paragraph(number, article="a", role="body"):
    return Paragraph(
        id=f"p{number}",
        article_id=article,
        article_version="v",
        index=number,
        start=number,
        end=number + 1,
        text=f"T{number}",
        role=role,
    )


def test_the_test_set_stays_as_it_was_fixed_and_groups_stay_together():
    items = [item(n, f"a{n % 12}") for n in range(60)]
    rows = [split("c", ("a0", "a1"), "pool"), split("a2", ("a2",), "test")]
    rows += [split(f"a{n}", (f"a{n}",), "pool") for n in range(3, 12)]
    found = assign_splits(items, rows, 0.2, seed=3)
    assert found["a2"] == "test"
    assert found["a0"] == found["a1"]
    assert sorted(set(found.values())) == ["test", "train", "validation"]


def test_a_group_without_a_split_has_none():
    assert assign_splits([item(0, "a")], [split("a", ("a",), None)], 0.2, 0) == {}


def test_neighbours_are_those_of_the_roles_that_are_asked():
    roles = ["headline", "body", "subhead", "body", "credit"]
    around = contexts([paragraph(n, role=role) for n, role in enumerate(roles)], {}, ("body",))
    assert set(around) == {"p1", "p3"}
    assert (around["p3"].headline, around["p3"].previous, around["p3"].next) == ("T0", "T1", "")


def test_a_title_stands_in_for_a_headline_that_the_text_has_not():
    assert contexts([paragraph(0)], {"a": "Title"}, ("body",))["p0"].headline == "Title"


def sources(**changes):
    given = {
        "articles": {"a": Article(id="a", text="T0")},
        "paragraphs": [paragraph(0)],
        "items": [item(0, "a")],
        "planned": [item(0, "a")],
        "splits": [],
        "gold": [],
        "clusters": {},
    }
    return Sources(**(given | changes))


def test_an_item_whose_paragraph_is_gone_says_what_to_do(book):
    with pytest.raises(DataError, match="the articles have changed since `stance plan`"):
        build_examples(sources(paragraphs=[]), book, {}, ())


def test_a_question_that_nobody_was_asked_has_neither_label_nor_status(book):
    row = gold_rows(build_examples(sources(), book, {}, ("body",)), book)[0]
    assert (row["stance"], row["stance_status"]) == (None, None)


def test_an_unresolved_row_keeps_its_votes_and_has_no_label(book):
    gold = Gold(
        item_id="i0",
        question="stance",
        label=None,
        status="unresolved",
        method="majority",
        n_votes=2,
        votes={"pro": 1, "against": 1},
        soft={"pro": 0.5, "against": 0.5},
    )
    row = gold_rows(build_examples(sources(gold=[gold]), book, {}, ("body",)), book)[0]
    assert row["stance"] is None
    assert row["stance_votes"] == {"pro": 1, "neutral": 0, "against": 1, "unclear": 0}
    assert row["stance_soft"] == {"pro": 0.5, "neutral": 0.0, "against": 0.5}


def annotation(number, state="submitted", **answers):
    return Annotation(
        id=str(number),
        item_id="i0",
        annotator=f"r{number}",
        state=state,
        answers=answers,
        created="2024-01-01T00:00:00Z",
        updated="2024-01-01T00:00:00Z",
        observed="2024-01-01T00:00:00Z",
        codebook="b@1#0",
        origin=Origin(server="s", project=1, task=1, annotation=number),
    )


def test_every_annotation_is_a_row_and_says_whether_it_counts(book):
    some = [annotation(1, stance="pro"), annotation(2, "skipped"), annotation(3, stance="unclear")]
    rows = annotation_rows(some, settle(some, {"i0": item(0, "a")}), {}, book)
    assert [(row["state"], row["counted"], row["stance"]) for row in rows] == [
        ("submitted", True, "pro"),
        ("skipped", False, None),
        ("submitted", True, "unclear"),
    ]


def test_a_label_that_the_codebook_has_not_is_not_published_as_one(book):
    some = [annotation(1, stance="martian")]
    assert annotation_rows(some, settle(some, {"i0": item(0, "a")}), {}, book)[0]["stance"] is None
