import gzip
import html
import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.articles.reading.normalise import clean, clean_line, without_markup
from toolkit.files import read_jsonl
from toolkit.records import Article

ROOT = Path(__file__).parents[3]
SHARED = Path(os.environ.get("STANCE_DATA") or ROOT / ".." / "shared" / "data")


def test_a_text_without_escapes_stays_as_it_is():
    for article in read_jsonl(ROOT / "data/raw/sample.jsonl", Article):
        assert clean(article.text).text == article.text
        assert clean(article.text).repairs == ()


def test_markup_that_was_escaped_is_undone_and_breaks_stay_breaks():
    text = html.escape("<b>ARDENPORT:</b> The ferry &lsquo;Gannet&rsquo; sank.<br />\r\n<br />\r\nNobody drowned.")
    cleaned = clean(text)
    assert cleaned.text == "ARDENPORT: The ferry ‘Gannet’ sank.\n\nNobody drowned."
    assert cleaned.repairs == ("escaped_markup", "markup")


def test_entities_escaped_twice_are_undone_and_counted():
    assert clean("Tea &amp;amp; cake &amp;quot;at noon&amp;quot;").text == 'Tea & cake "at noon"'
    assert clean("Tea &amp;amp; cake").repairs == ("entities", "entities_twice")
    assert clean("Tea &amp; cake").repairs == ("entities",)


def test_an_ampersand_of_an_address_is_no_entity():
    text = "See https://news.example/?a=1&copy=2&para=3 and fish & chips; B&W"
    assert clean(text).text == text


def test_less_and_greater_are_no_markup():
    text = "If a < b and b > c, the vote <of the house> counts."
    assert clean(text).text == text


def test_what_no_reader_sees_is_left_out():
    fragment = "<p>One.</p><script>if (a < b) { x() }</script><!-- two --><style>p{}</style><p>Three.</p>"
    assert without_markup(fragment) == "One.\n\nThree."


def test_text_outside_of_paragraphs_is_kept():
    assert without_markup("Zero.<p>One.</p>Two.<ul><li>a</li><li>b</li></ul>") == "Zero.\n\nOne.\n\nTwo.\n\na\n\nb"


def test_a_script_that_is_never_closed_takes_no_text_with_it():
    assert "The ferry sank." in without_markup("<p>One.</p><script><p>The ferry sank.</p>")


def test_garbled_letters_are_named_and_left():
    text = "The ministerâ€™s cafÃ©"
    assert clean(text).text == text
    assert clean(text).repairs == ("mojibake_left",)


def test_characters_that_no_text_has_are_taken_out():
    assert clean("a\0b").text == "ab"
    assert clean("a\ud800b").text == "a\ufffdb"
    assert clean("&#0;&#xD800;a").text.encode()


def test_a_title_is_one_line_of_plain_text():
    assert clean_line("  &amp;lsquo;Tea&amp;rsquo;\n<em>at</em> noon ") == "‘Tea’ at noon"


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_what_was_cleaned_can_always_be_written(text):
    cleaned = clean(text).text
    assert cleaned.encode().decode() == cleaned
    assert "\0" not in cleaned


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    ["<", "&lt;", "<!--", "<script>", "<p", "<p ", "&lt;p ", "&amp;", "<div>", "&#", "-->", "</", "\n "],
)
def test_ever_more_of_the_same_takes_time_in_proportion(unit):
    def seconds(text):
        begin = time.process_time()
        clean(text)
        return time.process_time() - begin

    small, large = (min(seconds(unit * n) for _ in range(2)) for n in (20_000, 160_000))
    assert large < max(0.2, 30 * small)


@pytest.mark.shared
def test_malay_articles_escaped_twice_come_out_as_their_paragraphs():
    path = SHARED / "malay_politics" / "awani_articles.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path} is absent; set STANCE_DATA")
    with gzip.open(path, "rt", encoding="utf-8") as handle:
        rows = [json.loads(line) for line in handle]
    assert len(rows) == 17
    for row in rows:
        cleaned = clean(row["body_raw"])
        assert "escaped_markup" in cleaned.repairs
        assert "&" not in cleaned.text.replace(" & ", "")
        assert "<" not in cleaned.text
        # the list that comes with them is cut at <br> alone, so that words are compared, not paragraphs
        own, listed = ("".join("".join(texts).split()) for texts in (cleaned.text, row["paragraphs_br"]))
        if "X-NONE" in listed:  # where that list has the comments of a word processor too
            continue
        assert all("".join(paragraph.split()) in listed for paragraph in cleaned.text.split("\n")), row["id"]
        assert len(own) == len(listed), row["id"]
