"""The readings by hand hold ids and offsets only, and point into the texts that they name."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
READINGS = sorted((ROOT / "benchmarks").glob("quotes_reading_*.jsonl"))
FIELDS = {"start": int, "end": int, "speaker": list | None, "verb": list | None, "scare": bool, "continued": bool}


@pytest.fixture(params=READINGS, ids=lambda path: path.stem)
def rows(request):
    return [json.loads(line) for line in request.param.read_text(encoding="utf-8").splitlines()]


def test_at_least_two_hundred_paragraphs_are_read_once_each(rows):
    assert len({(row["source"], row["article"], row["start"]) for row in rows}) == len(rows) >= 200


def test_a_reading_holds_offsets_and_no_text(rows):
    for row in rows:
        assert set(row) == {"source", "article", "start", "end", "quotes"}
        for quote in row["quotes"]:
            assert set(quote) == set(FIELDS)
            assert all(isinstance(quote[field], kind) for field, kind in FIELDS.items())


def test_what_is_read_lies_in_its_paragraph_in_order(rows):
    for row in rows:
        end = row["start"]
        for quote in row["quotes"]:
            assert end <= quote["start"] < quote["end"] <= row["end"]
            end = quote["end"]
            for span in (quote["speaker"], quote["verb"]):
                assert span is None or row["start"] <= span[0] < span[1] <= row["end"]
            assert not (quote["scare"] and (quote["speaker"] or quote["verb"]))


def test_the_paragraphs_of_the_sample_are_those_of_its_articles(rows):
    lines = (ROOT / "data/raw/sample.jsonl").read_text(encoding="utf-8").splitlines()
    texts = {article["id"]: article["text"] for article in map(json.loads, lines)}
    for row in rows:
        if row["source"] == "sample":
            text = texts[row["article"]]
            assert text[row["start"] : row["end"]].strip() == text[row["start"] : row["end"]]
            assert text[row["end"] : row["end"] + 1] in ("", "\n")
