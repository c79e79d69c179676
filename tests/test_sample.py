"""What the sample corpus promises."""

import itertools
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from toolkit.articles.duplicates.clusters import cluster_articles, shingles
from toolkit.articles.reading.reader import read_articles
from toolkit.baselines.evaluation import score
from toolkit.baselines.rows import TextRow
from toolkit.baselines.training import train_baseline
from toolkit.codebook import read_codebook
from toolkit.files import read_jsonl
from toolkit.records import Intended
from toolkit.segmentation.segmenter import segment_article

ROOT = Path(__file__).parents[1]
LABELS = ("pro_government", "neutral", "opposition")
CHANGE = "2024-07-03"


@pytest.fixture(scope="module")
def articles():
    return {article.id: article for article in read_articles([ROOT / "data/raw/sample.jsonl"])}


@pytest.fixture(scope="module")
def intended():
    return read_jsonl(ROOT / "data/raw/sample.intended.jsonl", Intended)


@pytest.fixture(scope="module")
def rows(articles, intended):
    """The paragraphs that are asked, as a baseline sees them."""
    return [
        TextRow(
            id=f"{row.article_id}:{row.start}",
            text=articles[row.article_id].text[row.start : row.end],
            label=row.answers["stance"],
            cluster=row.article_id,
            group=row.article_id,
        )
        for row in intended
        if row.answers
    ]


def test_it_is_large_and_mixed_enough(articles, intended):
    assert len(articles) >= 60
    assert sum(row.role == "body" for row in intended) >= 450
    assert len({article.outlet for article in articles.values()}) >= 6
    assert {article.country for article in articles.values()} == {"XS"}
    genres = {article.meta["genre"] for article in articles.values()}
    assert genres >= {"news", "analysis", "opinion", "press_release", "interview", "wire"}
    dates = sorted(article.published for article in articles.values())
    assert (dates[0][:7], dates[-1][:7]) == ("2024-01", "2024-12")
    assert 20 <= sum(date < CHANGE for date in dates) <= len(dates) - 20


def test_each_off_scale_label_is_meant_often_enough(intended):
    meant = Counter(row.answers.get("stance") for row in intended if row.answers)
    assert meant["mixed"] >= 12
    assert meant["not_applicable"] >= 12


def test_intended_answers_hold_by_the_codebook(intended):
    book = read_codebook(ROOT / "schemas/stance.toml")
    assert [row for row in intended if row.answers and book.problem_with(row.answers)] == []


def test_the_roles_of_paragraphs_are_those_that_were_meant(articles, intended):
    meant = {(row.article_id, row.start, row.end): row.role for row in intended}
    found = {(p.article_id, p.start, p.end): p.role for article in articles.values() for p in segment_article(article)}
    assert set(found) == set(meant)
    assert sum(found[key] == role for key, role in meant.items()) >= 0.99 * len(meant)


def test_unrelated_articles_share_few_word_5_grams(articles):
    wire = {row.article_id for row in cluster_articles(list(articles.values()))}
    assert len(wire) == 2
    grams = {name: shingles(article.text) for name, article in articles.items()}
    for a, b in itertools.combinations(grams, 2):
        if {a, b} != wire:
            assert len(grams[a] & grams[b]) <= 0.1 * min(len(grams[a]), len(grams[b])), (a, b)


@pytest.mark.slow
def test_the_text_tells_more_than_the_majority_and_not_everything_and_the_outlet_tells_less(articles, rows):
    facts = train_baseline(rows, LABELS, None, seed=1).facts
    majority, text = (rung.cross_validated.macro_f1.value for rung in facts.rungs)
    assert majority + 0.08 <= text <= 0.75
    labelled = [row for row in rows if row.label in LABELS]
    by_outlet = _outlet_rule(labelled, {row.id: articles[row.group].outlet for row in labelled})
    outlet = score([r.label for r in labelled], by_outlet, [r.cluster for r in labelled], LABELS, None, 1)
    assert outlet.macro_f1.value < text


def _outlet_rule(rows, outlet_of):
    """For each row the commonest label of its outlet's other articles."""
    predicted = []
    for row in rows:
        others = Counter(r.label for r in rows if outlet_of[r.id] == outlet_of[row.id] and r.group != row.group)
        predicted.append(max(LABELS, key=lambda label: others[label]))
    return predicted


def test_quotation_marks_and_names_are_those_of_print(articles):
    text = "\n".join(article.text for article in articles.values())
    assert not re.search(r'["\']', text)


def test_every_line_is_one_article_with_the_fields_that_a_campaign_needs(articles):
    for line in (ROOT / "data/raw/sample.jsonl").read_text().splitlines():
        row = json.loads(line)
        assert all(row[name] for name in ("id", "text", "title", "url", "outlet", "origin", "published", "topic"))
    assert len({article.url for article in articles.values()}) == len(articles)
