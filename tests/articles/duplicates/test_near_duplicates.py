import csv
import gzip
import json
import os
import random
from itertools import combinations
from pathlib import Path

import pytest

from toolkit.articles.duplicates.clusters import cluster_articles, near_duplicate_pairs, shingles
from toolkit.records import Article

SHARED = Path(os.environ.get("STANCE_DATA", Path(__file__).parents[3] / ".." / "shared" / "data"))
WORDS = [f"w{n}" for n in range(400)]


def article(name, words):
    return Article(id=name, text=" ".join(words))


def prose(seed, count):
    """Words as no other seed has them in this order."""
    return random.Random(seed).choices(WORDS, k=count)  # noqa: S311 - a fixed text


def clusters(articles):
    found = {}
    for row in cluster_articles(articles):
        found.setdefault(row.cluster, set()).add(row.article_id)
    return sorted(map(sorted, found.values()))


def test_a_copy_an_edit_and_a_part_are_told_apart():
    some = [
        article("a", WORDS[:200]),
        article("copy", WORDS[:200]),
        article("edit", [*WORDS[:170], *WORDS[300:330]]),
        article("other", WORDS[200:]),
        article("part", WORDS[220:260]),
    ]
    kinds = {row.article_id: row.kind for row in cluster_articles(some)}
    assert kinds == {"a": "exact", "copy": "exact", "edit": "near", "other": "contained", "part": "contained"}


def test_the_figures_of_a_pair_are_exact():
    pair = near_duplicate_pairs([article("a", WORDS[:104]), article("b", WORDS[:84])])[0]
    assert (pair.jaccard, pair.containment) == (80 / 100, 80 / 80)


def test_pairs_and_figures_are_those_of_comparing_all_with_all():
    draw = random.Random(1)  # noqa: S311
    some = []
    for n in range(30):
        base = prose(n, 150)
        some += [article(f"{n:02}", base), article(f"{n:02}cut", base[: draw.randrange(60, 150)])]
    sets = {a.id: shingles(a.text) for a in some}
    expected = {}
    for a, b in combinations(sorted(sets), 2):
        shared = len(sets[a] & sets[b])
        jaccard, containment = shared / len(sets[a] | sets[b]), shared / min(len(sets[a]), len(sets[b]))
        if jaccard >= 0.5 or containment >= 0.8:
            expected[a, b] = (jaccard, containment)
    assert {(p.a, p.b): (p.jaccard, p.containment) for p in near_duplicate_pairs(some)} == expected
    assert len(expected) == 30


def test_a_brief_is_found_in_a_report_forty_times_as_long():
    long = {n: prose(n, 2000) for n in range(20)}
    some = [article(f"report{n}", words) for n, words in long.items()]
    some += [article(f"brief{n}", words[700:750]) for n, words in long.items()]
    assert clusters(some) == sorted([f"brief{n}", f"report{n}"] for n in long)


def test_the_threshold_is_the_callers():
    some = [article("a", WORDS[:204]), article("b", [*WORDS[:104], *WORDS[300:400]])]
    jaccard = 100 / 300
    assert near_duplicate_pairs(some) == []
    assert [pair.jaccard for pair in near_duplicate_pairs(some, 0.3)] == [jaccard]


def test_input_order_changes_nothing():
    some = [article("a", WORDS[:200]), article("b", WORDS[:190]), article("c", WORDS[5:200])]
    assert cluster_articles(some) == cluster_articles(some[::-1])


def test_unrelated_articles_change_no_cluster():
    some = [article("m", WORDS[:200]), article("n", WORDS[:190]), article("p", WORDS[50:120])]
    others = [article(f"{name}{n}", prose(f"{name}{n}", 120)) for name in "az" for n in range(50)]
    assert cluster_articles([*others, *some]) == cluster_articles(some)


def test_texts_without_words_are_in_no_cluster():
    assert cluster_articles([article("a", []), article("b", ["—"]), article("c", [])]) == []
    assert cluster_articles([]) == []


def test_a_shared_caption_chains_no_stories():
    caption = prose("caption", 120)
    some = [article(f"{n:03}", [*prose(n, 40 + n), *caption]) for n in range(200)]
    alone = [article("caption", caption), article("caption again", caption)]
    assert clusters(some) == []
    assert clusters([*some, *alone]) == [["caption", "caption again"]]


def test_a_caption_hides_no_duplicate():
    caption = prose("caption", 120)
    some = [article(f"{n:03}", [*prose(n, 100), *caption]) for n in range(40)]
    again = article("copy", [*prose(7, 90), *caption])
    assert clusters([*some, again]) == [["007", "copy"]]


@pytest.mark.parametrize("outlets", [3, 8, 30, 150])
def test_wire_copy_ends_in_one_cluster_however_many_print_it(outlets):
    wire = prose("wire", 300)
    printed = []
    for n in range(outlets):
        draw = random.Random(n)  # noqa: S311
        words = [word if draw.random() > 0.02 else f"edit{n}" for word in wire[: draw.randrange(200, 301)]]
        printed.append(article(f"{n:03}", [f"outlet{n}", "reports", *words]))
    others = [article(f"x{n}", prose(n, 300)) for n in range(50)]
    assert clusters([*printed, *others]) == [[a.id for a in printed]]


@pytest.mark.parametrize(
    "text",
    [
        "渡轮在星期一回到港口，比预定时间晚了一个小时，船上只坐了一半的人，码头上响起了掌声。九年来没有人再等待它。",
        "เรือข้ามฟากกลับมาในวันจันทร์ ช้าไปหนึ่งชั่วโมงและมีคนเพียงครึ่งลำ ท่ามกลางเสียงปรบมือจากท่าเรือ ไม่มีใครรออีกแล้ว",
        "フェリーは月曜日に一時間遅れて港に戻り、船には半分しか人が乗っていなかったが、岸壁からは拍手が起こった。",
    ],
)
def test_scripts_without_spaces_are_compared_by_characters(text):
    edited = text[:20] + text[22:]
    other = text[::-1]
    pairs = near_duplicate_pairs([Article(id=n, text=t) for n, t in (("a", text), ("b", edited), ("c", other))])
    assert [(pair.a, pair.b, pair.kind) for pair in pairs] == [("a", "b", "near")]


@pytest.mark.shared
def test_all_pairs_of_a_real_collection_are_found_and_none_is_false():
    folder = SHARED / "allsides_near_dup"
    if not folder.exists():
        pytest.skip(f"{folder} is absent; set STANCE_DATA")
    with gzip.open(folder / "docs.jsonl.gz", "rt") as handle:
        some = [Article(id=str(row["doc"]), text=row["text"]) for row in map(json.loads, handle)]
    with gzip.open(folder / "pairs_exact.csv.gz", "rt") as handle:
        rows = list(csv.DictReader(handle))
    pairs = near_duplicate_pairs(some)
    for threshold, count in ((0.5, 12), (0.8, 9)):
        true = {frozenset((r["a"], r["b"])) for r in rows if float(r["jaccard_w5"]) >= threshold}
        found = {frozenset((p.a, p.b)) for p in pairs if p.jaccard >= threshold}
        assert len(true) == count
        assert found == true
