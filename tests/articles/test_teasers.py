import tomllib
from pathlib import Path

import pytest

from toolkit.articles.teasers import teaser_sign
from toolkit.files import read_jsonl
from toolkit.records import Article

ROOT = Path(__file__).parents[2]
SAMPLE = tomllib.loads((ROOT / "benchmarks/teasers_sample.toml").read_text(encoding="utf-8"))
WALLS = [
    (language, name) for language, texts in SAMPLE.items() for name in texts if name not in ("lead", "cut", "whole")
]


@pytest.mark.parametrize(("language", "name"), WALLS)
def test_a_sentence_that_asks_for_more_makes_a_teaser(language, name):
    texts = SAMPLE[language]
    assert teaser_sign(f"{texts['lead']}\n\n{texts[name]}")
    assert teaser_sign(f"{texts['lead']}\n{texts[name]}\n\n© The Chronicle")
    assert not teaser_sign(texts["lead"])
    assert not teaser_sign(f"{texts['lead']}\n\n" * 10 + texts[name])


@pytest.mark.parametrize("language", SAMPLE)
@pytest.mark.parametrize("end", ["…", "...", " …", " [...]", " [ … ]"])
def test_a_text_that_breaks_off_is_a_teaser(language, end):
    assert teaser_sign(SAMPLE[language]["cut"] + end)
    assert teaser_sign(SAMPLE[language]["cut"] + end + "\n\n") == teaser_sign(SAMPLE[language]["cut"] + end)


@pytest.mark.parametrize("language", SAMPLE)
def test_a_short_report_is_none_even_if_it_speaks_of_readers_and_subscribers(language):
    assert [text for text in SAMPLE[language]["whole"] if teaser_sign(text)] == []


def test_no_article_of_the_sample_is_a_teaser():
    assert [a.id for a in read_jsonl(ROOT / "data/raw/sample.jsonl", Article) if teaser_sign(a.text)] == []


@pytest.mark.parametrize(
    "wall",
    [
        "This article is for paying members",
        "To continue, create a free account",
        "Чтобы продолжить, подпишитесь",
        "Каб працягнуць, падпішыцеся",
        "Лише для передплатників",
        "Jetzt weiterlesen",
        "Nur für Abonnenten",
        "Contenu réservé aux abonnés",
        "Il vous reste 82,3 % de cet article à lire",
        "Langgan sekarang",
        "You have reached the monthly limit of free stories.",
    ],
)
def test_the_quick_look_hides_no_sentence(wall):
    assert teaser_sign(f"The cabinet met on Monday.\n\n{wall}")
