"""How often `detect_language` is right, by the length of what it is given.

    python benchmarks/languages.py [--misses] [--json languages.json]

Public texts whose language is known: UD (Belarusian, English), RIA (Russian), Awani (Malay), PerSenT and Hyperpartisan
(English), ParlaMint (Hungarian). Of each article the whole, its title, and its first words. Languages that are taken
for each other: `languages_sample.toml`, twelve sentences of our own in each, alone and by threes.
"""

import argparse
import json
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from news_corpus import _rows, articles
from origins import share, told_range

from toolkit.articles.languages import detect_language

KNOWN = {"persent": "en", "hyperpartisan": "en", "ria": "ru", "malay": "ms"}
WORDS = (40, 20, 10, 5)
SPEECHES = 300
SAMPLE = Path(__file__).with_name("languages_sample.toml")


def texts() -> Iterator[tuple[str, str, str, str]]:
    """Source, language, title and text."""
    found = articles()
    for source, language in KNOWN.items():
        for article in found[source]:
            yield source, language, article.title, article.text
    languages = {row["id"]: row["lang"] for row in _rows("ud_paragraphs/docs.jsonl.gz")}
    for article in found["ud"]:
        yield "ud", languages[article.id], article.title, article.text
    for row in _rows("parlamint_gov_opp/hu.jsonl.gz")[:SPEECHES]:
        yield "parlamint", "hu", "", "\n".join(row["paragraphs"])


def cuts(title: str, text: str) -> Iterator[tuple[str, str]]:
    """What the detector is given, by name."""
    yield "whole text", text
    if title.strip():
        yield "title", title
    words = text.split()
    for count in WORDS:
        if len(words) >= count:
            yield f"first {count} words", " ".join(words[:count])


def confusions() -> dict:
    """What our own sentences are told as, alone and three at a time."""
    facts: dict = {}
    for language, lines in tomllib.loads(SAMPLE.read_text(encoding="utf-8")).items():
        threes = [" ".join(lines[n : n + 3]) for n in range(len(lines) - 2)]
        for name, some in (("sentences", lines), ("three sentences", threes)):
            counts = Counter(detect_language(text) or "none" for text in some)
            facts.setdefault(name, {})[language] = dict(counts.most_common())
            print(f"{name:15} {language} told as {dict(counts.most_common())}")
    return facts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    told: dict[str, dict[str, Counter]] = {}
    for source, language, title, text in texts():
        for name, some in cuts(title, text):
            got = detect_language(some) or "none"
            told.setdefault(name, {}).setdefault(language, Counter())[got] += 1
            if given.misses and got != language:
                print(f"{name}: {source}: {language} told as {got}: {some[:80]!r}")
    facts: dict = {}
    for name in ("whole text", *(f"first {count} words" for count in WORDS), "title"):
        for language, counts in told[name].items():
            fact = share(counts[language], counts.total())
            wrong = {got: n for got, n in counts.most_common() if got not in (language, "none")}
            facts.setdefault(name, {})[language] = {**fact, "none": counts["none"], "wrong": wrong}
            print(f"{name:15} {language} {told_range(fact)}; none told {counts['none']}; wrong {wrong}")
    facts["confusions"] = confusions()
    if given.json:
        given.json.write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
