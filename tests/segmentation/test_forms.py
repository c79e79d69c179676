import pathlib

from hypothesis import given
from hypothesis import strategies as st

from toolkit.files import read_jsonl
from toolkit.records import Article
from toolkit.segmentation.forms import FORM_RULES, RULES_OF_OPENING, ParagraphInContext, rules_for
from toolkit.segmentation.segmenter import segment_article

ROOT = pathlib.Path(__file__).parents[2]
OPENINGS = (
    "Read more Also read See also Related story More on this Recommended Watch Listen Video Tags Topic Next week"
    " Advertisement Sponsored Comments Share Subscribe Sign up Follow us Click here Log in Support our Download our"
    " © (c) Copyright All rights reserved 5 min read This article First published Last updated Posted Modified"
    " File photo Staff picture Handout Image Illustration Graphic Screenshot Pic Photo: Caption: Pictured, (Additional"
    " reporting Further research Extra editing Writing Photography Production Compiled Written Translated Story by"
    " Text by Words by Interview by Analysis by Opinion by Comment by Review by By — - – • 1. (2) b) 10:45 [14.05] >"
)


def hidden(text, before=""):
    """Rules that hold for a text and are not asked."""
    place = ParagraphInContext(before=before, text=text, after=before, left=5)
    asked = {rule for _, rule in rules_for(text)}
    return [rule.__name__ for _, rule in FORM_RULES if rule not in asked and rule(place)]


lines = st.lists(
    st.sampled_from([*OPENINGS.split(), "by", "Ida", "Renn/SNA", ":", "|", "2024."]), min_size=1, max_size=5
)


@given(lines.map(" ".join))
def test_no_rule_that_would_hold_is_left_unasked(text):
    assert hidden(text) == []
    assert hidden(text.upper(), text) == []


def test_no_paragraph_of_the_sample_has_a_rule_that_would_hold_and_is_left_unasked():
    for article in read_jsonl(ROOT / "data/raw/sample.jsonl", Article):
        assert [hidden(p.text) for p in segment_article(article) if hidden(p.text)] == []


def test_plain_prose_is_asked_little():
    assert RULES_OF_OPENING.isdisjoint(rule for _, rule in rules_for("“We shall sail,” he said."))
