"""Sentence splitters that the segmenter is measured against; runs in an environment of their own.

`python segmentation_peers.py NAME TASK FILE`: the texts of a JSON file go in; CPU seconds or sentence offsets come out.
"""

import importlib.metadata
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Split = Callable[[str], Any]
PEERS = ("blingfire", "nltk", "syntok", "pysbd")


def splitter(name: str, language: str) -> Split:
    """A function from a text to its sentences: strings, or for `offsets` their starts and ends."""
    if name == "pysbd":
        import pysbd

        segmenter = pysbd.Segmenter(language={"be": "ru"}.get(language, language), clean=False, char_span=True)
        return lambda text: [(span.start, span.end) for span in segmenter.segment(text)]
    if name == "syntok":
        import syntok.segmenter

        return lambda text: [
            (sentence[0].offset, sentence[-1].offset + len(sentence[-1].value))
            for paragraph in syntok.segmenter.analyze(text)
            for sentence in map(list, paragraph)
        ]
    if name == "nltk":  # its models need a network; the algorithm takes the same time without one
        from nltk.tokenize.punkt import PunktSentenceTokenizer

        return lambda text: list(PunktSentenceTokenizer().span_tokenize(text))
    import blingfire

    return lambda text: blingfire.text_to_sentences_and_offsets(text)[1]


def seconds(split: Split, texts: Sequence[str], repeats: int) -> float:
    """CPU seconds for all texts, the best of some repeats."""
    best = float("inf")
    for _ in range(repeats):
        started = time.process_time()
        for text in texts:
            split(text)
        best = min(best, time.process_time() - started)
    return best


def main() -> None:
    name, task, path = sys.argv[1:]
    given = json.loads(Path(path).read_text())
    facts = {"version": importlib.metadata.version(name)}
    if task == "speed":
        facts["seconds"] = seconds(splitter(name, "en"), given["texts"], 1 if name == "pysbd" else 3)
    else:
        facts["offsets"] = {
            language: [splitter(name, language)(text) for text in texts] for language, texts in given.items()
        }
    json.dump(facts, sys.stdout)


if __name__ == "__main__":
    main()
