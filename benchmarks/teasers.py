"""How many teasers `ingest` knows, and how many whole articles it would leave out as such.

    python benchmarks/teasers.py [--misses] [--json teasers.json]

The teasers are our own (`teasers_sample.toml`: six languages, ten dresses, and whole reports of a few sentences): they
test the rules, which were mended on them, and measure nothing. What is measured is the share of complete public
articles that the rules would drop; those that they do drop are printed, to be read.
"""

import argparse
import json
import tomllib
from pathlib import Path

from news_corpus import articles
from origins import share, told_range

from toolkit.articles.languages import count_words
from toolkit.articles.teasers import teaser_sign

SAMPLE = Path(__file__).with_name("teasers_sample.toml")
TEASERS_READ = {  # those of the public articles that the rules name and that are teasers when they are read
    ("hyperpartisan", "0000021"),
    ("hyperpartisan", "0000084"),
    ("hyperpartisan", "0000124"),
}
SHORT = 200  # words: longer texts are never asked


def teasers(texts: dict[str, str]) -> dict[str, str]:
    """The ten dresses of a language: eight sentences below a lead, and two that break off."""
    walls = {name: f"{texts['lead']}\n\n{text}" for name, text in texts.items() if name not in ("lead", "cut", "whole")}
    return walls | {"breaks off …": texts["cut"] + "…", "breaks off [...]": texts["cut"] + " [...]"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    facts: dict = {"languages": {}}
    for language, texts in tomllib.loads(SAMPLE.read_text(encoding="utf-8")).items():
        dressed = teasers(texts)
        missed = [name for name, text in dressed.items() if not teaser_sign(text)]
        wrong = [text for text in texts["whole"] if teaser_sign(text)]
        facts["languages"][language] = {
            "known": len(dressed) - len(missed),
            "teasers": len(dressed),
            "missed": missed,
            "whole": 3,
            "whole_dropped": wrong,
        }
        print(f"{language}: {len(dressed) - len(missed)} of {len(dressed)} teasers, {len(wrong)} of 3 whole reports")
        if given.misses:
            print("   ", missed, wrong)
    every = [(source, article) for source, found in articles().items() for article in found]
    whole = [(source, article) for source, article in every if (source, article.id) not in TEASERS_READ]
    short = [(source, article) for source, article in whole if count_words(article.text, SHORT) < SHORT]
    for name, some in (("whole articles dropped", whole), ("of fewer than 200 words", short)):
        dropped = [(source, article.id) for source, article in some if teaser_sign(article.text)]
        facts[name] = share(len(dropped), len(some))
        print(f"{name}: {told_range(facts[name])} {dropped}")
    read = [a for source, a in every if (source, a.id) in TEASERS_READ]
    facts["public teasers known"] = {"known": sum(bool(teaser_sign(a.text)) for a in read), "read": len(read)}
    print(f"teasers among them, known: {facts['public teasers known']}")
    if given.json:
        given.json.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
