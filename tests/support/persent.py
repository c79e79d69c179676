"""PerSenT: public articles with a target person, and a codebook that asks for sentiment and knows no stance."""

import gzip
import json
import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("STANCE_DATA") or Path(__file__).parents[2] / ".." / "shared" / "data")

BOOK = """
name = "persent"
version = "1"
title.en = "Sentiment towards a person"
[[questions]]
name = "sentiment"
text.en = "What does the author of this paragraph feel towards {target}?"
required = true
labels = [
  { name = "positive", title.en = "Positive", scale = 1, hotkey = "1" },
  { name = "neutral", title.en = "Neutral", scale = 0, hotkey = "2" },
  { name = "negative", title.en = "Negative", scale = -1, hotkey = "3" },
  { name = "cannot_say", title.en = "Cannot say", no_answer = true, hotkey = "4" },
]
"""


def needed(name):
    """A file of the public data; without it the test is skipped."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is absent; set STANCE_DATA")
    return path


def persent_files(path):
    """All articles, and the labels of those of which each paragraph has one and the release is sound."""
    articles, intended = [], []
    with gzip.open(path, "rt") as handle:
        for number, row in enumerate(map(json.loads, handle)):
            name, start = f"persent-{number}", 0
            articles.append(
                {
                    "id": name,
                    "text": "\n".join(row["paragraphs"]),
                    "title": row["title"] or "",
                    "meta": {"person": row["target"]},
                }
            )
            sound = (
                row["aligned"]
                and len(row["paragraphs"]) == len(row["paragraph_labels"])
                and all(row["paragraph_labels"])
            )
            for text, label in zip(row["paragraphs"], row["paragraph_labels"], strict=False):
                if sound:
                    answers = {"sentiment": label.lower()}
                    intended.append({"article_id": name, "start": start, "end": start + len(text), "answers": answers})
                start += len(text) + 1
    return articles, intended
