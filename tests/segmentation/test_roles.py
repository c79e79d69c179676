import pathlib
from collections import Counter

import pytest

from toolkit.files import read_jsonl
from toolkit.records import Article, Intended
from toolkit.segmentation.forms import ParagraphInContext
from toolkit.segmentation.roles import FORM_RULES, PLACE_RULES, decide_roles
from toolkit.segmentation.segmenter import segment_article

ROOT = pathlib.Path(__file__).parents[2]

HEADLINE = "Ferry returns to the island after nine winters"
LEAD = "VESPER BAY, May 3 — The ferry sailed at noon on Friday with forty people and a goat on board."
BODY = "“We had stopped waiting for it,” said the harbour master, who had rung the bell himself."
CAPTION = "The ferry leaves the quay on Friday. Photo: Ida Renn/SNA"


def roles(*texts, title=""):
    return [decision.role for decision in decide_roles(texts, title)]


def rule_within_a_story(text, before=LEAD, after=BODY):
    """The decision on a paragraph in the midst of an article."""
    return decide_roles([HEADLINE, LEAD, before, text, after, LEAD, BODY, LEAD, BODY])[3]


# --- one paragraph at a time ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "role", "rule"),
    [
        ("* * *", "boilerplate", "ornament"),
        ("> We shall sail again, weather or no weather.", "quote", "marked_quotation"),
        ("Read more: The history of the island ferry", "boilerplate", "notice"),
        ("© Coast Weekly 2024. Used with permission", "boilerplate", "notice"),
        ("Subscribe to our Friday letter", "boilerplate", "notice"),
        ("Coast Weekly 2024. All rights reserved.", "boilerplate", "rights_reserved"),
        ("Last updated: Friday, 3 May 2024, 12:10", "boilerplate", "date_line"),
        ("Photo: Ida Renn/SNA", "credit", "photo_credit_alone"),
        ("File photo: the ferry in her last summer.", "caption", "caption_opening"),
        (CAPTION, "caption", "photo_credit_at_the_end"),
        ("The ferry leaves. — Ida Renn/SNA", "caption", "photo_credit_at_the_end"),
        ("The ferry leaves. — Ida Renn/SNA/Handout via Coast Weekly", "caption", "photo_credit_at_the_end"),
        ("The ferry leaves. — SNA pic", "caption", "photo_credit_at_the_end"),
        ("The ferry leaves. (Ida Renn/The Meridian)", "caption", "photo_credit_at_the_end"),
        ("The ferry leaves. (SNA photo)", "caption", "photo_credit_at_the_end"),
        ("The ferry leaves. SNA/Ida Renn", "caption", "photo_credit_at_the_end"),
        ("Reporting by Ida Renn and Olle Varga; editing by K. Oldfield", "credit", "reporting_credit"),
        ("(Additional reporting by Ida Renn in Hollin.)", "credit", "reporting_credit"),
        ("By Ida Renn", "byline", "by_somebody"),
        ("By IDA RENN and Olle Varga in Vesper Bay", "byline", "by_somebody"),
        ("Interview by Ida Renn, Shipping Editor", "byline", "by_somebody"),
        ("— SNA", "credit", "sign_off"),
        ("- SNA", "credit", "sign_off"),
        ("— Name supplied, Vesper Bay", "credit", "sign_off"),
        ("• forty crowns for a car", "list", "bulleted"),
        ("- forty crowns for a car, and ten for a goat;", "list", "bulleted"),
        ("10:45", "subhead", "time_of_an_entry"),
        ("[14.05 GMT]", "subhead", "time_of_an_entry"),
        ("11.30am:", "subhead", "time_of_an_entry"),
        ("Nine years of silence", "subhead", "crosshead"),
        ("Who paid?", "subhead", "crosshead"),
        ("“Nobody asked us”", "subhead", "crosshead"),
    ],
)
def test_the_form_of_a_paragraph_gives_its_role(text, role, rule):
    decision = rule_within_a_story(text)
    assert (decision.role, decision.rule) == (role, rule)


@pytest.mark.parametrize(
    "text",
    [
        "“We will be back,” she said.",
        "“We will be back”, she said, and the whole quay, wet as it was, answered her with one long cheer",
        "The cabinet denied it. — SNA",
        "A poll put the two camps level (SNA/Meridian).",
        "She was shown a picture by Rembrandt.",
        "By Friday the queue reached the church.",
        "Research by Eskdale University shows that the ferry pays for itself.",
        "The court would not say whose letter it was.",
        "Q: Why now?",
        "Why did nobody in the ministry think of asking the islanders first?",
        "Copyright law does not cover timetables.",
        "Updated figures are due in May.",
        "1. January is the first day on which the new fares apply.",
        "— We are leaving, he said.",
    ],
)
def test_prose_stays_body(text):
    decision = rule_within_a_story(text)
    assert (decision.role, decision.rule) == ("body", "plain_prose")


@pytest.mark.parametrize("mark", ["—", "–", "1.", "(2)", "b)"])
def test_a_dash_or_a_number_makes_an_item_where_a_neighbour_has_one_too(mark):
    item = f"{mark} a fare of forty crowns for each car"
    assert rule_within_a_story(item, after=item).role == "list"
    assert rule_within_a_story(item).role != "list"


@pytest.mark.parametrize("row", ["Renn   1,204   51 %", "| Renn | 1,204 |", "Renn\t1,204"])
def test_rows_of_a_table_are_items_where_a_neighbour_is_one_too(row):
    assert rule_within_a_story(row, after=row).rule == "row_of_a_table"
    assert rule_within_a_story(row).role != "list"


@pytest.mark.parametrize("mark", ["\ufeff", "\u200e", "\u200b", "\u202a"])
def test_invisible_marks_hide_no_role(mark):
    assert roles(mark + HEADLINE, mark + "By Ida Renn" + mark, LEAD, mark + "— SNA") == [
        "headline",
        "byline",
        "body",
        "credit",
    ]
    assert roles(HEADLINE, LEAD, mark, BODY) == ["headline", "body", "boilerplate", "body"]


# --- the headline and what stands around it ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([HEADLINE, LEAD, BODY], "headline body body"),
        ([CAPTION, HEADLINE, LEAD, BODY], "caption headline body body"),
        ([HEADLINE, CAPTION, LEAD, BODY], "headline caption body body"),
        ([HEADLINE, LEAD, BODY, CAPTION], "headline body body caption"),
        ([HEADLINE, "By Ida Renn", LEAD], "headline byline body"),
        ([HEADLINE, "Islanders wept", "By Ida Renn", LEAD], "headline subhead byline body"),
        ([HEADLINE, "Ida Renn, Shipping Correspondent", LEAD], "headline byline body"),
        ([HEADLINE.upper(), LEAD, BODY], "headline body body"),
        (["“We had stopped waiting”", LEAD, BODY], "headline body body"),
        (["Will it sail again?", LEAD, BODY], "headline body body"),
        (["The ferry leaves. — SNA", HEADLINE, LEAD], "caption headline body"),
        (["The ferry leaves the quay.", HEADLINE, LEAD], "caption headline body"),
        (["The ferry leaves the quay.", HEADLINE, "By Ida Renn", BODY], "caption headline byline body"),
        ([LEAD, BODY, "Nine years of silence", BODY], "body body subhead body"),
        ([LEAD], "body"),
        ([], ""),
    ],
)
def test_the_headline_is_the_first_line_that_could_be_one(texts, expected):
    assert roles(*texts) == expected.split()


def test_a_line_with_nothing_below_it_is_no_headline():
    assert roles("The ferry is back and I am so happy about it") == ["body"]


def test_a_known_title_tells_the_headline_from_the_line_above_it():
    assert roles("Shipping", HEADLINE, LEAD, title=HEADLINE.upper()) == ["subhead", "headline", "body"]
    assert roles("The ferry leaves.", HEADLINE, BODY, title=HEADLINE) == ["caption", "headline", "body"]


def test_a_title_that_comes_back_at_the_foot_is_not_the_headline():
    assert roles(LEAD, BODY, LEAD, BODY, HEADLINE, title=HEADLINE)[:4] == ["body"] * 4


def test_short_lines_below_the_story_are_nobodys_prose():
    assert roles(HEADLINE, LEAD, BODY, "Ida Renn")[-1] == "credit"
    assert roles(HEADLINE, LEAD, BODY, "Island school gets a second teacher")[-1] == "boilerplate"


def test_notices_at_the_foot_are_boilerplate_only_there():
    notice = "Views expressed in letters are those of their writers."
    assert roles(HEADLINE, LEAD, BODY, notice)[-1] == "boilerplate"
    assert rule_within_a_story(notice).role == "body"


def test_every_rule_has_a_name_of_its_own_and_says_what_it_holds_for():
    rules = [rule for _, rule in (*FORM_RULES, *PLACE_RULES)]
    assert len({rule.__name__ for rule in rules}) == len(rules)
    assert all(rule.__doc__ for rule in rules)


@pytest.mark.parametrize("separator", ["\n\n", "\n"])
def test_the_sample_is_read_as_its_writers_meant_it(separator):
    right, wrong = 0, Counter()
    meant = {}
    for row in read_jsonl(ROOT / "data/raw/sample.intended.jsonl", Intended):
        meant.setdefault(row.article_id, []).append(row)
    for article in read_jsonl(ROOT / "data/raw/sample.jsonl", Article):
        blocks = [article.text[row.start : row.end] for row in meant[article.id]]
        found = segment_article(Article(id=article.id, text=separator.join(blocks)))
        assert [paragraph.text for paragraph in found] == blocks
        for row, paragraph in zip(meant[article.id], found, strict=True):
            if row.role == paragraph.role:
                right += 1
            else:
                wrong[row.role, paragraph.role] += 1
    assert right >= 0.99 * (right + wrong.total()), wrong


@pytest.mark.parametrize("text", ["", "Ida Renn", "Ida Renn, Political Correspondent", "A heading", "A sentence."])
@pytest.mark.parametrize("after", ["", "What follows is longer than the text above it, and a sentence."])
def test_in_a_story_no_rule_of_place_holds_but_those_of_crossheads_and_prose(text, after):
    place = ParagraphInContext(before="", text=text, after=after, left=0)
    assert {rule.__name__ for _, rule in PLACE_RULES if rule(place, "story")} <= {"crosshead", "plain_prose"}
