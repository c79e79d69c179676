import html
import os
import pathlib
import re
import textwrap

import msgspec
import pytest

from toolkit.files import read_bytes, read_json, read_text
from toolkit.records import Article
from toolkit.segmentation.segmenter import segment_article, segment_text

ROOT = pathlib.Path(__file__).parents[2]
DATA = pathlib.Path(os.environ.get("STANCE_DATA") or ROOT.parent / "shared/data")
SEED = DATA.parent / "seed"
PERSENT = DATA / "persent/dev.jsonl.gz"

pytestmark = pytest.mark.shared
needs_persent = pytest.mark.skipif(not PERSENT.exists(), reason=f"{PERSENT} is not there; set STANCE_DATA")
UD = DATA / "ud_paragraphs/docs.jsonl.gz"
HYPERPARTISAN = DATA / "hyperpartisan_byarticle/articles.jsonl.gz"
needs_ud = pytest.mark.skipif(not UD.exists(), reason=f"{UD} is not there; set STANCE_DATA")
needs_hyperpartisan = pytest.mark.skipif(not HYPERPARTISAN.exists(), reason=f"{HYPERPARTISAN} is not there")
needs_seed = pytest.mark.skipif(not SEED.is_dir(), reason=f"{SEED} is not there; it belongs beside STANCE_DATA")


def seed():
    """The seed's paragraphs with their roles, and the text untouched."""
    text = read_text(SEED / "article.txt")
    rows = read_json(SEED / "segments.json")
    return [(row["role"], text[row["start"] : row["end"]]) for row in rows], text, rows


def found_in(text):
    return [(p.role, p.text) for p in segment_article(Article(id="seed", text=text))]


@needs_persent
@pytest.mark.parametrize("separator", ["\n\n", "\n"])
def test_every_paragraph_of_persent_comes_back(separator):
    rows = [msgspec.json.decode(line) for line in read_bytes(PERSENT).splitlines()]
    broken = []
    for row in rows:
        paragraphs = [paragraph.strip() for paragraph in row["paragraphs"]]
        found = segment_article(Article(id=str(row["doc_id"]), text=separator.join(row["paragraphs"])))
        if [p.text for p in found] != paragraphs:
            broken.append(row["doc_id"])
    assert (len(rows), broken) == (578, [])


def rows_of(path):
    return [msgspec.json.decode(line) for line in read_bytes(path).splitlines()]


def cut(text):
    return [text[span.start : span.end] for span in segment_text(text)]


def share_exact(articles, fill, separator):
    """The share of paragraphs that come back from a text in which each is filled and all are joined."""
    right = every = 0
    for article in articles:
        pieces = [fill(paragraph) for paragraph in article]
        found = segment_text(separator.join(pieces))
        spans = {(span.start, span.end) for span in found}
        start = 0
        for piece in pieces:
            right += (start + len(piece) - len(piece.lstrip()), start + len(piece)) in spans
            start += len(piece) + len(separator)
        every += len(pieces)
    return right / every


@needs_persent
@pytest.mark.parametrize(
    ("indents", "separator", "goal"),
    [(("", ""), "\n\n", 0.99), (("    ", ""), "\n", 0.99), (("", "   "), "\n", 0.99), (("", ""), "\n", 0.85)],
)
def test_paragraphs_of_persent_come_back_from_lines_wrapped_at_72(indents, separator, goal):
    fill = textwrap.TextWrapper(72, initial_indent=indents[0], subsequent_indent=indents[1]).fill
    articles = [[p.strip() for p in row["paragraphs"] if p.strip()] for row in rows_of(PERSENT)]
    assert share_exact(articles, fill, separator) >= goal


@needs_ud
@pytest.mark.parametrize("language", ["be", "en"])
def test_paragraphs_of_universal_dependencies_come_back_from_blank_lines(language):
    articles = [row["paragraphs"] for row in rows_of(UD) if row["lang"] == language]
    broken = [a for a in articles if cut("\n\n".join(a)) != [p.strip() for p in a]]
    assert (len(articles), broken) == ({"be": 38, "en": 67}[language], [])


@needs_hyperpartisan
def test_paragraphs_that_publishers_marked_come_back_with_the_text_between_them():
    for row in rows_of(HYPERPARTISAN):
        marked = re.sub(r"(?i)</?p\b[^>]*>", "\0", re.sub(r"\s+", " ", row["body_xml"]))
        text = html.unescape(re.sub(r"<[^>]*>", "", marked)).replace("\0", "\n\n")
        found = [" ".join(piece.split()) for piece in cut(text)]
        blocks = [" ".join(block.split()) for block in text.split("\n\n")]
        assert found == [block for block in blocks if block]
        outside = re.findall(r"\w+", html.unescape(re.sub(r"<[^>]*>", "", row["text_outside_p"])))
        lost = set(outside) - set(re.findall(r"\w+", " ".join(found)))
        assert not lost, row["id"]


@needs_seed
@pytest.mark.parametrize("indents", [("    ", ""), ("", "    ")])
def test_the_seed_survives_wrapping_with_indents(indents):
    fill = textwrap.TextWrapper(72, initial_indent=indents[0], subsequent_indent=indents[1]).fill
    parts = [(role, fill(text).strip()) for role, text in seed()[0]]
    assert found_in("\n".join(fill(text) for _, text in seed()[0])) == parts


@needs_seed
@pytest.mark.parametrize(("opening", "closing", "apostrophe"), [('"', '"', "'"), ("«", "»", "’"), ("„", "“", "’")])
def test_the_seed_survives_other_quotation_marks(opening, closing, apostrophe):
    dress = str.maketrans({"“": opening, "”": closing, "’": apostrophe})
    parts = [(role, text.translate(dress)) for role, text in seed()[0]]
    assert found_in("\n\n".join(text for _, text in parts)) == parts


@needs_seed
def test_the_seed_survives_invisible_marks():
    parts, _, _ = seed()
    for mark in ("\u200b", "\u200e", "\u202a"):
        assert found_in("\n\n".join(mark + text for _, text in parts)) == [(role, mark + text) for role, text in parts]


@needs_seed
def test_the_seed_has_its_offsets_and_roles():
    _, text, rows = seed()
    found = segment_article(Article(id="seed", text=text))
    assert [(p.index, p.start, p.end, p.role) for p in found] == [
        (row["index"], row["start"], row["end"], row["role"]) for row in rows
    ]


@needs_seed
@pytest.mark.parametrize(
    "separator", ["\r\n\r\n", "\n", "\r\n", "\r", "  \n \n", "\u00a0\n\u00a0\n", "\u2028", "\u2029", "\x85\x85"]
)
def test_the_seed_is_the_same_under_every_newline_convention(separator):
    parts, _, _ = seed()
    assert found_in(separator.join(text for _, text in parts)) == parts


@needs_seed
def test_the_seed_survives_what_other_publishers_do_to_an_article():
    (caption, headline, *story), _, _ = seed()
    shouted = ("headline", headline[1].upper())
    byline = ("byline", "By Jane Doe")
    uncredited = ("caption", caption[1].split(" — ")[0])
    variants = [
        [headline, *story],
        [headline, caption, *story],
        [headline, *story, caption],
        [caption, shouted, *story],
        [caption, headline, byline, *story],
        [uncredited, headline, *story],
        story,
    ]
    for parts in variants:
        for separator in ("\n\n", "\n"):
            assert found_in(separator.join(text for _, text in parts)) == parts


@needs_seed
@pytest.mark.parametrize("width", [60, 72, 90])
def test_the_seed_survives_wrapping_at_a_margin(width):
    parts = [(role, textwrap.fill(text, width)) for role, text in seed()[0]]
    assert found_in("\n\n".join(text for _, text in parts)) == parts
