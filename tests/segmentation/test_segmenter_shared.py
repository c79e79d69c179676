import os
import pathlib
import textwrap

import msgspec
import pytest

from toolkit.files import read_bytes, read_json, read_text
from toolkit.records import Article
from toolkit.segmentation.segmenter import segment_article

ROOT = pathlib.Path(__file__).parents[2]
DATA = pathlib.Path(os.environ.get("STANCE_DATA") or ROOT.parent / "shared/data")
SEED = DATA.parent / "seed"
PERSENT = DATA / "persent/dev.jsonl.gz"

pytestmark = pytest.mark.shared
needs_persent = pytest.mark.skipif(not PERSENT.exists(), reason=f"{PERSENT} is not there; set STANCE_DATA")
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
