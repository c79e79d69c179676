import gzip
import json
import os
import tomllib
from pathlib import Path

import pytest

from toolkit.articles.languages import detect_language, language_code
from toolkit.files import read_jsonl
from toolkit.records import Article

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("STANCE_DATA") or ROOT / ".." / "shared" / "data")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The government said on Tuesday that it would raise the harbour tax again.", "en"),
        ("Kerajaan mengumumkan pada hari Selasa bahawa cukai pelabuhan akan dinaikkan lagi oleh menteri.", "ms"),
        ("Правительство заявило во вторник, что снова повысит портовый налог.", "ru"),
        ("Урад заявіў у аўторак, што зноў павысіць партовы падатак.", "be"),
        ("Уряд заявив у вівторок, що знову підвищить портовий податок.", "uk"),
        ("El Gobierno dijo el martes que volverá a subir el impuesto portuario.", "es"),
        ("El Govern ha dit aquest dimarts que tornarà a apujar l’impost portuari als vaixells.", "ca"),
        ("Die Regierung erklärte am Dienstag, dass sie die Hafensteuer wieder erhöhen werde.", "de"),
        ("Le gouvernement a déclaré mardi qu’il augmenterait de nouveau la taxe portuaire.", "fr"),
        ("政府は火曜日に港湾税を再び引き上げると発表した。", "ja"),
        ("政府星期二表示将再次提高港口税。", "zh"),
    ],
)
def test_a_sentence_tells_its_language(text, language):
    assert detect_language(text) == language


@pytest.mark.parametrize("text", ["", "   ", "OK", "12 : 30", "—"])
def test_of_next_to_nothing_no_language_is_told(text):
    assert detect_language(text) is None


def test_the_sample_is_english():
    assert {detect_language(article.text) for article in read_jsonl(ROOT / "data/raw/sample.jsonl", Article)} == {"en"}


def test_a_tag_of_any_kind_is_two_letters():
    assert [language_code(tag) for tag in ("en", "EN-gb", "pt_BR", "msa", "ca", None)] == [
        "en",
        "en",
        "pt",
        "ms",
        "ca",
        None,
    ]


@pytest.mark.shared
def test_public_articles_in_four_languages():
    """Measured 2026-11-24: all of 578 English, 105 English and Belarusian, 17 Malay, 20 Russian articles but 3."""
    if not SHARED.exists():
        pytest.skip(f"{SHARED} is absent; set STANCE_DATA")

    def rows(name):
        with gzip.open(SHARED / name, "rt", encoding="utf-8") as handle:
            return [json.loads(line) for line in handle]

    told = [("en", detect_language("\n".join(row["paragraphs"]))) for row in rows("persent/dev.jsonl.gz")]
    told += [
        (row["lang"], detect_language("\n".join(row["paragraphs"]))) for row in rows("ud_paragraphs/docs.jsonl.gz")
    ]
    told += [
        ("ms", detect_language("\n".join(row["paragraphs_br"])))
        for row in rows("malay_politics/awani_articles.jsonl.gz")
    ]
    lines = (SHARED / "ria_news_20" / "ria_20.jsonl").read_text(encoding="utf-8").splitlines()
    told += [("ru", detect_language(json.loads(line)["text"])) for line in lines]
    wrong = [pair for pair in told if pair[0] != pair[1]]
    assert len(told) == 720
    assert len(wrong) <= 3, wrong


SAMPLE = tomllib.loads((ROOT / "benchmarks/languages_sample.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", SAMPLE)
def test_neighbours_are_told_apart_by_three_sentences_and_hardly_mistaken_by_one(language):
    lines = SAMPLE[language]
    threes = [detect_language(" ".join(lines[n : n + 3])) for n in range(len(lines) - 2)]
    assert threes.count(language) >= len(threes) - 2
    alone = [detect_language(line) for line in lines]
    assert sum(code not in (language, None) for code in alone) <= 2


@pytest.mark.parametrize(
    "text", ["Trump rally live", "Nadal, Murray exit Queen's", "SNL: Cold Open Takes Shots at Franken"]
)
def test_a_language_has_a_code_of_two_letters(text):
    code = detect_language(text)
    assert code is None or len(code) == 2
