"""Pages of others: the seed article as a newspaper's page, Malay and Russian articles, the benchmark."""

import gzip
import html
import importlib.util
import json
import os
import re
from pathlib import Path

import pytest

from toolkit.articles.pages.extraction import body_paragraphs, read_page
from toolkit.files import read_json, read_text

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("STANCE_DATA", ROOT.parent / "shared/data"))
SEED = DATA.parent / "seed"
MALAY = DATA / "malay_politics" / "awani_articles.jsonl.gz"
RUSSIAN = DATA / "ria_news_20" / "ria_20.jsonl"
BENCHMARK = DATA / "article_extraction_benchmark"
pytestmark = pytest.mark.shared
needs_seed = pytest.mark.skipif(not SEED.is_dir(), reason=f"{SEED} is not there; it belongs beside STANCE_DATA")
needs_malay = pytest.mark.skipif(not MALAY.exists(), reason=f"{MALAY} is not there; set STANCE_DATA")
needs_russian = pytest.mark.skipif(not RUSSIAN.exists(), reason=f"{RUSSIAN} is not there; set STANCE_DATA")
needs_benchmark = pytest.mark.skipif(not BENCHMARK.is_dir(), reason=f"{BENCHMARK} is not there; set STANCE_DATA")

PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<title>{headline} | The Selmara Gazette</title>
<meta property="og:site_name" content="The Selmara Gazette">
<meta property="article:published_time" content="2020-09-14">
<link rel="canonical" href="https://gazette.example/world/1"></head>
<body class="article-page has-sidebar">
<header><a href="/">The Selmara Gazette</a><nav><ul><li><a href="/world">World</a></li>
<li><a href="/sport">Sport</a></li></ul></nav></header><div class="layout"><article>
<ol class="breadcrumb"><li><a href="/">Home</a></li><li>World</li></ol>
<figure><img src="a.jpg" alt=""><figcaption>{caption}</figcaption></figure><h1>{headline}</h1>
<div class="share-bar"><a href="#">Share</a><a href="#">Tweet</a><span>128 shares</span></div>
<div class="story">{body}</div>
<section class="related"><h3>Related stories</h3><ul>
<li><a href="/2">Ferry runs again after a week of storms at sea</a></li>
<li><a href="/3">Mayor of Port Selm opens the new market hall on the quay</a></li></ul></section></article>
<aside class="sidebar"><h4>Most read</h4>
<p>The dyke held for another night, and the farmers went home to sleep.</p></aside>
</div><div id="comments"><p>I have been saying this for years and nobody ever listened to me about it!</p></div>
<footer><p>© The Selmara Gazette. All rights reserved. No part of this page may be printed elsewhere.</p></footer>
<script>var page = "<p>not a paragraph</p>";</script></body></html>"""
# In one article the reference has the settings of an office program, which the page holds in a comment.
OFFICE = re.compile(r"(Normal 0 false false false EN-MY X-NONE X-NONE\s*)+")
AD = '<div class="advert"><p>Advertisement</p><p>New boots for the whole family, now at half price, in town.</p></div>'


def seed():
    text = read_text(SEED / "article.txt")
    return [(row["role"], text[row["start"] : row["end"]]) for row in read_json(SEED / "segments.json")]


def seed_page(body):
    (_, caption), (_, headline) = seed()[:2]
    return PAGE.format(caption=html.escape(caption), headline=html.escape(headline), body=body)


def in_paragraphs(rows):
    parts = [f"<{'h2' if role == 'subhead' else 'p'}>{html.escape(text)}</p>" for role, text in rows]
    return "\n".join([*parts[:6], AD, *parts[6:]])


def in_breaks(rows):
    parts = [f"<b>{text}</b>" if role == "subhead" else html.escape(text) for role, text in rows]
    return "<br><br>\n".join(parts[:6]) + AD + "<br />\r\n<br />\r\n".join(parts[6:])


@needs_seed
@pytest.mark.parametrize("dress", [in_paragraphs, in_breaks])
def test_the_seed_as_a_newspapers_page_has_the_segments_and_roles_of_the_seed(dress):
    page = read_page(seed_page(dress(seed()[2:])).encode(), None)
    assert [(block.role, block.text) for block in page.blocks] == seed()
    assert all(page.text[block.start : block.end] == block.text for block in page.blocks)
    assert (page.outlet, page.published, page.language) == ("The Selmara Gazette", "2020-09-14", "en")
    assert page.url == "https://gazette.example/world/1"


def squeezed(text):
    return re.sub(r"\s+", "", text)


@needs_malay
def test_malay_articles_that_were_escaped_twice_come_out_in_paragraphs():
    with gzip.open(MALAY, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    assert len(rows) == 17
    for row in rows:
        page = read_page(row["body_raw"], None)
        assert len(page.blocks) >= len(row["paragraphs_br"]) - 1, row["id"]
        assert not re.search(r"&\w+;|<|\n\n", "".join(block.text for block in page.blocks))
        whole = squeezed(OFFICE.sub("", "".join(row["paragraphs_br"])))
        assert all(squeezed(block.text) in whole for block in page.blocks)
        assert any(block.text.endswith("BERNAMA") for block in page.blocks) == whole.endswith("BERNAMA")


@needs_russian
def test_russian_articles_come_out_paragraph_by_paragraph():
    for row in map(json.loads, RUSSIAN.read_text(encoding="utf-8").splitlines()):
        marked = re.findall(r"<p>(.*?)</p>", row["text"], re.DOTALL)
        texts = [" ".join(html.unescape(re.sub(r"<[^>]*>", "", text)).split()) for text in marked]
        found = [block.text for block in read_page(row["text"], None).blocks]
        assert [text for text in found if text in texts] == [text for text in texts if text], row["id"]


@needs_benchmark
def test_the_benchmark_stays_above_its_floor():
    spec = importlib.util.spec_from_file_location("bench_pages", ROOT / "benchmarks" / "pages.py")
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    pages, gold, _ = bench.load()
    counts = bench._counts({key: body_paragraphs(read_page(page, None)) for key, page in pages.items()}, gold, [*pages])
    assert bench.shingle_f1(counts["shingles"]) > 0.95
    assert bench.micro_f1(counts["paragraphs"]) > 0.88
