"""Floors under what `benchmarks/segmentation.py` measures on public articles."""

import itertools
import os
import textwrap
from pathlib import Path

import msgspec
import pytest

from toolkit.files import read_bytes
from toolkit.segmentation.lengths import sentences_of
from toolkit.segmentation.segmenter import segment_text

DATA = Path(os.environ.get("STANCE_DATA") or Path(__file__).parents[3] / "shared/data")
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} is not there; set STANCE_DATA"),
]


def rows_of(name):
    return [msgspec.json.decode(line) for line in read_bytes(DATA / name).splitlines()]


def ours(text):
    return {(span.start, span.end) for span in segment_text(text)}


def would_fit(text):
    """The rule to beat: a line with room for the first word of the next one ends a paragraph."""
    lines = text.split("\n")
    margin = max(map(len, lines))
    found, start, position = set(), 0, 0
    for line, after in itertools.pairwise([*lines, ""]):
        end = position + len(line)
        if not after or len(line) + 1 + len(after.split()[0]) <= margin:
            found.add((start, end))
            start = end + 1
        position = end + 1
    return found


def test_wrapped_lines_without_any_mark_are_cut_better_than_by_the_room_for_the_next_word():
    right, every = {ours: 0, would_fit: 0}, 0
    for row in rows_of("persent/dev.jsonl.gz"):
        pieces = [textwrap.fill(p.strip(), 72) for p in row["paragraphs"] if p.strip()]
        ends = list(itertools.accumulate(len(piece) + 1 for piece in pieces))
        meant = {(end - len(piece) - 1, end - 1) for end, piece in zip(ends, pieces, strict=True)}
        every += len(pieces)
        for rule in right:
            right[rule] += len(meant & rule("\n".join(pieces)))
    assert round(right[would_fit] / every, 2) == 0.81
    assert right[ours] / every >= 0.88


@pytest.mark.parametrize(("language", "floor"), [("be", 0.77), ("en", 0.95)])
def test_sentences_of_universal_dependencies(language, floor):
    both = found = meant = 0
    for row in rows_of("ud_paragraphs/docs.jsonl.gz"):
        for paragraph, sentences in zip(row["paragraphs"], row["sentences"], strict=True):
            if row["lang"] != language:
                continue
            gold, start = set(), 0
            for sentence in sentences:
                start = paragraph.index(sentence, start)
                gold.add((start, start + len(sentence)))
                start += len(sentence)
            spans = {(start, end) for start, end in sentences_of(paragraph, 0, len(paragraph))}
            both, found, meant = both + len(gold & spans), found + len(spans), meant + len(gold)
    assert 2 * both / (found + meant) >= floor
