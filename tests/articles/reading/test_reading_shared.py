"""Public articles through `ingest`: nothing lost, nothing left escaped; the seed article in every dress."""

import gzip
import html
import importlib.util
import json
import os
import re
import textwrap
from pathlib import Path

import pytest

from toolkit.articles.reading.normalise import clean
from toolkit.files import read_json, read_text
from toolkit.segmentation.segmenter import segment_article

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("STANCE_DATA") or ROOT.parent / "shared/data")
SEED = DATA.parent / "seed"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} is not there; set STANCE_DATA"),
]
needs_seed = pytest.mark.skipif(not SEED.is_dir(), reason=f"{SEED} is not there; it belongs beside STANCE_DATA")
LEFT_OVER = re.compile(r"<[a-z/!]|&(?:lt|gt|amp|nbsp|quot|[lr][sd]quo|#\d+);", re.IGNORECASE)


def rows_of(name):
    path = DATA / name
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def words(text):
    return re.findall(r"\w+", text)


# --- public articles -------------------------------------------------------------------------------------------------


def test_russian_agency_stories_come_in_as_their_paragraphs(take):
    read = take(DATA / "ria_news_20/ria_20.jsonl")
    assert (len(read.articles), read.dropped) == (20, [])
    for row, article in zip(rows_of("ria_news_20/ria_20.jsonl"), read.articles, strict=True):
        assert (article.id, article.language) == (str(row["id"]), "ru")
        assert article.origin in ("ria", "r_sport")
        assert not LEFT_OVER.search(article.text)
        marked = [html.unescape(re.sub(r"<[^>]*>", "", text)) for text in re.findall(r"(?s)<p>(.*?)</p>", row["text"])]
        found = [" ".join(p.text.split()) for p in segment_article(article)]
        meant = [" ".join(text.split()) for text in marked if text.strip()]
        assert [text for text in found if text in meant] == meant
        assert "".join(words("".join(found))) == "".join(words(html.unescape(re.sub(r"<[^>]*>", " ", row["text"]))))


def test_malay_articles_that_were_escaped_twice_come_in_as_their_paragraphs(take):
    path = DATA / "malay_politics/awani_articles.jsonl.gz"
    read = take(path, columns={"text": "body_raw", "published": "date", "topic": "category"})
    rows = {str(row["id"]): row for row in reversed(rows_of("malay_politics/awani_articles.jsonl.gz"))}
    assert (len(read.articles), read.reasons) == (15, ["same_again"] * 2)
    for article in read.articles:
        row = rows[article.id]
        assert "escaped_markup" in article.meta["repairs"]
        assert (article.language, article.published[:10]) == ("ms", row["date"][:10])
        assert not LEFT_OVER.search(article.text)
        listed = "".join(words("".join(row["paragraphs_br"])))
        texts = [p.text for p in segment_article(article)]
        assert len(texts) >= 4
        if "XNONE" not in listed:  # where that list has the comments of a word processor too
            assert "".join(words("".join(texts))) == listed
        signed = re.search(r"--? ?BERNAMA\W*$", article.text.strip())
        assert article.origin == ("bernama" if signed else None)


def test_paragraphs_of_a_body_in_xml_come_in_with_the_text_outside_them():
    for row in rows_of("hyperpartisan_byarticle/articles.jsonl.gz"):
        cleaned = clean(row["body_xml"]).text
        squeezed = "".join(words(cleaned))
        blocks = {" ".join(block.split()) for block in re.split(r"\n\s*\n", cleaned)}
        for paragraph in row["paragraphs"]:
            plain = clean(paragraph).text  # some are escaped twice
            if " ".join(plain.split()) not in blocks:
                assert "".join(words(plain)) in squeezed, row["id"]
        outside = words(clean(row["text_outside_p"]).text)
        assert not set(outside) - set(words(cleaned)), row["id"]


# --- the seed article in its dresses ---------------------------------------------------------------------------------


def seed():
    text = read_text(SEED / "article.txt")
    return [(row["role"], text[row["start"] : row["end"]]) for row in read_json(SEED / "segments.json")]


def dressed(parts, separator="\n\n", fill=str):
    filled = [(role, fill(text)) for role, text in parts]
    return separator.join(text for _, text in filled), [(role, text.strip()) for role, text in filled]


def with_marks(opening, closing, apostrophe):
    dress = str.maketrans({"“": opening, "”": closing, "’": apostrophe})
    return [(role, text.translate(dress)) for role, text in seed()]


def dresses():
    """Each dress: the text as a publisher has it, the roles and paragraphs that must come out, and how many."""
    caption, headline, *story = parts = seed()
    wrapped = textwrap.TextWrapper(72).fill
    return {
        "as it is": (dressed(parts), 16),
        "carriage returns": (dressed(parts, "\r\n\r\n"), 16),
        "one newline": (dressed(parts, "\n"), 16),
        "trailing spaces": (dressed(parts, "  \n \t\n"), 16),
        "hard-wrapped, blank lines": (dressed(parts, "\n\n", wrapped), 16),
        "hard-wrapped, first lines indented": (dressed(parts, "\n", textwrap.TextWrapper(72, "    ").fill), 16),
        "hard-wrapped, other lines indented": (dressed(parts, "\n", textwrap.TextWrapper(72, "", "    ").fill), 16),
        "caption at the end": (dressed([headline, *story, caption]), 16),
        "without caption": (dressed([headline, *story]), 15),
        "straight quotes": (dressed(with_marks('"', '"', "'")), 16),
        "guillemets": (dressed(with_marks("«", "»", "’")), 16),
        "upper-case headline": (dressed([caption, ("headline", headline[1].upper()), *story]), 16),
        "line separators": (dressed(parts, "\u2028"), 16),
        "with a byline": (dressed([caption, headline, ("byline", "By Jane Doe"), *story]), 17),
    }


@needs_seed
@pytest.mark.parametrize("name", dresses() if SEED.is_dir() else ["absent"])
@pytest.mark.parametrize("kind", ["txt", "jsonl"])
def test_the_seed_comes_in_and_is_cut_right_in_every_dress(name, kind, tmp_path, take):
    (text, expected), count = dresses()[name]
    raw = text if kind == "txt" else json.dumps({"text": text})
    (tmp_path / f"seed.{kind}").write_bytes(raw.encode())
    (article,) = take(tmp_path).articles
    assert article.text == text
    found = segment_article(article)
    assert [(p.role, p.text) for p in found] == expected
    assert len(found) == count
    assert all(text[p.start : p.end] == p.text for p in found)
    assert (article.language, article.origin) == ("en", "reuters")


@needs_seed
@pytest.mark.parametrize("dress", ["in_paragraphs", "in_breaks"])
def test_the_seed_as_a_newspapers_page_comes_in_and_is_cut_right(dress, tmp_path, take):
    spec = importlib.util.spec_from_file_location("pages_shared", ROOT / "tests/articles/pages/test_pages_shared.py")
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    page = pages.seed_page(getattr(pages, dress)(seed()[2:]))
    for part in ("<nav>", 'class="advert"', 'class="related"', 'class="share-bar"', "<footer>"):
        assert part in page
    assert ("<br" in page) is (dress == "in_breaks")
    (tmp_path / "seed.html").write_text(page, encoding="utf-8")
    (article,) = take(tmp_path).articles
    found = segment_article(article)
    assert [(p.role, p.text) for p in found] == seed()
    assert all(article.text[p.start : p.end] == p.text for p in found)
    assert (article.title, article.outlet, article.published) == (seed()[1][1], "The Selmara Gazette", "2020-09-14")
