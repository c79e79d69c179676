import csv
import gzip
import json
import os
from pathlib import Path

import pytest

from toolkit.articles.near_duplicates import cluster_articles, near_duplicate_pairs
from toolkit.records import Article

SHARED = Path(os.environ.get("STANCE_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
WORDS = [f"w{n}" for n in range(400)]


def article(name, words):
    return Article(id=name, text=" ".join(words))


def test_a_copy_an_edit_and_a_part_are_told_apart():
    some = [
        article("a", WORDS[:200]),
        article("copy", WORDS[:200]),
        article("edit", [*WORDS[:170], *WORDS[300:330]]),
        article("other", WORDS[200:]),
    ]
    kinds = {row.article_id: row.kind for row in cluster_articles(some)}
    assert kinds == {"a": "exact", "copy": "exact", "edit": "near"}


def test_the_figures_of_a_pair_are_exact():
    pair = near_duplicate_pairs([article("a", WORDS[:104]), article("b", WORDS[:84])])[0]
    assert (pair.jaccard, pair.containment) == (80 / 100, 80 / 80)


def test_input_order_changes_nothing():
    some = [article("a", WORDS[:200]), article("b", WORDS[:190]), article("c", WORDS[5:200])]
    assert cluster_articles(some) == cluster_articles(some[::-1])


@pytest.mark.shared
def test_all_pairs_of_a_real_collection_are_found_and_none_is_false():
    folder = SHARED / "allsides_near_dup"
    if not folder.exists():
        pytest.skip(f"{folder} is absent; set STANCE_DATA")
    with gzip.open(folder / "docs.jsonl.gz", "rt") as handle:
        some = [Article(id=str(row["doc"]), text=row["text"]) for row in map(json.loads, handle)]
    with gzip.open(folder / "pairs_exact.csv.gz", "rt") as handle:
        rows = list(csv.DictReader(handle))
    true = {frozenset((r["a"], r["b"])) for r in rows if float(r["jaccard_w5"]) >= 0.5}
    found = {frozenset((p.a, p.b)) for p in near_duplicate_pairs(some) if p.jaccard >= 0.5}
    assert len(true) == 12
    assert found == true
